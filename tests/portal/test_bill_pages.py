"""Bills: the list, one bill that adds up, why it changed, and the bill on paper."""

import io
import re
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import update

from portal.bills.change import REASONS
from portal.bills.lines import HELP, known_codes, name
from rating.codes import EXPLAINS
from runtime.database import Database
from service.models import Account, Bill, Link, User
from service.substitution import REASONS as KNOWN_REASONS
from tests.portal.places import move_in, part, pay, queries, says, started, supply, use
from tests.service import builders

LOW = {"kwh": {"peak": "87", "valley": "47"}, "year_to_date_kwh": "2500"}
HIGH = {"kwh": {"peak": "178", "valley": "108"}, "year_to_date_kwh": "2634"}
READINGS = [
    {"meter_no": "33017742", "register": "import", "start_wh": 18204000, "end_wh": 18490000}
]

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def account(database: Database, user: User) -> Account:
    with database.unit_of_work() as session:
        return move_in(session, user, account_no="420011875603")


@pytest.fixture
def bill(database: Database, account: Account) -> Bill:
    """November with 286 kWh, 140.20 yuan; October with 134 kWh, 62.96, is paid."""
    with database.unit_of_work() as session:
        builders.create_bill(session, account, "2026-10", case=LOW, settled_fen=6296)
        return builders.create_bill(session, account, "2026-11", case=HIGH, readings=READINGS)


# ---- the list ------------------------------------------------------------------------------------


def test_without_an_account_the_list_says_how_to_add_one(client: FlaskClient, user: User) -> None:
    assert "还没有绑定户号" in says(client, "/bills")


def test_without_a_bill_the_list_says_so(client: FlaskClient, account: Account) -> None:
    page = says(client, "/bills")
    assert "还没有账单第一份账单出来以后，在这里看得到。" in page
    assert "没有要缴的" in page


def test_the_list_stands_by_year_with_a_word_for_every_state(
    client: FlaskClient, database: Database, user: User, account: Account
) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, account, "2025-12", settled_fen=13220)
        late = builders.create_bill(session, account, "2026-09", due=date(2026, 10, 18))
        credited = builders.create_bill(session, account, "2026-10")
        pay(session, user, credited)
        builders.create_bill(session, account, "2026-11", estimated=True)
        builders.create_bill(session, account, "2026-08", total_fen=-500)
        builders.create_bill(session, account, "2026-07", status="cancelled")
    this_year = part(client, "/bills", "y2026")
    assert this_year == (
        "2026 年 2026 年 11 月286 度 · 有估算¥132.20待缴 2026 年 10 月286 度¥132.20到账中 "
        "2026 年 9 月286 度¥132.20已逾期 2026 年 8 月286 度−¥5.00无欠费"
    )
    assert part(client, "/bills", "y2025") == "2025 年 2025 年 12 月286 度¥132.20已缴清"
    # 13220 x 0.001 x 54 days = 713.88 fen on September; November is not late.
    assert late.due == date(2026, 10, 18)
    assert part(client, "/bills", "owed") == (
        "现在要缴 ¥271.54 晚了 54 天，含违约金 ¥7.14 去缴费现在缴不了？"
    )


def test_older_bills_are_a_page_further(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        for month in range(30):
            period = f"{2024 + month // 12}-{month % 12 + 1:02}"
            builders.create_bill(session, account, period, settled_fen=13220)
    first = client.get("/bills").get_data(as_text=True)
    assert first.count('href="/bills/B') == 24
    assert 'href="/bills?page=2">更早的账单' in first
    second = client.get("/bills?page=2").get_data(as_text=True)
    assert second.count('href="/bills/B') == 6
    assert "更早的账单" not in second
    assert 'href="/bills">更近的账单' in second
    assert "没有更早的账单" in says(client, "/bills?page=3")


@pytest.mark.parametrize("month", ["2026-13", "yesterday", "2026-1", "2026-11-01", "２０２６-11"])
def test_a_period_that_is_none_is_not_found(
    client: FlaskClient, account: Account, month: str
) -> None:
    assert "没有这个月、这一天" in says(client, f"/bills?month={month}", 404)


@pytest.mark.parametrize("page", ["0", "-1", "x", "１", "99999"])
def test_a_page_that_is_none_is_not_found(client: FlaskClient, account: Account, page: str) -> None:
    assert "没有这一页。" in says(client, f"/bills?page={page}", 404)


# ---- the list of a firm --------------------------------------------------------------------------


@pytest.fixture
def firm(database: Database, user: User) -> list[Account]:
    """Three places of a firm, each with a bill of October (paid) and of November."""
    with database.unit_of_work() as session:
        places = [
            move_in(session, user, "enterprise_finance", account_no=f"42003100000{n}", address=name)
            for n, name in enumerate(["一号厂房", "二号厂房", "冷库"])
        ]
        for account in places:
            builders.create_bill(session, account, "2026-10", settled_fen=13220)
            builders.create_bill(session, account, "2026-11")
        return places


def test_a_firm_sees_the_bills_of_all_its_accounts_by_month(
    client: FlaskClient, firm: list[Account]
) -> None:
    assert part(client, "/bills", "y2026-11") == (
        "2026 年 11 月 一号厂房4200 3100 0000 · 286 度¥132.20待缴 "
        "二号厂房4200 3100 0001 · 286 度¥132.20待缴 冷库4200 3100 0002 · 286 度¥132.20待缴"
    )
    assert part(client, "/bills", "owed") == (
        "现在要缴 ¥396.60 3 户要缴 最早的 12 月 18 日前缴去缴费"
    )


def test_a_firm_chooses_an_account_and_a_month(client: FlaskClient, firm: list[Account]) -> None:
    number = firm[1].account_no
    page = client.get(f"/bills?account={number}&month=2026-11")
    assert page.text.count('href="/bills/B') == 1
    assert f'<option value="{number}" selected>二号厂房' in page.text
    assert '<option value="2026-11" selected>2026 年 11 月' in page.text
    assert "1 份账单，一共 ¥132.20，还有 ¥132.20 没缴" in page.text
    assert "3 份账单，一共 ¥396.60，都缴清了" in says(client, "/bills?account=all&month=2026-10")
    assert "这个月没有账单" in says(client, "/bills?month=2026-09")


def test_pages_of_a_firm_keep_what_was_chosen(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        for _number in range(26):
            account = move_in(session, user, "enterprise_admin")
            builders.create_bill(session, account, "2026-11")
    first = client.get("/bills?month=2026-11").text
    assert first.count('href="/bills/B') == 24
    assert 'href="/bills?page=2&amp;month=2026-11">更早的账单' in first
    assert client.get("/bills?month=2026-11&page=2").text.count('href="/bills/B') == 2


def test_a_neighbours_account_cannot_be_chosen(
    client: FlaskClient, database: Database, firm: list[Account]
) -> None:
    with database.unit_of_work() as session:
        _, other = builders.create_customer(session)
        bill = builders.create_bill(session, other, "2026-11")
    for number in (other.account_no, "1", "%00", "ALL"):
        page = says(client, f"/bills?account={number}", 404)
        assert "您的名下没有这个户号" in page
        assert bill.bill_no not in page
    assert bill.bill_no not in client.get("/bills?account=all").text


def test_more_accounts_ask_no_more_questions(
    client: FlaskClient, database: Database, user: User, firm: list[Account]
) -> None:
    client.get("/bills?month=2026-11")
    with queries() as few:
        client.get("/bills?month=2026-11")
    with database.unit_of_work() as session:
        for _number in range(12):
            account = move_in(session, user, "enterprise_finance")
            builders.create_bill(session, account, "2026-11")
    with queries() as many:
        client.get("/bills?month=2026-11")
    assert len(many) == len(few) <= 12, "\n".join(many)


# ---- one bill ------------------------------------------------------------------------------------


def test_the_lines_add_up(client: FlaskClient, bill: Bill) -> None:
    assert part(client, f"/bills/{bill.bill_no}", "lines") == (
        "怎么算的 项目用量与单价金额（元） "
        "峰段8:00–22:00178 度每度 0.568 元101.10 "
        "谷段22:00–8:00108 度每度 0.288 元31.10 "
        "第二档加价160 度每度 0.050 元8.00 "
        "合计¥140.20 "
        "电表读数 电表11 月 1 日 0 点11 月 30 日 24 点相差 33017742 用电18,20418,490286 "
        "电表自动报数，没有人上门抄。按浙江居民峰谷阶梯电价算的，2012-07 版。"
    )


def test_the_head_says_how_much_until_when_and_for_whom(client: FlaskClient, bill: Bill) -> None:
    page = says(client, f"/bills/{bill.bill_no}")
    assert "2026 年 11 月电费待缴 ¥140.20 12 月 18 日前缴，还有 7 天" in page
    assert "11 月 1 日到 11 月 30 日286 度王*华，梧桐里 12 栋 502户号 4200 1187 5603" in page
    assert "缴 ¥140.20 现在缴不了？ 存 PDF 打印" in page


def test_why_it_is_more_than_last_month(client: FlaskClient, bill: Bill) -> None:
    assert part(client, f"/bills/{bill.bill_no}", "why") == (
        "为什么比 10 月多 ¥77.24 主要是每天用得多。 10 月¥62.96 "
        "天数少31 天到 30 天−2.03 每天用得多每天 4.3 到 9.5 度+73.43 "
        "便宜的时段用得多谷段占 35% 到 38%−2.16 用到了第二档第一档以上 0 度到 160 度+8.00 "
        "11 月¥140.20"
    )


def test_the_other_comparison_needs_no_script(
    client: FlaskClient, database: Database, account: Account, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, account, "2025-11", case={"kwh": {"peak": "300"}})
    address = f"/bills/{bill.bill_no}?against=last_year"
    assert f'href="{address}#why">和去年同月比' in client.get(f"/bills/{bill.bill_no}").text
    why = part(client, address, "why")
    assert why.startswith("为什么比 2025 年 11 月少 ¥30.20")
    assert (
        f'href="/bills/{bill.bill_no}?against=last_month#why">和上个月比'
        in client.get(address).text
    )
    assert says(client, f"/bills/{bill.bill_no}?against=nonsense")


def test_the_first_bill_has_nothing_to_compare_with(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        only = builders.create_bill(session, account, "2026-11")
    page = client.get(f"/bills/{only.bill_no}").text
    assert 'id="why"' not in page
    assert "这是第一份账单。" in page


def test_a_late_bill_says_what_it_comes_to_today(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(
            session, account, "2026-10", settled_fen=3220, due=date(2026, 12, 1)
        )
    page = says(client, f"/bills/{bill.bill_no}")
    # 10000 fen x 0.001 x 10 days
    assert "已逾期 ¥132.20 晚了 10 天，多 ¥1.00 违约金。缴上就停止计算" in page
    assert "合计¥132.20 已经缴了−32.20到今天的违约金+1.00 现在缴¥101.00" in page
    assert "缴 ¥101.00" in page


def test_the_days_of_the_bill_with_their_gaps(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 2))
        builders.create_meter_day(session, meter, date(2026, 11, 4), 100, quality="E" * 96)
        bill = builders.create_bill(
            session, account, "2026-11", service_point_no=point.service_point_no
        )
    days = part(client, f"/bills/{bill.bill_no}", "days")
    assert "11 月 3 日0.00.0还没读到" in days
    assert "11 月 4 日5.64.09.6有估算" in days
    assert "峰段谷段有估算或没读全，读到真数就改还没读到" in days
    page = client.get(f"/bills/{bill.bill_no}").text
    assert 'aria-label="2026 年 11 月每天用电，平均 6.4 度，11 月 4 日最多，9.6 度"' in page


def test_the_tier_says_how_much_is_left(client: FlaskClient, bill: Bill) -> None:
    assert part(client, f"/bills/{bill.bill_no}", "tier") == (
        "到 2026 年 11 月底用到第二档 2,920 度 第一档到 2,760 度第二档到 4,800 度第三档以上 "
        "这一年从年初到 2026 年 11 月底，一共用了 2,920 度。那时离第三档还有 1,880 度。"
        "每年 1 月 1 日重新从第一档算起。"
    )


def test_payments_of_the_bill(
    client: FlaskClient, database: Database, user: User, account: Account
) -> None:
    with database.unit_of_work() as session:
        at = datetime(2026, 12, 6, 2, 5, tzinfo=UTC)
        bill = builders.create_bill(session, account, "2026-11", settled_fen=13220, settled_at=at)
        builders.create_posting(
            session, account, 5000, paid_at=at, allocations=[_part(bill, 5000)], channel="counter"
        )
        builders.create_posting(session, account, 777, allocations=[])
    page = says(client, f"/bills/{bill.bill_no}")
    assert "已缴清 ¥132.20 12 月 6 日缴清" in page
    assert part(client, f"/bills/{bill.bill_no}", "paid") == (
        "缴费记录 12 月 6 日 10:05营业厅现金¥50.00 12 月 6 日从余额扣的¥82.20 全部付款记录"
    )
    assert "，其中 ¥82.20 从余额扣" in page


def _part(bill: Bill, fen: int, late_fen: int = 0) -> dict[str, object]:
    return {"bill_no": bill.bill_no, "principal_fen": fen, "late_fee_fen": late_fen}


def test_a_bill_paid_late_says_what_was_paid_on_top(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        at = datetime(2026, 12, 6, 2, 5, tzinfo=UTC)
        bill = builders.create_bill(session, account, "2026-10", settled_fen=13220, settled_at=at)
        other = builders.create_bill(session, account, "2026-09", settled_fen=13220, settled_at=at)
        shares = [_part(other, 13220), _part(bill, 13220, 238)]
        builders.create_posting(session, account, 26678, paid_at=at, allocations=shares)
    page = says(client, f"/bills/{bill.bill_no}")
    assert "已缴清 ¥132.20 12 月 6 日缴清，另付违约金 ¥2.38" in page
    assert "合计¥132.20 缴晚了，另付的违约金+2.38一共付了¥134.58" in page
    assert part(client, f"/bills/{bill.bill_no}", "paid") == (
        "缴费记录 12 月 6 日 10:05微信支付，含违约金 ¥2.38 · 和别的账单一起付的，共 ¥266.78¥134.58"
        " 全部付款记录"
    )


def test_a_bill_taken_from_credit_says_so(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        at = datetime(2026, 12, 3, 2, 5, tzinfo=UTC)
        settled = {"settled_fen": 13220, "settled_at": at}
        bill = builders.create_bill(session, account, "2026-11", **settled)
        corrected = builders.create_bill(session, account, "2026-10", revision=1, **settled)
        nothing = builders.create_bill(session, account, "2026-09", total_fen=0, settled_at=at)
    assert "¥132.20 12 月 3 日从余额里扣了，不用再缴" in says(client, f"/bills/{bill.bill_no}")
    assert "¥132.20 12 月 3 日缴清 " in says(client, f"/bills/{corrected.bill_no}")
    assert "¥0.00 这个月没有要缴的" in says(client, f"/bills/{nothing.bill_no}")


def test_use_is_said_in_one_way_on_all_of_the_page(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        use = {"kwh": {"peak": "106.03", "valley": "108.08"}}
        builders.create_bill(session, account, "2026-10", case=use)
        bill = builders.create_bill(session, account, "2026-11", case=use)
    page = says(client, f"/bills/{bill.bill_no}")
    assert "11 月 1 日到 11 月 30 日214.11 度" in page
    assert "2026 年 10 月214.11 度" in page
    assert "2026 年 11 月214.11 度" in says(client, "/bills")


def test_a_bill_being_credited_is_not_to_be_paid_again(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        pay(session, user, bill)
    page = says(client, f"/bills/{bill.bill_no}")
    assert "到账中 ¥140.20 收到了，正在记账。最迟 10 分钟，不用再付" in page
    assert "button primary" not in client.get(f"/bills/{bill.bill_no}").text
    assert "今天 09:59微信支付¥140.20到账中" in part(client, f"/bills/{bill.bill_no}", "paid")


def test_an_order_that_was_left_is_taken_up_again(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
    page = client.get(f"/bills/{bill.bill_no}").text
    assert f'href="/pay/{order.order_no}">接着付 ¥140.20</a>' in page


def test_a_replaced_bill_leads_to_the_right_one(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        wrong = builders.create_bill(session, account, "2026-11", status="cancelled")
        right = builders.create_bill(session, account, "2026-11", revision=1, total_fen=9000)
    page = client.get(f"/bills/{wrong.bill_no}").text
    assert "这份账单改过了，不用付" in page
    assert f'href="/bills/{right.bill_no}">看改好的那一份' in page
    assert "button primary" not in page


def test_panels_are_credited_on_a_line_of_their_own(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        case = {"kwh": {"peak": "100", "valley": "50"}, "export_kwh": "300"}
        bill = builders.create_bill(session, account, "2026-11", case=case)
    # 56.80 + 14.40 used; 300 x 0.4153 = 124.59 exported.
    page = says(client, f"/bills/{bill.bill_no}")
    assert "−¥53.39" in page
    assert "送上电网的电，抵电费光伏发的、自家没用完的300 度每度 0.4153 元−124.59" in page
    assert "从电网用的电 ¥71.20，光伏送上电网的电抵了 ¥124.59。" in page
    assert "只算从电网用的电，自家发的不占档。" in part(client, f"/bills/{bill.bill_no}", "tier")
    assert "电网该付您的，已经记进余额，下次自动抵" in page


def test_a_factory_sees_demand_and_power_factor(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        case = {
            "tariff": "demo-industrial-2part-demand",
            "kwh": {"peak": "10000", "valley": "10000"},
            "max_demand_kw": "100",
            "kvarh": "9000",
        }
        bill = builders.create_bill(session, account, "2026-11", case=case)
    lines = part(client, f"/bills/{bill.bill_no}", "lines")
    assert "基本电费，按最大需量一个月里最高的一刻钟100 千瓦每千瓦 38.400 元3,840.00" in lines
    assert "政府性基金及附加随电费代收，国家规定20,000 度每度 0.027225 元544.50" in lines
    assert "功率因数 0.91" in lines


@pytest.mark.parametrize("path", ["/bills/{}", "/bills/{}.pdf"])
def test_a_neighbours_bill_does_not_exist(
    client: FlaskClient, database: Database, account: Account, path: str
) -> None:
    with database.unit_of_work() as session:
        _, other = builders.create_customer(session)
        bill = builders.create_bill(session, other, "2026-11")
    for number in (bill.bill_no, "B0", "../bills", "%00"):
        says(client, path.format(number), 404)


def test_a_bill_in_english(client: FlaskClient, bill: Bill) -> None:
    page = says(client, f"/bills/{bill.bill_no}?lang=en")
    assert "Electricity, November 2026" in page
    assert "Peak8:00–22:00178 kWh¥0.568 per kWh101.10" in page
    assert "Why: ¥77.24 more than October" in page


def test_what_changes_is_said_at_the_next_look(
    client: FlaskClient, database: Database, user: User, account: Account, bill: Bill
) -> None:
    path = f"/bills/{bill.bill_no}"
    assert "待缴" in says(client, path)
    assert "Due" in says(client, f"{path}?lang=en")
    assert "待缴" in says(client, f"{path}?lang=zh")
    with database.unit_of_work() as session:
        pay(session, user, bill)
    assert "收到了，正在记账" in says(client, path)
    with database.unit_of_work() as session:
        session.get_one(Account, account.account_no).address = "梧桐里 13 栋 1"
        session.get_one(Bill, bill.bill_no).readings = []
    page = says(client, path)
    assert "梧桐里 13 栋 1" in page
    assert "33017742" not in page


def test_a_helper_sees_the_bill_without_the_days(
    client: FlaskClient, database: Database, user: User, account: Account
) -> None:
    with database.unit_of_work() as session:
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30))
        bill = builders.create_bill(session, account, service_point_no=point.service_point_no)
        bill.period, bill.from_day, bill.to_day = "2026-11", date(2026, 11, 1), date(2026, 11, 30)
    assert "每天用了多少" in says(client, f"/bills/{bill.bill_no}")
    with database.unit_of_work() as session:
        session.execute(update(Link).values(role="payer"))
    page = says(client, f"/bills/{bill.bill_no}")
    assert "每天用了多少" not in page
    assert "怎么算的" in page


def test_a_bill_asks_the_database_little(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30))
        for period in ("2025-11", "2026-08", "2026-09", "2026-10", "2026-11"):
            bill = builders.create_bill(
                session, account, period, service_point_no=point.service_point_no
            )
        paid = builders.create_bill(session, account, "2026-07", settled_fen=13220)
    client.get(f"/bills/{bill.bill_no}")
    for number, most in ((bill.bill_no, 8), (paid.bill_no, 10)):
        with queries() as asked:
            client.get(f"/bills/{number}")
        assert len(asked) <= most, "\n".join(asked)


# ---- on paper ------------------------------------------------------------------------------------


def read_pdf(client: FlaskClient, path: str) -> tuple[PdfReader, str]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    return reader, "".join(page.extract_text() for page in reader.pages)


def test_the_pdf_carries_figures_words_and_its_fonts(client: FlaskClient, bill: Bill) -> None:
    answer = client.get(f"/bills/{bill.bill_no}.pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026-11-5603.pdf"'
    reader, text = read_pdf(client, f"/bills/{bill.bill_no}.pdf")
    assert len(reader.pages) == 1
    for said in ("江城供电", "2026 年 11 月电费", "¥140.20", "峰段", "101.10", "31.10", "8.00"):
        assert said in text
    assert "王*华" in text
    assert "王建华" not in text
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    assert len(fonts) == 2
    for font in fonts.values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"].get_object()
    assert len(answer.data) < 200_000


def spread(text: str) -> str:
    """What a PDF says, without its spaces and line ends."""
    return re.sub(r"\s", "", text)


def test_the_pdf_says_what_the_page_says(client: FlaskClient, bill: Bill) -> None:
    reader, text = read_pdf(client, f"/bills/{bill.bill_no}.pdf")
    assert len(reader.pages) == 1
    said = spread(text)
    for fact in (
        "服务电话96000",
        "待缴",
        "12月18日前缴，还有7天",
        "户号42001187560",
        "梧桐里12栋502",
        "2026年11月1日到11月30日",
        "用电量286度",
        "最迟缴费日2026年12月18日",
        "峰段178度每度0.568元101.10",
        "合计¥140.20",
        "按浙江居民峰谷阶梯电价算的，2012-07版。",
        "33017742用电18,20418,490286",
        "为什么比10月多¥77.24主要是每天用得多",
        "用到了第二档+8.00",
        "到2026年11月底用到第二档2,920度",
        "那时离第三档还有1,880度。",
        f"账单号{bill.bill_no}，截至2026年12月11日",
    ):
        assert fact in said, f"{fact} is not in {said}"


def test_the_pdf_of_a_late_bill_says_how_late(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        open_bill = builders.create_bill(session, account, "2026-10", due=date(2026, 12, 1))
        at = datetime(2026, 11, 6, 2, 5, tzinfo=UTC)
        paid = builders.create_bill(session, account, "2026-09", settled_fen=13220, settled_at=at)
        shares = [_part(paid, 13220, 238)]
        builders.create_posting(session, account, 13458, paid_at=at, allocations=shares)
    late = spread(read_pdf(client, f"/bills/{open_bill.bill_no}.pdf")[1])
    assert "已逾期" in late
    assert "晚了10天，多¥1.32违约金。缴上就停止计算" in late
    assert "到今天的违约金+1.32现在缴¥133.52" in late
    settled = spread(read_pdf(client, f"/bills/{paid.bill_no}.pdf")[1])
    assert "11月6日缴清，另付违约金¥2.38" in settled
    assert "缴晚了，另付的违约金+2.38一共付了¥134.58" in settled


def test_a_rare_letter_is_printed(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, address="㳇圩镇垚岜路 7 号 𠮷")
        bill = builders.create_bill(session, account, "2026-11")
    assert "㳇圩镇垚岜路 7 号" in read_pdf(client, f"/bills/{bill.bill_no}.pdf")[1]


def test_a_long_bill_goes_on_with_its_number_on_every_page(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, account, "2026-11")
        bill.lines = bill.lines * 15
    reader, _text = read_pdf(client, f"/bills/{bill.bill_no}.pdf")
    assert len(reader.pages) > 1
    for page in reader.pages:
        assert bill.bill_no in page.extract_text()


def test_the_pdf_speaks_english(client: FlaskClient, bill: Bill) -> None:
    _, text = read_pdf(client, f"/bills/{bill.bill_no}.pdf?lang=en")
    assert "Jiangcheng Power" in text
    assert "Electricity, November 2026" in text
    assert "Peak" in text


# ---- words ---------------------------------------------------------------------------------------


def test_every_line_reason_and_explanation_has_words(client: FlaskClient) -> None:
    with client.application.test_request_context("/"):
        assert all(name(code) for code in known_codes())
    assert set(REASONS) == set(KNOWN_REASONS)
    assert set(HELP) <= set(EXPLAINS)
