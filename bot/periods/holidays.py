"""What days the holidays and other named times of a year have; pure."""

from __future__ import annotations

from datetime import date, timedelta

from periods import lunar
from periods.spans import Period, day

FIXED = {
    "元旦": (1, 1, 1),
    "情人节": (2, 14, 1),
    "妇女节": (3, 8, 1),
    "三八": (3, 8, 1),
    "劳动节": (5, 1, 5),
    "五一": (5, 1, 5),
    "五四": (5, 4, 1),
    "儿童节": (6, 1, 1),
    "六一八": (6, 18, 1),
    "618": (6, 18, 1),
    "六一": (6, 1, 1),
    "建军节": (8, 1, 1),
    "教师节": (9, 10, 1),
    "国庆": (10, 1, 7),
    "十一": (10, 1, 7),
    "黄金周": (10, 1, 7),
    "双十一": (11, 11, 1),
    "双11": (11, 11, 1),
    "双十二": (12, 12, 1),
    "双12": (12, 12, 1),
    "平安夜": (12, 24, 1),
    "圣诞": (12, 25, 1),
}
BY_MOON = {"端午": (5, 5), "七夕": (7, 7), "中元": (7, 15), "中秋": (8, 15), "重阳": (9, 9)}
LONG = {
    "暑假": (7, 1, 8, 31),
    "三伏天": (7, 11, 8, 20),
    "三伏": (7, 11, 8, 20),
    "寒假": (1, 15, 2, 25),
    "伏天": (7, 11, 8, 20),
    "暑天": (7, 1, 8, 31),
    "热天": (6, 1, 9, 15),
    "迎峰度夏": (6, 15, 9, 15),
    "梅雨季": (6, 10, 7, 10),
}
LUNAR_MONTHS = {"正月": 1, "腊月": 12, "冬月": 11}
SINCE_TERM = {
    "开春": ("立春", (3, 31)),
    "入夏": ("立夏", (8, 31)),
    "入秋": ("立秋", (10, 31)),
    "入冬": ("立冬", (12, 31)),
}
NEW_YEAR = ("春节", "过年", "春运", "除夕", "大年三十", "年三十", "元宵")
HOLIDAYS = [*FIXED, *BY_MOON, *LONG, *lunar.TERMS, *LUNAR_MONTHS, *SINCE_TERM, *NEW_YEAR]
HOLIDAY = "|".join(sorted(HOLIDAYS, key=len, reverse=True))


def named_holiday(name: str, named: int) -> Period:
    """The days of a holiday, or what is called by it, in a year; ValueError outside the table."""
    if name in FIXED:
        number, of_month, count = FIXED[name]
        return day(date(named, number, of_month), count)
    if name in LONG:
        m1, d1, m2, d2 = LONG[name]
        return Period(date(named, m1, d1), date(named, m2, d2), "days")
    if name in lunar.TERMS:
        return day(lunar.term(named, name))
    return _by_moon(name, named)


def _by_moon(name: str, named: int) -> Period:
    if name in BY_MOON:
        return day(lunar.day(named, *BY_MOON[name]))
    if name in LUNAR_MONTHS:
        return Period(*lunar.month(named, LUNAR_MONTHS[name]), "month")
    eve = lunar.new_year(named) - timedelta(1)
    if name in ("除夕", "大年三十", "年三十"):
        return day(eve)
    if name == "元宵":
        return day(lunar.day(named, 1, 15))
    if name in SINCE_TERM:
        term, end = SINCE_TERM[name]
        return Period(lunar.term(named, term), date(named, *end), "days")
    return day(eve, 8)  # 春节, 过年: the eve and the seven days after it
