"""Home says the true state at every moment, with its figure and its one button."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from runtime import clock
from runtime.database import Database
from service.forecast import forecasts
from service.models import Bill, SyncCursor, User
from tests.portal.places import (
    move_in,
    named,
    part,
    pay,
    queries,
    says,
    started,
    supply,
    use,
)
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def bill(database: Database, user: User) -> Bill:
    """November, 132.20 yuan, due on 18 December."""
    with database.unit_of_work() as session:
        return builders.create_bill(session, move_in(session, user), "2026-11")


def settle(database: Database, bill: Bill) -> None:
    with database.unit_of_work() as session:
        found = session.get_one(Bill, bill.bill_no)
        found.settled_fen, found.settled_at = found.total_fen, clock.now()


def due_on(database: Database, bill: Bill, day: date) -> None:
    with database.unit_of_work() as session:
        session.get_one(Bill, bill.bill_no).due = day


def test_without_an_account_home_says_how_to_add_one(client: FlaskClient, user: User) -> None:
    page = client.get("/").get_data(as_text=True)
    assert "先绑定一个户号" in page
    assert 'class="button primary" href="/accounts/bind"' in page


def test_strangers_are_sent_to_sign_in(client: FlaskClient) -> None:
    for path in ("/", "/bills", "/bills/B1", "/bills/B1.pdf", "/usage", "/usage/2026-11"):
        answer = client.get(path)
        assert (answer.status_code, answer.location[:13]) == (302, "/sign-in?next")


def test_a_bill_that_is_due(client: FlaskClient, bill: Bill) -> None:
    owed = part(client, "/", "owed")
    assert "11 月电费，待缴 ¥132.20 12 月 18 日前缴，还有 7 天 去缴费 看明细" in owed
    page = client.get("/").get_data(as_text=True)
    assert f'class="button primary" href="/pay/confirm?bill={bill.bill_no}"' in page
    assert page.count("button primary") == 1


def test_a_bill_that_is_due_today(client: FlaskClient, database: Database, bill: Bill) -> None:
    due_on(database, bill, date(2026, 12, 11))
    assert "¥132.20 今天 24 点前缴就行 去缴费" in part(client, "/", "owed")


def test_a_bill_that_is_late_grows_by_its_charge(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    due_on(database, bill, date(2026, 12, 8))
    # 13220 fen x 0.001 x 3 days = 39.66 fen
    assert "¥132.60 晚了 3 天，多 ¥0.40 违约金。缴上就停止计算" in part(client, "/", "owed")


def test_nothing_owed_says_when_the_next_bill_comes(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    settle(database, bill)
    owed = part(client, "/", "owed")
    assert "现在要缴 ¥0.00 没有要缴的。下次出账约 2027 年 1 月 3 日。 看 11 月账单" in owed
    assert "button primary" not in client.get("/").get_data(as_text=True)


def test_paid_and_being_credited_is_not_to_be_paid_again(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        pay(session, user, bill)
    owed = part(client, "/", "owed")
    assert "收到了，正在记账 ¥132.20 最迟 10 分钟，不用再付" in owed
    assert "button primary" not in client.get("/").get_data(as_text=True)


def test_crediting_that_takes_longer_is_said_to_be_slow(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        pay(session, user, bill, at=clock.now() - timedelta(minutes=30))
    assert "¥132.20 记账比平时慢，我们在查。钱没有丢，不用再付。" in part(client, "/", "owed")


def test_an_order_that_was_left_is_taken_up_again(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
    page = client.get("/").get_data(as_text=True)
    assert f'href="/pay/{order.order_no}">接着付</a>' in page
    assert page.count("button primary") == 1


def test_two_bills_are_one_sum_and_one_button(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        older = builders.create_bill(
            session, session.get_one(Bill, bill.bill_no), "2026-10", due=date(2026, 12, 15)
        )
    owed = part(client, "/", "owed")
    assert "2 份账单，待缴 ¥264.40 12 月 15 日前缴，还有 4 天" in owed
    page = client.get("/").get_data(as_text=True)
    assert f"/pay/confirm?bill={older.bill_no}&amp;bill={bill.bill_no}" in page


def test_a_prepaid_home_sees_what_is_left_and_for_how_long(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, settlement="prepaid", balance_fen=-10000)
        _, meter = supply(session, account, "zj-residential")
        use(session, meter, date(2026, 11, 20), date(2026, 12, 10))
    # 48 kWh since 1 December cost 25.82: 2.582 a day, and 74.18 are left of the 100.
    owed = part(client, "/", "owed")
    assert "余额 ¥100.00 扣掉这个月用的约 ¥26，还能用约 28 天。 去充值看账单" in owed


def test_a_home_with_panels_has_credit(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, balance_fen=-8650)
        _, meter = supply(session, account)
        for day in range(1, 11):
            builders.create_meter_day(
                session, meter, date(2026, 12, day), 50, export_wh=[0] * 40 + [250] * 16 + [0] * 40
            )
    assert "余额 ¥86.50 没有要缴的。余额下次自动抵。" in part(client, "/", "owed")
    assert part(client, "/", "export").startswith("光伏上网 40 度")


def test_why_stands_below_with_its_way_to_the_bill(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        low = {"kwh": {"peak": "87", "valley": "47"}, "year_to_date_kwh": "2500"}
        high = {"kwh": {"peak": "178", "valley": "108"}, "year_to_date_kwh": "2634"}
        builders.create_bill(session, account, "2026-10", case=low, settled_fen=6296)
        bill = builders.create_bill(session, account, "2026-11", case=high)
    page = client.get("/").get_data(as_text=True)
    assert f'href="/bills/{bill.bill_no}#why"><b>比 10 月多 ¥77.24</b>' in page
    assert "主要是每天用得多" in page


def test_the_month_so_far_with_its_forecast(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        _, meter = supply(session, account)
        use(session, meter, date(2026, 11, 10), date(2026, 12, 10), 100)
        (forecast,) = forecasts(session, user.id, account.account_no)
    month = part(client, "/", "month")
    # 9.6 kWh a day, 5.6 of them in peak hours: 10 days are 96 kWh and 31 days 297.6.
    assert (forecast.kwh, forecast.fen_so_far) == (Decimal("297.60"), 4333)
    assert forecast.low_fen is not None
    assert forecast.high_fen is not None
    low, high = round(forecast.low_fen / 100), round(forecast.high_fen / 100)
    assert low < 134 < high
    assert f"12 月到现在 96 度10 天，约 ¥43 298 度月底预计，¥{low}–¥{high}" in month
    assert "峰段 58%，56.0 度谷段 42%，40.0 度" in part(client, "/", "when")
    page = client.get("/").get_data(as_text=True)
    assert 'aria-label="到 12 月 10 日用了 96 度，月底预计 298 度"' in page
    assert '<td class="num">298</td>' in page


def test_days_that_are_not_measured_are_told(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        _, meter = supply(session, account)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 2))
        builders.create_meter_day(session, meter, date(2026, 12, 4), 50, quality="E" * 8 + "V" * 88)
    news = part(client, "/", "news")
    assert "这个月有 2 天没读全最早是 12 月 3 日，读到真数就改" in news


def test_who_paid_is_said(client: FlaskClient, database: Database, user: User, bill: Bill) -> None:
    with database.unit_of_work() as session:
        daughter = builders.create_user(session)
        order = pay(session, daughter, bill, at=datetime(2026, 12, 6, 2, tzinfo=UTC))
        order.status = "posted"
        builders.create_posting(
            session,
            session.get_one(Bill, bill.bill_no),
            13220,
            order_no=order.order_no,
            paid_at=order.paid_at,
        )
    assert "家里人缴了 ¥132.2012 月 6 日，代您缴的" in part(client, "/", "news")


def test_the_other_accounts_stand_aside_and_the_late_one_is_noticed(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        parents = move_in(session, user, "family_helper", address="柳荫路 8 号")
        named(session, user, parents, "爸妈家")
        builders.create_bill(session, parents, "2026-11", due=date(2026, 12, 8))
        move_in(session, user, address="临江苑 3 栋")
    assert "爸妈家，晚了 3 天要缴 ¥132.60，含违约金 ¥0.40。 去缴" in part(client, "/", "news")
    others = part(client, "/", "others")
    assert "爸妈家¥132.60，晚了 3 天" in others
    assert "临江苑 3 栋没有要缴的" in others
    assert "11 月电费，待缴 ¥132.20" in part(client, "/", "owed")


def test_whoever_only_pays_sees_no_usage(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, "payer")
        builders.create_bill(session, account, "2026-11")
        _, meter = supply(session, account)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 2))
    assert "您在这个户号上看不到用电" in says(client, "/")
    assert says(client, "/usage", 403).startswith("这件事您现在不能办")


def test_whoever_may_not_pay_gets_no_button(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, "enterprise_energy", kind="industrial")
        bill = builders.create_bill(session, account, "2026-11")
    assert "¥132.20" in part(client, "/", "owed")
    for path in ("/", "/bills", f"/bills/{bill.bill_no}"):
        assert "button primary" not in client.get(path).get_data(as_text=True)


def test_a_firm_sees_all_its_accounts_together(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        for number in range(12):
            account = move_in(
                session,
                user,
                "enterprise_admin",
                account_no=f"4200330000{number:02}",
                holder_name="江城暖阳纺织有限公司",
                address=f"工业园 {number} 号",
                kind="industrial",
            )
            builders.create_bill(
                session,
                account,
                "2026-11",
                total_fen=100_000 * (number + 1),
                settled_fen=100_000 if number == 0 else 0,
                due=date(2026, 12, 10) if number == 11 else date(2026, 12, 20),
            )
    owed = part(client, "/", "owed")
    # 2,000 to 12,000 yuan, and one day of 0.001 on the late 12,000 of a residential tariff.
    assert owed.startswith("江城暖阳纺织有限公司12 个户号 ¥77,012.00 1 户晚了，含违约金 ¥12.00。")
    assert "11 户要缴 缴这 11 户" in owed
    table = part(client, "/", "most")
    assert "4200 3300 0011工业园 11 号12,012.0012 月 10 日已逾期" in table
    assert "4200 3300 0001" not in table
    assert table.startswith("要缴得最多的户号")


def test_old_figures_stay_with_their_hour(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        at = datetime(2026, 12, 10, 22, 10, tzinfo=UTC)
        session.add(SyncCursor(source="feed", caught_up_at=at, checked_at=at))
    page = says(client, "/")
    assert "电费系统在维护，下面是 今天 06:10 的数" in page
    assert "缴费照常，缴了会自动记上。" in page
    assert "¥132.20" in page


def test_a_neighbours_money_is_nowhere(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        neighbour = builders.create_user(session)
        other = move_in(session, neighbour, account_no="420099999999", address="别人家 1 号")
        builders.create_bill(session, other, "2026-11", total_fen=98765)
    page = client.get("/").get_data(as_text=True)
    assert "987.65" not in page
    assert "别人家" not in page


def test_home_in_english(client: FlaskClient, bill: Bill) -> None:
    page = says(client, "/?lang=en")
    assert "Electricity for November, due ¥132.20 Due 18 December, 7 days left Pay" in page


def test_home_asks_the_database_little(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 10), date(2026, 12, 10))
        builders.create_bill(session, account, "2026-11", service_point_no=point.service_point_no)
        for _ in range(5):
            builders.create_bill(session, move_in(session, user), "2026-11")
    client.get("/")
    with queries() as asked:
        client.get("/")
    assert len(asked) <= 38, "\n".join(asked)
