"""Periods as people say them, in Chinese and English, against the civil calendar.

`resolve("上个月", today)` gives a `Period` (first day, last day, precision), a `BillPeriod` (the
newest bill and those before it, whose days only the bills know) or `Unresolved` with its reason.
Pure: the day is always given. A month, day, season or holiday without a year is the latest one
that has begun; what lies ahead is resolved too.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from periods import chinese, english
from periods.holidays import HOLIDAY
from periods.spans import BillPeriod, NotADay, Period, Unresolved
from periods.spelling import in_digits, spell

__all__ = ["BillPeriod", "Period", "Unresolved", "resolve"]

FILLER = re.compile(
    r"(?:整个|整|那几天|这几天|那几日|那些天|那阵子?|那段时间?|那会儿|这段时间?|期间|前后|左右|的时候|时候|那时"
    r"|以内|之内|内|里头|里面|那期|那1期|这1期|那1个?月|那个月|1整个?月|整月|整个月|份)$"
    r"|^(?:就|整个|整|大概|大约|差不多|那个?)"
)
UNTIL_NOW = re.compile(
    r"(?:从|自|打从|打)?(?P<begin>.+?)(?:(?:到|至)(?:现在|今天?|目前|如今|这会儿?)(?:为止)?|以来|起|开始)"
    r"|(?:since|from) (?P<since>.+?)(?: (?:to|until|till) (?:now|today|date))?"
    r"|(?P<english>.+?) (?:to|until|till) (?:now|today|date)"
)
RANGE = re.compile(
    r"(?:从|自|打)?(?P<a>.+?)(?:一直)?(?:到|至|~|—+|–)(?P<b>.+)"
    r"|(?:from |between )?(?P<c>.+?) (?:to|until|till|through|thru|and|-) (?P<d>.+)"
    r"|(?P<e>.*?\d{1,2}月?)-(?P<f>\d{1,2}月.*|\d{1,2}[日号])"
)
PAIR = re.compile(r"(?P<a>.+?)(?:和|跟|与|及|还有|,|、)(?P<b>.+)")
HALF_A_YEAR = timedelta(183)
YEARS = range(2000, 2101)


def resolve(words: str, today: date) -> Period | BillPeriod | Unresolved:
    """The period the words name as seen on `today`; never raises for any words."""
    spelled = spell(words)
    text = in_digits(spelled, HOLIDAY)
    try:
        found = _whole(text, today)
    except NotADay as refused:
        return Unresolved(refused.reason)
    except (ValueError, OverflowError):
        return Unresolved("too_far")
    if isinstance(found, Period) and found.first.year not in YEARS:
        return Unresolved("too_far")
    return found or Unresolved("unknown")


def _whole(text: str, today: date) -> Period | BillPeriod | Unresolved | None:
    return _one(text, today) or _until_now(text, today) or _range(text, today) or _pair(text, today)


def _one(text: str, today: date) -> Period | BillPeriod | None:
    """By a single rule, with and without the words that add nothing."""
    for rules in (chinese.RULES, english.RULES):
        for pattern, made in rules:
            if found := pattern.fullmatch(text):
                return made(found, today)
    shorter = FILLER.sub("", text, count=1).strip()
    return _one(shorter, today) if shorter and shorter != text else None


def _until_now(text: str, today: date) -> Period | Unresolved | None:
    """今年1月到现在, since January."""
    if not (found := UNTIL_NOW.fullmatch(text)):
        return None
    begin = _one(next(filter(None, found.groups())).strip(), today)
    if not isinstance(begin, Period):
        return None
    return _between(begin, Period(today, today, "day"))


def _range(text: str, today: date) -> Period | Unresolved | None:
    """三月到五月, 10月8日到22日, March to May."""
    if not (found := RANGE.fullmatch(text)):
        return None
    said_begin, said_end = (part.strip() for part in found.groups() if part is not None)
    end = _one(_completed(said_begin, said_end), today)
    whole_begin = _completed_back(said_begin, said_end)
    begin = _one(whole_begin, today)
    if not (isinstance(begin, Period) and isinstance(end, Period)):
        return None
    if begin.first > end.last and not begin.is_dated:
        begin = _one(whole_begin, begin.first - HALF_A_YEAR)  # so the one a year before
    return _between(begin, end)


def _completed(begin: str, end: str) -> str:
    """The end with the year, month or week that only the beginning names."""
    if re.fullmatch(r"\d{1,2}[日号]?", end) and (to := re.match(r".*?月(?=\d)", begin)):
        return to.group() + end
    if re.fullmatch(r"周[1-7日天末]", end) and (
        to := re.match(r"(?:上上|上|这|本|下)个?(?=周)", begin)
    ):
        return to.group() + end
    if re.match(r"\d{1,2}月|[春夏秋冬上下第]", end):
        to = re.match(r"(?:\d{4}年|\d\d年|今年|去年|前年|明年)", begin)
        return (to.group() if to else "") + end
    return end


def _completed_back(begin: str, end: str) -> str:
    """The beginning with the unit or year that only the end names: 1到6月, March to May 2026."""
    if re.fullmatch(r"(?:.*年)?\d{1,2}", begin) and (unit := re.search(r"[月日号]份?$", end)):
        return begin + unit.group()
    if re.fullmatch(r"\d{4}", begin) and end.endswith("年"):
        return begin + "年"
    if (said := re.search(r" (20\d\d)$", end)) and re.fullmatch(r"[a-z. ]+\d{0,2}", begin):
        return f"{begin} {said[1]}"
    return begin


def _pair(text: str, today: date) -> Period | None:
    """7月和8月: from the first of them to the last."""
    if not (found := PAIR.fullmatch(text)):
        return None
    said_first, said_last = (part.strip() for part in found.groups())
    said = (_completed_back(said_first, said_last), _completed(said_first, said_last))
    parts = [_one(part, today) for part in said]
    if not all(isinstance(part, Period) for part in parts):
        return None
    first, last = min(p.first for p in parts), max(p.last for p in parts)
    return Period(first, last, _wider(parts[0], parts[1]))


def _between(begin: Period, end: Period) -> Period | Unresolved:
    if begin.first > end.last:
        return Unresolved("backwards")
    return Period(begin.first, end.last, _wider(begin, end), begin.is_dated)


def _wider(begin: Period, end: Period) -> str:
    """Months between months and years, days as soon as one side is a day."""
    fine = {"day", "days", "week"}
    return "days" if begin.precision in fine or end.precision in fine else "months"
