"""What people call a time, as seen on Saturday, 21 November 2026."""

from datetime import date, timedelta

import pytest

from periods import BillPeriod, Period, Unresolved, lunar, resolve

TODAY = date(2026, 11, 21)

# words | first | last | precision
PHRASES = """
今天|2026-11-21|2026-11-21|day
今晚|2026-11-21|2026-11-21|day
今儿个|2026-11-21|2026-11-21|day
今天凌晨|2026-11-21|2026-11-21|day
昨天|2026-11-20|2026-11-20|day
昨日|2026-11-20|2026-11-20|day
昨儿|2026-11-20|2026-11-20|day
昨晚|2026-11-20|2026-11-20|day
昨天夜里|2026-11-20|2026-11-20|day
昨田|2026-11-20|2026-11-20|day
前天|2026-11-19|2026-11-19|day
前天晚上|2026-11-19|2026-11-19|day
大前天|2026-11-18|2026-11-18|day
三天前|2026-11-18|2026-11-18|day
近七天|2026-11-15|2026-11-21|days
前几天|2026-11-15|2026-11-21|days
这几天|2026-11-15|2026-11-21|days
上周|2026-11-09|2026-11-15|week
上礼拜|2026-11-09|2026-11-15|week
上个星期|2026-11-09|2026-11-15|week
上上周|2026-11-02|2026-11-08|week
这周|2026-11-16|2026-11-22|week
本周|2026-11-16|2026-11-22|week
最近一周|2026-11-15|2026-11-21|days
上周五|2026-11-13|2026-11-13|day
上礼拜六|2026-11-14|2026-11-14|day
周五|2026-11-20|2026-11-20|day
礼拜天|2026-11-15|2026-11-15|day
这周末|2026-11-21|2026-11-22|days
上周末|2026-11-14|2026-11-15|days
上周三到周五|2026-11-11|2026-11-13|days
3月15号|2026-03-15|2026-03-15|day
三月十五号|2026-03-15|2026-03-15|day
12月3号|2025-12-03|2025-12-03|day
2025年12月3日|2025-12-03|2025-12-03|day
2026-03-15|2026-03-15|2026-03-15|day
2026/3/15|2026-03-15|2026-03-15|day
20260315|2026-03-15|2026-03-15|day
11.11|2026-11-11|2026-11-11|day
20号|2026-11-20|2026-11-20|day
二十五号|2026-10-25|2026-10-25|day
廿五号|2026-10-25|2026-10-25|day
上个月5号|2026-10-05|2026-10-05|day
本月5日|2026-11-05|2026-11-05|day
2月29日|2024-02-29|2024-02-29|day
10月1号到10月7号|2026-10-01|2026-10-07|days
10月8日到22日|2026-10-08|2026-10-22|days
7月20号到25号|2026-07-20|2026-07-25|days
1号到15号|2026-11-01|2026-11-15|days
上个月|2026-10-01|2026-10-31|month
上月|2026-10-01|2026-10-31|month
上个月份|2026-10-01|2026-10-31|month
上一个月|2026-10-01|2026-10-31|month
上个越|2026-10-01|2026-10-31|month
上个号头|2026-10-01|2026-10-31|month
上各月|2026-10-01|2026-10-31|month
上個月|2026-10-01|2026-10-31|month
这个月|2026-11-01|2026-11-30|month
本月|2026-11-01|2026-11-30|month
当月|2026-11-01|2026-11-30|month
呢个月|2026-11-01|2026-11-30|month
上上个月|2026-09-01|2026-09-30|month
上上月|2026-09-01|2026-09-30|month
前个月|2026-09-01|2026-09-30|month
10月|2026-10-01|2026-10-31|month
十月份|2026-10-01|2026-10-31|month
十一月|2026-11-01|2026-11-30|month
12月|2025-12-01|2025-12-31|month
十二月份|2025-12-01|2025-12-31|month
2026年3月|2026-03-01|2026-03-31|month
26年3月份|2026-03-01|2026-03-31|month
二零二六年三月|2026-03-01|2026-03-31|month
二六年三月|2026-03-01|2026-03-31|month
今年三月|2026-03-01|2026-03-31|month
去年12月|2025-12-01|2025-12-31|month
2026-10|2026-10-01|2026-10-31|month
２０２６年１０月|2026-10-01|2026-10-31|month
202610|2026-10-01|2026-10-31|month
10月底|2026-10-21|2026-10-31|days
六月下旬|2026-06-21|2026-06-30|days
这个月初|2026-11-01|2026-11-10|days
9月头十天|2026-09-01|2026-09-10|days
前两个月|2026-09-01|2026-10-31|months
前两月|2026-09-01|2026-10-31|months
上两个月|2026-09-01|2026-10-31|months
近三个月|2026-08-01|2026-10-31|months
最近仨月|2026-08-01|2026-10-31|months
过去三个月|2026-08-01|2026-10-31|months
近半年|2026-05-01|2026-10-31|months
近一年|2025-11-01|2026-10-31|months
近12个月|2025-11-01|2026-10-31|months
这两个月|2026-10-01|2026-11-21|months
三月到五月|2026-03-01|2026-05-31|months
3月至5月|2026-03-01|2026-05-31|months
3-5月|2026-03-01|2026-05-31|months
1到6月|2026-01-01|2026-06-30|months
2026年1-9月|2026-01-01|2026-09-30|months
10月到2月|2025-10-01|2026-02-28|months
去年10月到今年2月|2025-10-01|2026-02-28|months
2025年6月到8月|2025-06-01|2025-08-31|months
2026年4月到2026年9月|2026-04-01|2026-09-30|months
7月和8月|2026-07-01|2026-08-31|months
7、8月|2026-07-01|2026-08-31|months
七八月份|2026-07-01|2026-08-31|months
从三月到现在|2026-03-01|2026-11-21|days
今年1月到现在|2026-01-01|2026-11-21|days
今年以来|2026-01-01|2026-11-21|days
第三季度|2026-07-01|2026-09-30|months
三季度|2026-07-01|2026-09-30|months
2025年第四季度|2025-10-01|2025-12-31|months
上季度|2026-07-01|2026-09-30|months
上个季度|2026-07-01|2026-09-30|months
前三季度|2026-01-01|2026-09-30|months
上半年|2026-01-01|2026-06-30|months
今年上半年|2026-01-01|2026-06-30|months
去年下半年|2025-07-01|2025-12-31|months
今年|2026-01-01|2026-12-31|year
去年|2025-01-01|2025-12-31|year
旧年|2025-01-01|2025-12-31|year
前年|2024-01-01|2024-12-31|year
2025年|2025-01-01|2025-12-31|year
二五年|2025-01-01|2025-12-31|year
去年一整年|2025-01-01|2025-12-31|year
去年全年|2025-01-01|2025-12-31|year
2024到2025年|2024-01-01|2025-12-31|months
去年同期|2025-11-01|2025-11-30|month
去年这个时候|2025-11-01|2025-11-30|month
年初|2026-01-01|2026-01-31|month
去年夏天|2025-06-01|2025-08-31|season
去年子热天|2025-06-01|2025-08-31|season
去年子热天 七八月份|2025-07-01|2025-08-31|months
去年夏天，7月到9月|2025-07-01|2025-09-30|months
前年子冬天|2024-12-01|2025-02-28|season
夏天|2026-06-01|2026-08-31|season
今年夏天|2026-06-01|2026-08-31|season
冬天|2025-12-01|2026-02-28|season
去年冬天|2025-12-01|2026-02-28|season
这个冬天|2025-12-01|2026-02-28|season
前年冬天|2024-12-01|2025-02-28|season
双十一|2026-11-11|2026-11-11|day
双十一那天|2026-11-11|2026-11-11|day
双11|2026-11-11|2026-11-11|day
双十二那天|2025-12-12|2025-12-12|day
六一八|2026-06-18|2026-06-18|day
国庆|2026-10-01|2026-10-07|days
国庆假期|2026-10-01|2026-10-07|days
国庆那几天|2026-10-01|2026-10-07|days
国庆那个月|2026-10-01|2026-10-31|month
十一|2026-10-01|2026-10-07|days
十一期间|2026-10-01|2026-10-07|days
去年国庆|2025-10-01|2025-10-07|days
五一|2026-05-01|2026-05-05|days
五一当天|2026-05-01|2026-05-01|day
元旦|2026-01-01|2026-01-01|day
春节|2026-02-16|2026-02-23|days
春节那几天|2026-02-16|2026-02-23|days
过年那阵子|2026-02-16|2026-02-23|days
去年春节|2025-01-28|2025-02-04|days
除夕|2026-02-16|2026-02-16|day
大年三十到初七|2026-02-16|2026-02-23|days
正月十五|2026-03-03|2026-03-03|day
去年腊月|2026-01-19|2026-02-16|month
清明|2026-04-05|2026-04-05|day
清明到五一|2026-04-05|2026-05-05|days
端午三天|2026-06-19|2026-06-21|days
中秋|2026-09-25|2026-09-25|day
中秋国庆|2026-09-25|2026-10-07|days
冬至那周|2025-12-15|2025-12-21|week
暑假|2026-07-01|2026-08-31|days
yesterday|2026-11-20|2026-11-20|day
last night|2026-11-20|2026-11-20|day
two days ago|2026-11-19|2026-11-19|day
last Monday|2026-11-16|2026-11-16|day
last week|2026-11-09|2026-11-15|week
last 7 days|2026-11-15|2026-11-21|days
last month|2026-10-01|2026-10-31|month
this month|2026-11-01|2026-11-30|month
the month before last|2026-09-01|2026-09-30|month
October|2026-10-01|2026-10-31|month
December|2025-12-01|2025-12-31|month
March 2026|2026-03-01|2026-03-31|month
October last year|2025-10-01|2025-10-31|month
Nov 3|2026-11-03|2026-11-03|day
15th of March|2026-03-15|2026-03-15|day
March to May|2026-03-01|2026-05-31|months
January to June|2026-01-01|2026-06-30|months
from October to February|2025-10-01|2026-02-28|months
March to May 2025|2025-03-01|2025-05-31|months
July and August|2026-07-01|2026-08-31|months
last 3 months|2026-08-01|2026-10-31|months
since January|2026-01-01|2026-11-21|days
Q3|2026-07-01|2026-09-30|months
last quarter|2026-07-01|2026-09-30|months
the second half of 2025|2025-07-01|2025-12-31|months
summer|2026-06-01|2026-08-31|season
summer 2025|2025-06-01|2025-08-31|season
last winter|2025-12-01|2026-02-28|season
last year|2025-01-01|2025-12-31|year
2025|2025-01-01|2025-12-31|year
Spring Festival|2026-02-16|2026-02-23|days
National Day|2026-10-01|2026-10-07|days
"""
TABLE = [line.split("|") for line in PHRASES.strip().splitlines()]


@pytest.mark.parametrize(("words", "first", "last", "precision"), TABLE, ids=lambda x: x)
def test_a_period_has_the_days_people_mean(words: str, first: str, last: str, precision: str):
    found = resolve(words, TODAY)
    assert isinstance(found, Period), found
    assert (str(found.first), str(found.last), found.precision) == (first, last, precision)
    assert found.first <= TODAY


def test_the_table_is_long_enough_to_trust():
    assert len(TABLE) >= 150
    assert len({words for words, *_ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    ("words", "back"),
    [
        *[("这期", 0), ("本期", 0), ("这一期", 0), ("最新账单", 0), ("上期", 1), ("上一期", 1)],
        *[("上上期", 2), ("上个账期", 1), ("this bill", 0), ("the latest bill", 0)],
    ],
)
def test_the_period_of_a_bill_is_counted_back_from_the_newest(words: str, back: int):
    assert resolve(words, TODAY) == BillPeriod(back)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("明天", date(2026, 11, 22)),
        ("后天", date(2026, 11, 23)),
        ("下周一", date(2026, 11, 23)),
        ("下个月", date(2026, 12, 1)),
        ("明年", date(2027, 1, 1)),
        ("2026年12月", date(2026, 12, 1)),
        ("今年冬天", date(2026, 12, 1)),
        ("tomorrow", date(2026, 11, 22)),
        ("next month", date(2026, 12, 1)),
    ],
)
def test_what_lies_ahead_is_resolved(words: str, first: date):
    found = resolve(words, TODAY)
    assert isinstance(found, Period)
    assert found.first == first
    assert found.first > TODAY


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("13月", "no_such_month"),
        ("2026年13月", "no_such_month"),
        ("0月", "no_such_month"),
        ("2月30日", "no_such_day"),
        ("2025年2月29日", "no_such_day"),
        ("4月31号", "no_such_day"),
        ("32号", "no_such_day"),
        ("第五季度", "no_such_month"),
        ("Feb 30", "no_such_day"),
        ("2026年5月到2026年3月", "backwards"),
        ("9999年3月", "too_far"),
        ("1999年春节", "too_far"),
        ("空调", "unknown"),
        ("", "unknown"),
        ("户号", "unknown"),
        ("月", "unknown"),
        ("banana", "unknown"),
        ("忘记密码了怎么办呀到底", "unknown"),
    ],
)
def test_nonsense_is_refused_with_its_reason(words: str, reason: str):
    assert resolve(words, TODAY) == Unresolved(reason)


@pytest.mark.parametrize("words", ["10月", "去年夏天", "双十一", "上个月", "春节", "Q3", "周五"])
def test_words_without_a_year_never_name_the_future_on_any_day(words: str):
    for offset in range(0, 800, 7):
        today = date(2026, 1, 1) + timedelta(offset)
        found = resolve(words, today)
        assert isinstance(found, Period)
        assert found.first <= found.last
        assert found.first <= today
        assert (today - found.first).days < 2 * 366


@pytest.mark.parametrize("words", [words for words, *_ in TABLE])
def test_every_phrase_holds_on_awkward_days(words: str):
    for today in (date(2027, 1, 1), date(2027, 3, 31), date(2028, 2, 29), date(2027, 12, 31)):
        found = resolve(words, today)
        assert isinstance(found, (Period, Unresolved))
        if isinstance(found, Period):
            assert found.first <= found.last


@pytest.mark.parametrize(
    ("words", "today", "first", "last"),
    [
        ("10月底到3月初", TODAY, "2025-10-21", "2026-03-10"),
        ("11.11到10.1", TODAY, "2025-11-11", "2026-10-01"),
        ("双十一那天到国庆", TODAY, "2025-11-11", "2026-10-07"),
        ("the first week of November to March", TODAY, "2025-11-01", "2026-03-31"),
        ("中秋到端午", TODAY, "2025-10-06", "2026-06-19"),
        ("2月到1月", date(2028, 5, 5), "2027-02-01", "2028-01-31"),
    ],
)
def test_a_beginning_without_a_year_stands_before_its_end(
    words: str, today: date, first: str, last: str
):
    found = resolve(words, today)
    assert isinstance(found, Period), found
    assert (str(found.first), str(found.last)) == (first, last)


@pytest.mark.parametrize("words", ["近0天", "近0周", "近0年", "近0个月", "last 0 days"])
def test_none_of_a_unit_is_no_time_turned_round(words: str):
    found = resolve(words, TODAY)
    assert isinstance(found, Period), found
    assert found.first <= found.last


def test_a_guessed_year_is_told_from_a_said_one():
    assert resolve("10月", TODAY).is_dated is False
    assert resolve("2026年10月", TODAY).is_dated is True


@pytest.mark.parametrize(
    ("year", "new_year"),
    [
        *[(2010, "2010-02-14"), (2024, "2024-02-10"), (2025, "2025-01-29"), (2026, "2026-02-17")],
        *[(2027, "2027-02-06"), (2030, "2030-02-03"), (2033, "2033-01-31"), (2039, "2039-01-24")],
    ],
)
def test_the_lunar_table_agrees_with_the_published_new_years(year: int, new_year: str):
    assert str(lunar.new_year(year)) == new_year


def test_lunar_years_join_without_a_gap():
    for year in range(2010, 2038):
        assert lunar.month(year, 12)[1] + timedelta(1) == lunar.new_year(year + 1)


def test_solar_terms():
    assert lunar.term(2026, "清明") == date(2026, 4, 5)
    assert lunar.term(2025, "冬至") == date(2025, 12, 21)
    assert lunar.term(2026, "立春") == date(2026, 2, 4)
