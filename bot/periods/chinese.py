"""Periods in Chinese, after spelling: rules in their order, the first that fits whole wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from periods import lunar
from periods.holidays import HOLIDAY, LUNAR_MONTHS, named_holiday
from periods.rules import Found, rules_of
from periods.spans import (
    BillPeriod,
    NotADay,
    Period,
    civil,
    day,
    days_back,
    last_begun,
    month,
    month_back,
    months,
    months_back,
    quarter,
    quarter_back,
    third,
    week,
    year,
)

RULES, rule = rules_of()

YEAR = r"(?P<year>\d{4}|\d{2})年份?的?"
SAID_YEAR = r"(?P<said>今年|本年|去年|前年|大前年|明年|后年)的?"
ANY_YEAR = rf"(?:{YEAR}|{SAID_YEAR})?"
PART = r"(?:一?大?早上?|清早|清晨|上午|中午|下午|傍晚|晚上|夜里|夜间|凌晨|半夜|晨|晚|夜|白天)?"
YEARS_AWAY = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "大前年": -3, "明年": 1, "后年": 2}
DAYS_AWAY = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
BACK = {"上上": 2, "上": 1, "前": 2, "这": 0, "本": 0, "今": 0, "": 0, "下": -1, "下下": -2}
WEEKDAYS = {str(number): number - 1 for number in range(1, 8)} | {"日": 6, "天": 6, "末": 5}
SEASONS = {"春": (3, 5), "夏": (6, 8), "秋": (9, 11), "冬": (12, 2), "冷": (12, 2)}


def year_of(found: re.Match[str], today: date) -> int | None:
    """The year the words name; None when they name none."""
    if said := found["said"]:
        return today.year + YEARS_AWAY[said]
    if not (digits := found["year"]):
        return None
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def latest(made: Callable[[int], Period], found: re.Match[str], today: date) -> Period:
    """Of the year named; without one the latest that has begun by today."""
    if (named := year_of(found, today)) is not None:
        return made(named)
    return last_begun(made, today)


def _count(found: re.Match[str]) -> int:
    """The number said; 几 are three."""
    return 3 if found["count"] == "几" else int(found["count"])


# ---- bills ------------------------------------------------------------------------------------


@rule(
    r"(?P<back>上上|上|前|这|本|今|最新|最近|新)(?:的?1)?(?:期|次)(?:的?账单)?|最新(?:一张)?(?:账单)?"
)
def bill(found: re.Match[str], today: date) -> Found:
    """这期, 本期: the newest bill; 上期: the one before it."""
    return BillPeriod({"上上": 2, "前": 2, "上": 1}.get(found["back"], 0))


# ---- days and weeks ---------------------------------------------------------------------------


@rule(rf"(?P<away>大前|前|昨|今|明|大后|后)(?:[天日]|(?=[早晚夜晨])){PART}")
def day_near(found: re.Match[str], today: date) -> Found:
    """昨天, 今晚, 明早, 大前天."""
    return day(today + timedelta(DAYS_AWAY[found["away"]]))


@rule(rf"(?P<count>\d{{1,3}})天(?:之|以)?前{PART}")
def days_ago(found: re.Match[str], today: date) -> Found:
    """3天前."""
    return day(today - timedelta(int(found["count"])))


@rule(r"(?:最近|近|过去|这|前)的?(?P<count>\d{1,3}|几|些)(?:天|日)")
def last_days(found: re.Match[str], today: date) -> Found:
    """近7天 end today; 这几天 and 前几天 are taken as seven."""
    count = int(found["count"]) if found["count"].isdigit() else 7
    return days_back(today, count)


@rule(
    rf"(?P<back>上上|上|这|本|下下|下|)个?周(?P<which>[1-7日天末]){PART}",
)
def weekday(found: re.Match[str], today: date) -> Found:
    """上周五, 周六 (the latest), 下周一, 这周末."""
    monday = week(today, BACK[found["back"]]).first
    first = monday + timedelta(WEEKDAYS[found["which"]])
    if not found["back"] and first > today:
        first -= timedelta(7)
    return day(first, 2 if found["which"] == "末" else 1)


@rule(r"(?P<back>上上|上|这|本|今|下下|下)1?个?周")
def whole_week(found: re.Match[str], today: date) -> Found:
    """上周: Monday to Sunday."""
    return week(today, BACK[found["back"]])


@rule(r"(?:最近|近|过去|前)的?(?P<count>\d{1,2})个?周")
def last_weeks(found: re.Match[str], today: date) -> Found:
    """近2周 end today."""
    return days_back(today, 7 * int(found["count"]))


@rule(rf"{ANY_YEAR}(?P<month>\d{{1,2}})月份?(?P<day>\d{{1,2}})[日号]?{PART}")
def date_of_year(found: re.Match[str], today: date) -> Found:
    """2026年3月15号; without a year the latest such day."""
    number, of_month = int(found["month"]), int(found["day"])
    if (number, of_month) == (2, 29) and year_of(found, today) is None:
        return day(_leap_day(today))
    return latest(lambda named: day(civil(named, number, of_month)), found, today)


def _leap_day(today: date) -> date:
    named = max(y for y in range(today.year - 4, today.year + 1) if not y % 4)
    return date(named, 2, 29) if date(named, 2, 29) <= today else date(named - 4, 2, 29)


@rule(
    rf"(?P<back>上|这|本|下)个?月(?P<day>\d{{1,2}})[日号]?{PART}|(?P<alone>\d{{1,2}})[日号]{PART}"
)
def date_of_month(found: re.Match[str], today: date) -> Found:
    """上个月5号; 25号 alone is the latest such day."""
    of_month = int(found["day"] or found["alone"])
    if not 1 <= of_month <= 31:
        raise NotADay("no_such_day")
    of = month_back(today, BACK[found["back"]] if found["back"] else of_month > today.day).first
    return day(civil(of.year, of.month, of_month))


@rule(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<all>20\d{6})")
def date_in_digits(found: re.Match[str], today: date) -> Found:
    """2026-03-15, 20260315."""
    digits = found["all"]
    parts = (digits[:4], digits[4:6], digits[6:]) if digits else found.group("y", "m", "d")
    return day(civil(*map(int, parts)))


# ---- months -----------------------------------------------------------------------------------


@rule(r"(?P<back>上上|上|前|这|本|下下|下)1?个?月份?")
def month_near(found: re.Match[str], today: date) -> Found:
    """上个月, 上上个月, 前个月 (the one before the last), 下个月."""
    return month_back(today, BACK[found["back"]])


@rule(r"(?P<years>\d{4})[-/.](?P<month>\d{1,2})")
def month_in_digits(found: re.Match[str], today: date) -> Found:
    """2026-10."""
    return month(int(found["years"]), int(found["month"]))


@rule(rf"{ANY_YEAR}(?P<month>\d{{1,2}})月份?")
def month_of_year(found: re.Match[str], today: date) -> Found:
    """2026年3月; 10月 is the latest such month that has begun."""
    return latest(lambda named: month(named, int(found["month"])), found, today)


THIRDS = {"上旬": 0, "初": 0, "头10天": 0, "中旬": 1, "中": 1, "下旬": 2, "底": 2, "末": 2}


@rule(
    rf"(?:{ANY_YEAR}(?P<month>\d{{1,2}})月份?|(?P<back>上|这|本|下|)个?月|(?=[上中下]旬))"
    r"(?P<third>上旬|初|头10天|中旬|中|下旬|底|末)",
)
def third_of_month(found: re.Match[str], today: date) -> Found:
    """10月底, 这个月初, 6月下旬: ten days, the last part to the end of the month."""
    near = month_back(today, BACK[found["back"] or ""])
    of = month_of_year(found, today) if found["month"] else near
    return third(of, THIRDS[found["third"]])


@rule(r"(?:最近|近|过去|前|上|头)的?(?P<count>\d{1,2}|几)个?月|(?:最近|近|过去)(?P<half>半)年")
def last_months(found: re.Match[str], today: date) -> Found:
    """前2个月, 近3个月, 近半年: whole months before the present one; 几 are taken as three."""
    return months_back(today, 6 if found["half"] else _count(found))


@rule(r"这(?P<count>\d|几)个?月")
def months_with_this(found: re.Match[str], today: date) -> Found:
    """这2个月: the present month and those before it; 这几个月 are taken as three."""
    return Period(month_back(today, max(_count(found), 1) - 1).first, today, "months")


@rule(r"(?:最近|近)(?P<count>\d{1,2})期")
def last_bills(found: re.Match[str], today: date) -> Found:
    """最近3期: as many whole months, for a bill is monthly."""
    return months_back(today, int(found["count"]))


@rule(r"最近(?:这段时间)?|近期|近来|这段时间|这阵子?|前阵子?|前段时间")
def lately(found: re.Match[str], today: date) -> Found:
    """最近: taken as thirty days."""
    return days_back(today, 30)


# ---- quarters, halves, years, seasons ---------------------------------------------------------


@rule(rf"{ANY_YEAR}(?:第?(?P<number>\d)季度?|q(?P<q>\d))")
def quarter_of_year(found: re.Match[str], today: date) -> Found:
    """第3季度, q3."""
    return latest(lambda named: quarter(named, int(found["number"] or found["q"])), found, today)


@rule(r"(?P<back>上上|上|这|本|下)1?个?季度?")
def quarter_near(found: re.Match[str], today: date) -> Found:
    """上季度."""
    return quarter_back(today, BACK[found["back"]])


@rule(rf"{ANY_YEAR}前(?P<count>[123])个?季度")
def first_quarters(found: re.Match[str], today: date) -> Found:
    """前3季度: January to September."""
    return latest(lambda named: months(named, 1, 3 * int(found["count"])), found, today)


@rule(rf"{ANY_YEAR}(?P<half>上|下|前|后)半年")
def half_year(found: re.Match[str], today: date) -> Found:
    """上半年."""
    first, last = (1, 6) if found["half"] in "上前" else (7, 12)
    return latest(lambda named: months(named, first, last), found, today)


@rule(r"(?:最近|近|过去|这)的?(?P<count>\d|几|1)个?年")
def last_years(found: re.Match[str], today: date) -> Found:
    """近1年: whole months before the present one; 这几年 are taken as three."""
    return months_back(today, 12 * _count(found))


@rule(rf"(?:{SAID_YEAR}|(?P<year>\d{{4}}|\d\d(?=年)|))年?(?:同期|同月|这个?时候|这时候|这会儿)")
def same_time(found: re.Match[str], today: date) -> Found:
    """去年同期: the same month of that year."""
    return latest(lambda named: month(named, today.month), found, today)


@rule(rf"(?:{YEAR}|{SAID_YEAR}|(?P<alone>20\d\d))(?:全年度?|1?整年|1年|年度|度|内|里)?")
def whole_year(found: re.Match[str], today: date) -> Found:
    """去年, 2025年."""
    return year(int(found["alone"]) if found["alone"] else year_of(found, today))


@rule(rf"{ANY_YEAR}年?(?P<end>年初|年底|年末|年头|年尾|年中|初|底|末)")
def end_of_year(found: re.Match[str], today: date) -> Found:
    """年初: January; 年底: December."""
    number = {"初": 1, "头": 1, "中": 6}.get(found["end"][-1], 12)
    return latest(lambda named: month(named, number), found, today)


@rule(rf"(?:这个|{ANY_YEAR})(?P<season>[春夏秋冬冷])(?:天|季|日|里)?(?:的时候|里)?")
def season(found: re.Match[str], today: date) -> Found:
    """去年夏天: June to August; winter runs from December into the next year."""
    first, last = SEASONS[found["season"]]
    return latest(lambda named: months(named, first, last, "season"), found, today)


# ---- holidays ---------------------------------------------------------------------------------

HOLIDAY_TAIL = (
    r"(?:节|天|日)?(?:长假|假期|小长假|放假)?(?:那?(?P<count>\d)天)?(?P<one>当天|那天|当日|那1天)?"
    r"(?P<week>那周)?(?P<whole>那个?月)?"
)


@rule(rf"{ANY_YEAR}(?P<name>{HOLIDAY}){HOLIDAY_TAIL}")
def holiday(found: re.Match[str], today: date) -> Found:
    """春节, 国庆那个月, 双十一那天, 冬至那周, 去年腊月."""
    whole = latest(partial(named_holiday, found["name"]), found, today)
    return replace(_around(whole, found), is_dated=whole.is_dated)


def _around(whole: Period, found: re.Match[str]) -> Period:
    if found["one"]:
        return day(whole.first)
    if found["count"]:
        return day(whole.first, int(found["count"]))
    if found["week"]:
        return week(whole.first, 0)
    return month(whole.first.year, whole.first.month) if found["whole"] else whole


@rule(r"(?:今年|)(?P<month>正月|冬月|腊月)初?(?P<day>\d{1,2})")
def lunar_day(found: re.Match[str], today: date) -> Found:
    """正月15, of the latest such month."""
    number, of_month = LUNAR_MONTHS[found["month"]], int(found["day"])
    return last_begun(lambda named: day(lunar.day(named, number, of_month)), today)


@rule(rf"(?P<one>{HOLIDAY})节?(?P<two>{HOLIDAY})节?(?:假期|长假)?")
def two_holidays(found: re.Match[str], today: date) -> Found:
    """中秋国庆: from the first day of either to the last."""
    parts = [last_begun(partial(named_holiday, found[name]), today) for name in ("one", "two")]
    return Period(min(p.first for p in parts), max(p.last for p in parts), "days")


@rule(rf"{ANY_YEAR}供暖季")
def heating(found: re.Match[str], today: date) -> Found:
    """The middle of November to the middle of March."""
    return latest(
        lambda named: Period(date(named, 11, 15), date(named + 1, 3, 15), "season"),
        found,
        today,
    )


@rule(r"全年|1整年")
def this_year(found: re.Match[str], today: date) -> Found:
    """Of the present year."""
    return year(today.year)


@rule(r"(?P<month>\d{1,2})[./](?P<day>\d{1,2})")
def month_and_day(found: re.Match[str], today: date) -> Found:
    """11.11, 10/1: the latest such day."""
    number, of_month = int(found["month"]), int(found["day"])
    return last_begun(lambda named: day(civil(named, number, of_month)), today)


@rule(r"(?P<years>20\d\d)(?P<month>\d\d)")
def month_run_together(found: re.Match[str], today: date) -> Found:
    """202610."""
    return month(int(found["years"]), int(found["month"]))


@rule(r"(?:大?年)?初(?P<day>\d{1,2})")
def after_new_year(found: re.Match[str], today: date) -> Found:
    """初七, of the latest Chinese New Year."""
    return last_begun(lambda named: day(lunar.day(named, 1, int(found["day"]))), today)
