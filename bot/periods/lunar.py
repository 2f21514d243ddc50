"""The Chinese calendar from 2010 to 2039, for holidays and months named by it; pure.

The months' lengths are those published by the Purple Mountain Observatory (GB/T 33661-2017); each
number holds, from the highest bit, whether a leap month is long, the twelve months (1: 30 days,
0: 29 days), and the number of the leap month or 0.
"""

from __future__ import annotations

from datetime import date, timedelta

FIRST_YEAR = 2010
FIRST_DAY = date(2010, 2, 14)
YEARS = (  # ten to a row
    *(0x0A950, 0x0B4A0, 0x0BAA4, 0x0AD50, 0x055D9, 0x04BA0, 0x0A5B0, 0x15176, 0x052B0, 0x0A930),
    *(0x07954, 0x06AA0, 0x0AD50, 0x05B52, 0x04B60, 0x0A6E6, 0x0A4E0, 0x0D260, 0x0EA65, 0x0D530),
    *(0x05AA0, 0x076A3, 0x096D0, 0x04AFB, 0x04AD0, 0x0A4D0, 0x1D0B6, 0x0D250, 0x0D520, 0x0DD45),
)

# The day of a solar term by Shouxing's formula for this century: month, constant.
TERMS = {
    "立春": (2, 3.87),
    "春分": (3, 20.646),
    "清明": (4, 4.81),
    "立夏": (5, 5.52),
    "夏至": (6, 21.37),
    "立秋": (8, 7.5),
    "秋分": (9, 23.042),
    "立冬": (11, 7.438),
    "冬至": (12, 21.94),
}


def days(code: int) -> list[int]:
    """The lengths of the months of a year in their order, a leap month behind its own."""
    lengths = [30 if code >> (16 - month) & 1 else 29 for month in range(1, 13)]
    if leap := code & 0xF:
        lengths.insert(leap, 30 if code >> 16 else 29)
    return lengths


def month(year: int, number: int) -> tuple[date, date]:
    """First and last day of the `number`-th lunar month, its leap month left out.

    Raises ValueError outside of 2010 to 2039.
    """
    if not FIRST_YEAR <= year < FIRST_YEAR + len(YEARS):
        raise ValueError("The table of the lunar calendar ends before that year.")
    before = sum(sum(days(code)) for code in YEARS[: year - FIRST_YEAR])
    code = YEARS[year - FIRST_YEAR]
    place = number - 1 + (0 < (code & 0xF) < number)
    first = FIRST_DAY + timedelta(before + sum(days(code)[:place]))
    return first, first + timedelta(days(code)[place] - 1)


def day(year: int, number: int, of_month: int) -> date:
    """The day of a lunar date; ValueError outside of the table."""
    return month(year, number)[0] + timedelta(of_month - 1)


def new_year(year: int) -> date:
    """The first day of the lunar year that begins in `year`."""
    return month(year, 1)[0]


def term(year: int, name: str) -> date:
    """The day of a solar term in a year of this century."""
    number, constant = TERMS[name]
    short = year % 100
    leaps = (short - 1) // 4 if number < 3 else short // 4
    return date(year, number, int(short * 0.2422 + constant) - leaps)
