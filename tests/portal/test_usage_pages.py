"""Use by year, month and day: exact figures, gaps and estimates told, and files to keep."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import Account, Link, Meter, MeterDay, User
from tests.portal.places import move_in, part, queries, says, supply, use
from tests.service import builders

EVENING = [50] * 76 + [460] + [50] * 19
"""Wh of a day with a peak of 1.84 kW at 19:00."""

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def account(database: Database, user: User) -> Account:
    with database.unit_of_work() as session:
        return move_in(session, user, account_no="420011875603")


@pytest.fixture
def meter(database: Database, account: Account) -> Meter:
    """4.8 kWh on each of 1 to 9 December, 5.21 with a peak on the 10th."""
    with database.unit_of_work() as session:
        _, found = supply(session, account)
        use(session, found, date(2026, 12, 1), date(2026, 12, 9))
        builders.create_meter_day(session, found, date(2026, 12, 10), EVENING)
    return found


@pytest.mark.parametrize(
    "when",
    ["2027", "2026-13", "2026-12-32", "2027-01", "2026-12-12", "1999", "yesterday", "2026-1-1"],
)
def test_a_time_that_is_none_or_has_not_begun_is_not_found(
    client: FlaskClient, account: Account, when: str
) -> None:
    assert "没有这个月、这一天" in says(client, f"/usage/{when}", 404)
    assert "没有这个月、这一天" in says(client, f"/usage/{when}.csv", 404)


def test_without_an_account_every_page_says_how_to_add_one(client: FlaskClient, user: User) -> None:
    for path in ("/usage", "/usage/2026-12", "/usage/2026-12-10", "/usage/2026-12.csv"):
        assert "还没有绑定户号" in says(client, path)


def test_without_data_every_page_says_so(client: FlaskClient, account: Account) -> None:
    for path in ("/usage", "/usage/2025", "/usage/2026-12", "/usage/2026-12-10"):
        assert "还没有用电数据电表每天读一次，第二天早上看得到。" in says(client, path)


def test_a_day_marks_its_peak_and_its_hours(client: FlaskClient, meter: Meter) -> None:
    page = says(client, "/usage/2026-12-10")
    assert "5.2 度 19:00 最高，1.84 千瓦。" in page
    assert "12 月 10 日周四" in page
    curve = part(client, "/usage/2026-12-10", "curve")
    assert "谷段峰段0:00" in curve  # the last two hours have no room for a word
    assert "19:00 最高 1.84 千瓦" in curve
    assert "16:00–20:001.211.84" in curve
    assert "0:00–4:000.800.20" in curve
    # 8:00 to 22:00 are 55 quarter-hours of 50 Wh and one of 460.
    periods = part(client, "/usage/2026-12-10", "periods")
    assert "峰段 62%，3.2 度谷段 38%，2.0 度" in periods
    raw = client.get("/usage/2026-12-10").text
    assert 'aria-label="12 月 10 日每 15 分钟的功率，19:00 最高，1.84 千瓦"' in raw
    assert 'href="/usage/2026-12-09" aria-label="前一天"' in raw
    assert 'href="/usage/2026-12-11" aria-label="后一天"' in raw
    assert 'aria-label="后一天"' not in client.get("/usage/2026-12-11").text


def test_estimates_and_gaps_of_a_day_are_told_and_drawn(
    client: FlaskClient, database: Database, meter: Meter
) -> None:
    with database.unit_of_work() as session:
        builders.create_meter_day(
            session, meter, date(2026, 11, 3), 50, quality="E" * 8 + "M" * 6 + "V" * 82
        )
    page = says(client, "/usage/2026-11-03")
    assert "有 2 小时是估算，读到真数就改。有 1.5 小时还没读到。" in page
    assert "用电估算还没读到" in page
    assert client.get("/usage/2026-11-03").text.count('class="gap"') == 2  # chart and key


def test_a_meter_read_once_a_day_has_no_curve(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        _, meter = supply(session, account, "zj-residential", interval=False)
        builders.create_daily_use(session, meter, date(2026, 12, 9), 4200, quality="E")
    page = says(client, "/usage/2026-12-09")
    assert "4.2 度" in page
    assert "这只表每天读一次数，没有每 15 分钟的曲线。这一天是估算，读到真数就改。" in page
    assert "这只表每天读一次数" in part(client, "/usage", "day")
    assert "12 月 9 日4.2有估算" in part(client, "/usage/2026-12", "days")


def test_a_month_by_days_with_both_comparisons(
    client: FlaskClient, database: Database, meter: Meter
) -> None:
    with database.unit_of_work() as session:
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30), 25)
        use(session, meter, date(2025, 12, 1), date(2025, 12, 31), 100)
    page = says(client, "/usage/2026-12")
    # 9 x 4.8 + 5.21 = 48.41; ten days of November 24.0, of last December 96.0.
    assert "48 度 11 月同样的 10 天用了 24 度，这个月多用 24 度。" in page
    assert "去年 12 月同样的 10 天用了 96 度，这个月少用 48 度。" in page
    assert "10 月" not in says(client, "/usage/2026-11")
    days = part(client, "/usage/2026-12", "days")
    assert "12 月 10 日3.22.05.2" in days
    assert "12 月 11 日" not in days
    raw = client.get("/usage/2026-12").text
    assert 'aria-label="2026 年 12 月每天用电，平均 4.8 度，12 月 10 日最多，5.2 度"' in raw
    assert raw.count('href="/usage/2026-12-') == 11  # the calendar's ten days and the tab
    assert "比 10 月" not in says(client, "/usage/2026-11")


def test_days_that_are_missing_are_told_and_lead_to_their_page(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        _, meter = supply(session, account)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 2))
        builders.create_meter_day(session, meter, date(2026, 12, 4), 50, quality="E" * 96)
    assert part(client, "/usage/2026-12", "gaps") == (
        "没有量全的日子 12 月 3 日这天还没读到，读到就补上12 月 4 日有估算，读到真数就改"
    )
    assert "有估算或没读全，读到真数就改还没读到" in part(client, "/usage/2026-12", "days")


def test_what_is_exported_is_counted_apart(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        _, meter = supply(session, account)
        sun = [0] * 40 + [250] * 16 + [0] * 40
        builders.create_meter_day(session, meter, date(2026, 12, 9), 50, export_wh=sun)
    for path in ("/usage", "/usage/2026-12", "/usage/2026-12-09"):
        assert part(client, path, "export").startswith("光伏送上电网的 4")
        assert "4.8" in says(client, path).replace(" 5 度", "4.8")
    assert "12:00–16:000.800.202.00" in part(client, "/usage/2026-12-09", "curve")


def test_a_firm_sees_demand_and_power_factor(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        firm = move_in(session, user, "enterprise_energy", kind="industrial")
        _, meter = supply(session, firm, "demo-industrial-2part-demand")
        load = [10_000] * 95 + [25_000]
        reactive = [4843] * 95 + [12108]
        builders.create_meter_day(session, meter, date(2026, 12, 1), load, reactive_varh=reactive)
    assert part(client, "/usage/2026-12", "power1") == (
        "最大需量和功率因数 100 千瓦 12 月 1 日 23:45 起的一刻钟 0.90这个月的功率因数"
    )


def test_a_year_by_months_beside_last_year(
    client: FlaskClient, database: Database, meter: Meter
) -> None:
    with database.unit_of_work() as session:
        use(session, meter, date(2025, 1, 1), date(2025, 1, 10), 100)
        use(session, meter, date(2025, 12, 1), date(2025, 12, 31), 100)
        use(session, meter, date(2026, 1, 1), date(2026, 1, 10), 200)
    page = says(client, "/usage")
    # 10 x 19.2 + 48.41 this year; twenty days of 9.6 last year.
    assert "今年到 12 月 10 日 240 度 2025 年同期用了 192 度，这一年多用 48 度。" in page
    months = part(client, "/usage", "months")
    assert "1 月19296" in months
    assert "12 月48298" in months
    assert "2026这个月还没完2025" in months
    assert "1 月19.219.219.2" in part(client, "/usage", "heat")
    last = says(client, "/usage/2025")
    assert "2025 年 394 度" in last
    assert "最近一天" not in last


def test_a_year_is_not_compared_with_months_that_nobody_knows(
    client: FlaskClient, database: Database, meter: Meter
) -> None:
    with database.unit_of_work() as session:
        use(session, meter, date(2025, 12, 1), date(2025, 12, 31), 100)
        use(session, meter, date(2026, 1, 1), date(2026, 1, 10), 200)
    assert "比去年同期" not in says(client, "/usage")


def test_tiers_are_told_with_the_pace(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 13), date(2026, 12, 10))
        builders.create_bill(
            session,
            account,
            "2026-11",
            case={"kwh": {"peak": "2000", "valley": "660"}},
            service_point_no=point.service_point_no,
        )
    # 2,660 billed and 48 since: 52 kWh are left to tier 2, at 4.8 a day eleven days.
    tier = part(client, "/usage", "tier1")
    assert "2026 年用到第一档 2,708 度" in tier
    assert (
        "离第二档还有 52 度。照最近四周的用法，约 12 月 21 日到。到了以后每度多 0.05 元。" in tier
    )


def test_the_figures_can_be_kept(client: FlaskClient, meter: Meter) -> None:
    answer = client.get("/usage/2026-12-10.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026-12-10-5603.csv"'
    rows = answer.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 97
    assert rows[0] == "开始时间,用电（度）,送上电网（度）,说明"
    assert rows[77] == "2026-12-10 19:00,0.460,0.000,"
    days = client.get("/usage/2026-12.csv").data.decode("utf-8-sig").splitlines()
    assert days[0] == "日期,峰段（度）,谷段（度）,用电（度）,送上电网（度）,说明"
    assert days[10] == "2026-12-10,3.210,2.000,5.210,0.000,"
    months = client.get("/usage/2026.csv?lang=en").data.decode("utf-8-sig").splitlines()
    assert months == [
        "Month,Used (kWh),To the grid (kWh),Used last year (kWh)",
        "2026-12,48.410,0.000,",
    ]


def test_a_neighbours_meter_is_nowhere(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        _, other = builders.create_customer(session)
        _, meter = supply(session, other)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10), 99)
    for path in ("/usage", "/usage/2026-12", "/usage/2026-12-10"):
        assert "还没有用电数据" in says(client, path)


def test_usage_in_english(client: FlaskClient, meter: Meter) -> None:
    page = says(client, "/usage/2026-12-10?lang=en")
    assert "5.2 kWh Highest at 19:00, 1.84 kW." in page


@pytest.mark.parametrize(
    ("path", "most"), [("/usage", 24), ("/usage/2026-12", 14), ("/usage/2026-12-10", 8)]
)
def test_usage_asks_the_database_little(
    client: FlaskClient, database: Database, meter: Meter, path: str, most: int
) -> None:
    client.get(path)
    with queries() as asked:
        client.get(path)
    assert len(asked) <= most, "\n".join(asked)


@pytest.mark.parametrize("path", ["/", "/bills", "/usage", "/usage/2026-12", "/usage/2026-12-10"])
def test_a_page_with_charts_is_light(client: FlaskClient, meter: Meter, path: str) -> None:
    """Charts are drawn by the page, so that all of them keep the promise of one without."""
    weight = len(client.get(path, headers={"Accept-Encoding": "gzip"}).data)
    page = client.get(path).text
    for address in {
        each.split('"')[1] for each in page.split() if each.startswith(("src=", 'href="/static'))
    }:
        weight += len(client.get(address, headers={"Accept-Encoding": "gzip"}).data)
    assert weight <= 90_000


def test_a_tier_out_of_reach_says_when_the_count_begins_again(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        yearly = move_in(session, user)
        _, meter = supply(session, yearly)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10))
    assert (
        "离第二档还有 2,712 度。照最近四周的用法，今年到不了。每年 1 月 1 日重新从第一档算起。"
        in part(client, "/usage", "tier1")
    )
    with database.unit_of_work() as session:
        monthly = move_in(session, user)
        _, meter = supply(session, monthly, "bj-residential")
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10))
        link = session.query(Link).filter_by(account_no=monthly.account_no).one().id
    client.set_cookie("account", str(link))
    # Beijing's first tier ends at 240 kWh a month; 10 days of 4.8 kWh are 48.
    assert "12 月用到第一档 48 度" in part(client, "/usage", "tier1")
    assert "离第二档还有 192 度。照最近四周的用法，这个月到不了。每个月重新从第一档算起。" in part(
        client, "/usage", "tier1"
    )


def test_a_season_has_its_own_limits(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        _, meter = supply(session, account, "gd-residential")
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10), 200)
    # Guangdong's winter: 200 and 400 kWh a month; 10 days of 19.2 kWh are 192, the 8 that are
    # left last until the next day.
    tier = part(client, "/usage", "tier1")
    assert "第一档到 200 度第二档到 400 度" in tier
    assert "离第二档还有 8 度。照最近四周的用法，约 12 月 11 日到。" in tier


def test_a_month_with_missing_days_compares_the_days_that_both_have(
    client: FlaskClient, database: Database, meter: Meter
) -> None:
    with database.unit_of_work() as session:
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30), 25)
        session.query(MeterDay).filter_by(day=date(2026, 12, 4)).delete()
    page = says(client, "/usage/2026-12")
    # 8 days of 4.8 kWh and one of 5.21 are 43.61; the same nine of November 21.6.
    assert "44 度 11 月同样的 9 天用了 22 度，这个月多用 22 度。" in page


def test_a_time_without_data_leads_to_where_there_is_some(
    client: FlaskClient, meter: Meter
) -> None:
    before = says(client, "/usage/2024-05")
    assert "那时候的用电没有留下来，或者还没有装这只表。 看最近有数的" in before
    assert "0 天有数据" not in before
    assert 'href="/usage/2026-12">看最近有数的' in client.get("/usage/2024-05").text
    assert "还没有读到这一天。电表每天读一次，第二天早上看得到。" in says(
        client, "/usage/2026-12-11"
    )
    assert 'href="/usage/2026-12-10">看最近有数的' in client.get("/usage/2026-12-11").text
