"""The day of a visit as it is said.

A visit lies ahead, so 周三 and 12 月 1 日 are the next ones here; of what one asks about
(`when`) they are the last ones that were.
"""

import re
from datetime import date, timedelta

_AHEAD = {
    "今天": 0,
    "明天": 1,
    "明儿": 1,
    "后天": 2,
    "大后天": 3,
    "today": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "昨天": -1,
}
_WEEK = {
    name: place
    for place, names in enumerate(["一", "二", "三", "四", "五", "六", "日天末"])
    for name in names
}
_WEEKDAY = re.compile(r"(?P<next>下下|下)?(?:个)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])")
_ISO = re.compile(r"(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})")
_MONTH_DAY = re.compile(r"(\d{1,2})(?:月|[-/.])(\d{1,2})(?:日|号)?")
_DAY = re.compile(r"(\d{1,2})(?:日|号)")


def day_of(words: str, today: date) -> date | None:
    """One day, past or ahead; None where no single day is named."""
    for name in sorted(_AHEAD, key=len, reverse=True):
        if name in words.lower():
            return today + timedelta(days=_AHEAD[name])
    if found := _ISO.search(words):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_DAY.search(words):
        return _nearest(today, int(found[1]), int(found[2]))
    if found := _DAY.search(words):
        return _next(today, int(found[1]))
    found = _WEEKDAY.search(words)
    return _weekday(found, today) if found else None


def _weekday(found: re.Match[str], today: date) -> date:
    weeks = {"下下": 2, "下": 1}.get(found["next"] or "", 0)
    day = today - timedelta(days=today.weekday()) + timedelta(days=7 * weeks + _WEEK[found["day"]])
    return day if weeks or day > today else day + timedelta(days=7)


def _nearest(today: date, month: int, day: int) -> date | None:
    """This year's, or early next year's when it is said late in a year."""
    found = _date(today.year, month, day)
    return _date(today.year + 1, month, day) if found and (today - found).days > 180 else found


def _next(today: date, day: int) -> date | None:
    """The next day with this number, in this month or the one after."""
    found = _date(today.year, today.month, day)
    after = today.replace(day=1) + timedelta(days=32)
    return found if found and found > today else _date(after.year, after.month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
