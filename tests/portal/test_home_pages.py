"""Home says the true state at every moment, with its figure and its one button."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.forecast import forecasts
from service.models import Account, Bill, ServicePoint, User
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


def create_paid_bill(session: Session, account: Account, point: ServicePoint, period: str) -> None:
    number = point.service_point_no
    bill = builders.create_bill(session, account, period, service_point_no=number)
    bill.settled_fen, bill.settled_at = bill.total_fen, clock.now()


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
        point, meter = supply(session, account, "zj-residential")
        use(session, meter, date(2026, 11, 20), date(2026, 12, 10))
        create_paid_bill(session, account, point, "2026-11")
    # 48 kWh since 1 December cost 25.82: 2.582 a day, and 74.18 are left of the 100.
    owed = part(client, "/", "owed")
    assert "余额 ¥100.00 已经用掉、还没扣的约 ¥26。照最近的用法，还能用约 28 天" in owed
    assert "28 天，到 2027 年 1 月 8 日前后。 去充值看账单" in owed
    assert "缴费" not in owed


def test_what_no_bill_has_taken_yet_is_taken_off_a_balance(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, settlement="prepaid", balance_fen=-6000)
        _, meter = supply(session, account, "zj-residential")
        use(session, meter, date(2026, 11, 20), date(2026, 12, 10))
    # 21 days of 4.8 kWh at 0.538: 54.23 of the 60 are used; 5.77 last two days more.
    owed = part(client, "/", "owed")
    assert "约 ¥54。照最近的用法，还能用约 2 天，到 12 月 13 日前后。请尽快充值。" in owed


def test_a_balance_that_is_used_up_says_so(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, settlement="prepaid", balance_fen=-5000)
        _, meter = supply(session, account, "zj-residential")
        use(session, meter, date(2026, 11, 20), date(2026, 12, 10))
    assert "余额只够付已经用掉的电，请尽快充值。" in part(client, "/", "owed")


def test_a_bill_that_a_balance_did_not_cover_asks_for_a_top_up(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, settlement="prepaid")
        bill = builders.create_bill(session, account, "2026-11", settled_fen=10000)
    owed = part(client, "/", "owed")
    assert "余额不够，还差 ¥32.20 12 月 18 日前缴，还有 7 天 去充值 看明细" in owed
    assert f'href="/pay/confirm?bill={bill.bill_no}">去充值' in client.get("/").text


def test_a_home_with_panels_has_credit(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, balance_fen=-8650)
        _, meter = supply(session, account)
        for day in range(1, 11):
            builders.create_meter_day(
                session, meter, date(2026, 12, day), 50, export_wh=[0] * 40 + [250] * 16 + [0] * 40
            )
    assert "余额 ¥86.50 没有要缴的。余额下次自动抵。" in part(client, "/", "owed")
    assert part(client, "/", "export").startswith("光伏送上电网的 40 度")


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
    assert "峰段 58%，56 度谷段 42%，40 度" in part(client, "/", "when")
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


def test_nothing_owed_here_shows_what_is_owed_elsewhere(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    settle(database, bill)
    with database.unit_of_work() as session:
        parents = move_in(session, user, "family_helper", address="柳荫路 8 号")
        named(session, user, parents, "爸妈家")
        theirs = builders.create_bill(session, parents, "2026-11")
    owed = part(client, "/", "owed")
    assert "这一户没有要缴的，另有 1 户待缴 ¥132.20 爸妈家，12 月 18 日前缴，还有 7 天" in owed
    assert (
        f'class="button primary" href="/pay/confirm?bill={theirs.bill_no}"' in client.get("/").text
    )
    with database.unit_of_work() as session:
        rented = move_in(session, user, address="临江苑 3 栋")
        builders.create_bill(session, rented, "2026-11", due=date(2026, 12, 8))
    owed = part(client, "/", "owed")
    # 132.20 and 132.60, a late charge of 0.40 in it.
    assert "另有 2 户待缴 ¥264.80 1 户晚了，含违约金 ¥0.40。缴上就停止计算" in owed
    assert 'class="button primary" href="/pay?choose=1"' in client.get("/").text


def test_what_is_owed_here_and_elsewhere_is_summed(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, move_in(session, user), "2026-11")
    page = client.get("/").text
    assert "连同另外 1 户，一共要缴 ¥264.40。 一起缴" in part(client, "/", "owed")
    assert page.count("button primary") == 1
    settle(database, bill)
    with database.unit_of_work() as session:
        session.get_one(Account, bill.account_no).settlement = "prepaid"
    owed = part(client, "/", "owed")
    assert owed.index("余额") < owed.index("另有 1 户待缴，共 ¥132.20。 去缴费")


def test_a_debt_elsewhere_that_is_not_mine_to_pay_has_no_button(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    settle(database, bill)
    with database.unit_of_work() as session:
        other = move_in(session, user, "enterprise_energy")
        builders.create_bill(session, other, "2026-11")
    assert "另有 1 户待缴 ¥132.20" in part(client, "/", "owed")
    assert "button primary" not in client.get("/").text


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


def test_tiers_stand_on_home_as_they_are_today(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        point, meter = supply(session, account)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10), 100)
        builders.create_bill(
            session, account, "2026-11", service_point_no=point.service_point_no, wh=2_700_000
        )
    # 2,700 kWh billed and 96 since: 36 beyond 2,760, and 2,004 left to 4,800.
    tier = part(client, "/", "tier1")
    assert tier.startswith("2026 年用到第二档 2,796 度")
    assert "离第三档还有 2,004 度。" in tier


def test_a_tariff_without_tiers_shows_none(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, kind="commercial")
        _, meter = supply(session, account, "demo-commercial-tou")
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10), 100)
    page = says(client, "/")
    assert "12 月到现在" in page
    assert "档" not in page


def test_the_month_is_compared_with_the_same_days_of_last_year(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        _, meter = supply(session, move_in(session, user))
        use(session, meter, date(2025, 12, 1), date(2025, 12, 31), 25)
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10), 50)
    assert "去年 12 月同样的 10 天用了 24 度，这个月多用 24 度。" in part(client, "/", "month")


def test_a_home_without_any_data_or_bill_says_what_comes(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        supply(session, move_in(session, user))
    assert "没有要缴的。还没有出过账单，出了就在这里。" in part(client, "/", "owed")
    month = part(client, "/", "month")
    assert "还没有用电数据电表每天读一次，第二天早上看得到。" in month
    assert "请打 96000。" in month


def test_before_the_first_reading_of_a_month_the_last_one_is_named(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        _, meter = supply(session, move_in(session, user))
        use(session, meter, date(2026, 11, 28), date(2026, 11, 30))
    month = part(client, "/", "month")
    assert "这个月还没有读到数用电数据到 11 月 30 日。" in month
    assert 'href="/usage/2026-11">看上一次读到的月份' in client.get("/").text


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
    assert "工业园 11 号4200 3300 0011，12 月 10 日前缴¥12,012.00已逾期" in table
    assert "4200 3300 0001" not in table
    assert table.startswith("要缴得最多的户号")


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
    assert len(asked) <= 23, "\n".join(asked)
