"""Periods in English; rules tried in their order, the first that fits whole wins."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from periods.holidays import named_holiday
from periods.rules import Found, rules_of
from periods.spans import (
    BillPeriod,
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

NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY = r"(?P<day>mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
YEAR = r"(?:,?\s*(?:of|in)?\s*(?P<year>20\d\d))?"
SAID = r"(?P<said>last|this|next|the past)"
AWAY = {"last": -1, "the past": -1, "this": 0, "next": 1, None: None}
COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(COUNTS)}|few|couple of)"
SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11)} | {
    "winter": (12, 2)
}
HOLIDAYS = {
    "spring festival": "春节",
    "chinese new year": "春节",
    "lunar new year": "春节",
    "new year's day": "元旦",
    "new year": "元旦",
    "labour day": "五一",
    "labor day": "五一",
    "may day": "五一",
    "national day": "国庆",
    "golden week": "国庆",
    "mid-autumn": "中秋",
    "mid-autumn festival": "中秋",
    "dragon boat festival": "端午",
    "qingming": "清明",
    "tomb sweeping day": "清明",
    "singles day": "双十一",
    "singles' day": "双十一",
    "christmas": "圣诞",
    "summer holiday": "暑假",
    "summer holidays": "暑假",
    "summer vacation": "暑假",
}


def count_of(found: re.Match[str]) -> int:
    """The number said; a few are three, a couple two."""
    said = found["count"]
    return int(said) if said.isdigit() else {"few": 3, "couple of": 2}.get(said) or COUNTS[said]


def number_of(found: re.Match[str]) -> int:
    """1 to 12."""
    return NAMES.index(found["month"][:3]) + 1


def in_year(made, found: re.Match[str], today: date) -> Period:
    """Of the year named; "last" is the one before; else the latest that has begun."""
    if found["year"]:
        return made(int(found["year"]))
    this = made(today.year)
    said = found.groupdict().get("said")
    if said == "next":
        return this if this.first > today else made(today.year + 1)
    if said == "last":
        return made(today.year - 1) if this.last >= today else this
    if said == "this":
        return this
    return replace(last_begun(made, today), is_dated=bool(said))


@rule(
    r"(?:this|the|my)?\s*(?:latest|current|newest|last|most recent|this)? ?(?:bill(?:ing)?|one)"
    r"(?: period)?|this period"
)
def bill(found: re.Match[str], today: date) -> Found:
    """The newest bill."""
    return BillPeriod(0)


@rule(r"(?:the )?previous (?:bill|one)(?: period)?|(?:the )?bill before")
def bill_before(found: re.Match[str], today: date) -> Found:
    """The bill before the newest."""
    return BillPeriod(1)


DAYS = {"the day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0} | {
    "tonight": 0,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}
PART = r"(?: (?:morning|noon|afternoon|evening|night))?"


@rule(rf"(?P<said>{'|'.join(DAYS)}){PART}|(?P<part>this (?:morning|afternoon|evening))")
def day_near(found: re.Match[str], today: date) -> Found:
    """yesterday, tomorrow morning, this evening."""
    return day(today + timedelta(DAYS[found["said"]] if found["said"] else 0))


@rule(rf"{COUNT} (?P<unit>day|week|month)s? ago")
def ago(found: re.Match[str], today: date) -> Found:
    """two days ago; months ago is that whole month, weeks that whole week."""
    count = count_of(found)
    if found["unit"] == "month":
        return month_back(today, count)
    return week(today, count) if found["unit"] == "week" else day(today - timedelta(count))


@rule(rf"(?:the )?(?:last|past|previous) {COUNT} (?P<unit>day|week|month|year)s?")
def last_ones(found: re.Match[str], today: date) -> Found:
    """last 7 days end today; last 3 months are whole months before the present one."""
    count = count_of(found)
    if found["unit"] in ("month", "year"):
        return months_back(today, count * (12 if found["unit"] == "year" else 1))
    return days_back(today, count * (7 if found["unit"] == "week" else 1))


@rule(rf"(?:{SAID} |on )?{WEEKDAY}{PART}")
def weekday(found: re.Match[str], today: date) -> Found:
    """last Monday and Monday: the latest before today or today; next Friday: of next week."""
    place = WEEKDAYS.index(found["day"][:3])
    if found["said"] in ("this", "next"):
        return day(week(today, -AWAY[found["said"]]).first + timedelta(place))
    back = (today.weekday() - place) % 7
    return day(today - timedelta(back or (7 if found["said"] else 0)))


@rule(rf"(?:{SAID} |the )?weekend")
def weekend(found: re.Match[str], today: date) -> Found:
    """Saturday and Sunday."""
    away = AWAY[found["said"]] or 0
    return day(week(today, -away).first + timedelta(5), 2)


@rule(rf"{SAID} (?P<unit>week|month|quarter|year)|(?P<past>the past (?P<of>week|month|year))")
def unit_near(found: re.Match[str], today: date) -> Found:
    """last month, this week, next year."""
    away, unit = AWAY[found["said"] or "last"], found["unit"] or found["of"]
    if unit == "week":
        return week(today, -away)
    if unit == "month":
        return month_back(today, -away)
    if unit == "year":
        return year(today.year + away)
    return quarter_back(today, -away)


@rule(rf"(?:the )?(?:(?:first|1st) week of ){MONTH}{YEAR}")
def first_week(found: re.Match[str], today: date) -> Found:
    """the first week of November: its first seven days."""
    whole = in_year(lambda named: month(named, number_of(found)), found, today)
    return replace(day(whole.first, 7), is_dated=whole.is_dated)


@rule(rf"(?:the )?(?P<part>beginning|start|middle|end) of {MONTH}{YEAR}")
def third_of_month(found: re.Match[str], today: date) -> Found:
    """Ten days."""
    whole = in_year(lambda named: month(named, number_of(found)), found, today)
    return third(whole, {"middle": 1, "end": 2}.get(found["part"], 0))


@rule(rf"{MONTH} (?P<of>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>20\d\d))?")
def month_day(found: re.Match[str], today: date) -> Found:
    """Nov 3, March 15th 2026."""
    of_month = int(found["of"])
    return in_year(lambda named: day(civil(named, number_of(found), of_month)), found, today)


@rule(rf"(?:the )?(?P<of>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {MONTH}(?:,? (?P<year>20\d\d))?")
def day_month(found: re.Match[str], today: date) -> Found:
    """3 November, the 5th of May."""
    return month_day(found, today)


@rule(rf"(?:(?:in|during|of|for) )?(?:{SAID} )?{MONTH}{YEAR}(?: last year)?")
def month_of_year(found: re.Match[str], today: date) -> Found:
    """October, last August, March 2026, October last year."""
    if found.string.endswith("last year"):
        return month(today.year - 1, number_of(found))
    return in_year(lambda named: month(named, number_of(found)), found, today)


@rule(rf"(?:the )?(?:q(?P<q>\d)|(?P<word>first|second|third|fourth) quarter){YEAR}")
def quarter_of_year(found: re.Match[str], today: date) -> Found:
    """Q3, the third quarter of 2025."""
    words = ("first", "second", "third", "fourth")
    number = int(found["q"]) if found["q"] else words.index(found["word"]) + 1
    return in_year(lambda named: quarter(named, number), found, today)


@rule(rf"(?:the )?(?P<half>first half|second half|h1|h2)(?: of)?(?: (?:the|this) year)?{YEAR}")
def half_year(found: re.Match[str], today: date) -> Found:
    """the second half of 2025."""
    first = 1 if found["half"] in ("first half", "h1") else 7
    return in_year(lambda named: months(named, first, first + 5), found, today)


@rule(r"(?:(?:the )?(?:whole )?year )?(?:of )?(?P<year>20\d\d)")
def whole_year(found: re.Match[str], today: date) -> Found:
    """2025."""
    return year(int(found["year"]))


@rule(
    rf"(?:in |during |the )?(?:{SAID} )?(?P<season>spring|summer|autumn|fall|winter)(?:time)?{YEAR}"
)
def season(found: re.Match[str], today: date) -> Found:
    """summer, last winter, summer 2025."""
    first, last = SEASONS[found["season"]]
    return in_year(lambda named: months(named, first, last, "season"), found, today)


HOLIDAY = "|".join(sorted(HOLIDAYS, key=len, reverse=True))


@rule(rf"(?:the )?(?:{SAID} )?(?P<name>{HOLIDAY})(?: holidays?)?{YEAR}")
def holiday(found: re.Match[str], today: date) -> Found:
    """Spring Festival, National Day 2025."""
    name = HOLIDAYS[found["name"]]
    return in_year(partial(named_holiday, name), found, today)


@rule(r"(?P<month>the month before last)|the year before last|(?P<same>same \w+ last year)")
def before_last(found: re.Match[str], today: date) -> Found:
    """The unit before the last one; the same month last year."""
    if found["month"]:
        return month_back(today, 2)
    return month_back(today, 12) if found["same"] else year(today.year - 2)


@rule(r"(?:the )?(?:last|past) half year|(?P<whole>the whole year)|(?P<late>recently|lately)")
def loosely(found: re.Match[str], today: date) -> Found:
    """Half a year as whole months; recently as thirty days."""
    if found["late"]:
        return days_back(today, 30)
    return year(today.year) if found["whole"] else months_back(today, 6)
