"""Bills, why they are what they are, and what is owed: the figures and the words of the pages."""

from datetime import date

import pytest

from portal.assistant.billing import STATE_WORDS, STATES
from runtime import clock
from runtime.database import Database
from service.models import Account, Bill, Link
from tests.portal.assistant.conftest import HOME, Asker
from tests.portal.places import move_in, pay
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def billed(customer: Asker, database: Database) -> dict[str, str]:
    """September and October are paid, November is not: numbers by month."""
    cases = {
        "2026-09": {"peak": "120", "valley": "80"},
        "2026-10": {"peak": "178", "valley": "108"},
        "2026-11": {"peak": "200", "valley": "120"},
    }
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        found = {
            period: builders.create_bill(session, account, period, case={"kwh": kwh})
            for period, kwh in cases.items()
        }
        for period in ("2026-09", "2026-10"):
            found[period].settled_fen = found[period].total_fen
        return {period: bill.bill_no for period, bill in found.items()}


def test_the_newest_bill(customer: Asker, billed: dict[str, str]) -> None:
    """200 x 0.568 + 120 x 0.288 = 113.60 + 34.56."""
    found = customer.get("/bills").json
    assert found["bills"] == [
        {
            "bill_no": billed["2026-11"],
            "account_no": HOME,
            "label": "家里",
            "month": "2026-11",
            "month_words": "11 月",
            "amount_fen": 14816,
            "amount": "¥148.16",
            "kwh": "320 度",
            "state": "open",
            "state_words": "待缴",
            "due_words": "12 月 18 日前缴，还有 7 天",
            "estimated": False,
        }
    ]
    assert (found["months_words"], found["count"], found["missing"]) == ("最近一期", 1, [])
    assert found["sentence"] == "家里 11 月用了 320 度，¥148.16，12 月 18 日前缴，还有 7 天。"
    assert customer.get("/bills", "en").json["sentence"] == (
        "家里, November: 320 kWh, ¥148.16, Due 18 December, 7 days left."
    )


def test_the_months_that_some_days_touch(customer: Asker, billed: dict[str, str]) -> None:
    found = customer.get("/bills", from_="2026-09-30", to="2026-10-01", account_no=HOME).json
    assert [each["bill_no"] for each in found["bills"]] == [billed["2026-10"], billed["2026-09"]]
    assert [each["state"] for each in found["bills"]] == ["paid", "paid"]
    assert (found["count"], found["amount_fen"], found["kwh"]) == (2, 22340, "486 度")
    assert found["sentence"] == (
        "家里 10 月 ¥132.20。家里 9 月 ¥91.20。9 月到 10 月一共 2 份账单，486 度，¥223.40。"
    )


def test_one_day_alone_stands_for_its_month(customer: Asker, billed: dict[str, str]) -> None:
    for asked in ({"from": "2026-10-31"}, {"to": "2026-10-01"}):
        found = customer.get("/bills", **asked).json
        assert [each["month"] for each in found["bills"]] == ["2026-10"]
        assert found["months_words"] == "10 月"


def test_days_in_the_wrong_order(customer: Asker) -> None:
    answer = customer.get("/bills", from_="2026-10-02", to="2026-10-01")
    assert (answer.status_code, answer.json["code"]) == (400, "period.backwards")


def test_months_without_a_bill_are_named_with_the_reason(
    customer: Asker, billed: dict[str, str], database: Database
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Account, HOME).opened = date(2026, 6, 5)
    found = customer.get("/bills", from_="2026-04-01", to="2026-12-31").json
    assert [(each["month_words"], each["why"], each["sentence"]) for each in found["missing"]] == [
        ("12 月", "not_issued", "家里 12 月的账单还没有出。"),
        (
            "6 月到 8 月",
            "unknown",
            "家里 6 月到 8 月没有账单，这里的记录从 2026 年 9 月开始。",
        ),
        ("4 月到 5 月", "before_supply", "家里 2026 年 6 月才开户，4 月到 5 月没有账单。"),
    ]
    assert found["count"] == 3
    none = customer.get("/bills", from_="2026-05-01", to="2026-05-31").json
    assert (none["bills"], none["amount"], none["kwh"]) == ([], "¥0.00", "0 度")
    assert none["sentence"] == "家里 2026 年 6 月才开户，5 月没有账单。"


def test_a_month_between_bills_is_not_before_the_records(
    customer: Asker, billed: dict[str, str], database: Database
) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        account.opened = date(2020, 1, 1)
        builders.create_bill(session, account, "2026-07")
    found = customer.get("/bills", from_="2025-11-01", to="2026-08-31").json
    assert [each["sentence"] for each in found["missing"]] == [
        "家里 8 月没有账单。",
        "家里 2025 年 11 月到 2026 年 6 月没有账单，这里的记录从 2026 年 7 月开始。",
    ]
    assert found["months_words"] == "2025 年 11 月到 2026 年 8 月"


def test_a_long_time_is_one_sentence_for_each_reason(customer: Asker) -> None:
    found = customer.get("/bills", from_="2000-01-01", to="2099-12-31").json
    assert len(found["missing"]) == 3
    assert {each["why"] for each in found["missing"]} == {
        "not_issued",
        "unknown",
        "before_supply",
    }


def test_an_account_that_was_never_billed(customer: Asker) -> None:
    found = customer.get("/bills").json
    assert [each["why"] for each in found["missing"]] == ["not_issued"]
    assert found["sentence"] == "家里还没有出过账单。"


def test_a_bill_that_is_being_credited(
    customer: Asker, billed: dict[str, str], database: Database
) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        pay(session, customer.user, session.get_one(Bill, billed["2026-11"]))
    (bill,) = customer.get("/bills").json["bills"]
    assert (bill["state"], bill["state_words"], bill["due_words"]) == ("crediting", "到账中", None)
    found = customer.get("/balance").json
    assert (found["owed_fen"], found["accounts"][0]["bills"]) == (0, 0)
    assert found["sentence"] == "家里 ¥148.16 收到了，正在记账。最迟 10 分钟，不用再付。"


def test_bills_of_many_accounts(customer: Asker, database: Database) -> None:
    """Every account has its newest; twelve are told, all are counted."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        for number in range(13):
            account = move_in(session, customer.user, account_no=f"4200118800{number:02}")
            builders.create_bill(session, account, "2026-11", total_fen=1000 + number)
            builders.create_bill(session, account, "2026-10")
    found = customer.get("/bills").json
    assert (len(found["bills"]), found["count"]) == (12, 13)
    assert found["amount_fen"] == sum(range(1000, 1013))
    assert found["sentence"] == (
        f"最近一期一共 13 份账单，{13 * 286:,} 度，¥130.78。家里还没有出过账单。"
    )
    assert [each["label"] for each in found["missing"]] == ["家里"]


def test_the_explanation_is_that_of_the_page(customer: Asker, billed: dict[str, str]) -> None:
    found = customer.get(f"/bills/{billed['2026-11']}/explanation").json
    assert found["bill"]["bill_no"] == billed["2026-11"]
    assert found["against"] == {"month_words": "10 月", "amount": "¥132.20"}
    assert (found["difference_fen"], found["difference"]) == (1596, "+15.96")
    assert found["headline"] == "比 10 月多 ¥15.96"
    assert found["sentences"] == [
        "主要是每天用得多。",
        "天数少：31 天到 30 天，−4.26 元。",
        "每天用得多：每天 9.2 到 10.7 度，+19.98 元。",
        "贵的时段用得多：+0.24 元。",
    ]
    latest = customer.get("/bills/latest/explanation").json
    assert latest == found
    english = customer.get("/bills/latest/explanation", "en").json
    assert english["headline"] == "¥15.96 more than October"


def test_the_first_bill_is_explained_by_its_lines(customer: Asker, billed: dict[str, str]) -> None:
    found = customer.get(f"/bills/{billed['2026-09']}/explanation").json
    assert (found["against"], found["difference_fen"], found["difference"]) == (None, 0, "0.00")
    assert found["headline"] == "没有更早的账单可以比。"
    assert found["sentences"] == [
        "峰段，120 度，每度 0.568 元：¥68.16。",
        "谷段，80 度，每度 0.288 元：¥23.04。",
    ]


def test_an_estimated_bill_says_so(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, session.get_one(Account, HOME), estimated=True)
    found = customer.get("/bills/latest/explanation").json
    assert found["sentences"][-1] == "有几段是估算，读到真数就改。"


def test_no_bill_yet_to_explain(customer: Asker) -> None:
    answer = customer.get("/bills/latest/explanation")
    assert (answer.status_code, answer.json["code"]) == (404, "bill.none_yet")


def test_what_is_owed(customer: Asker, billed: dict[str, str]) -> None:
    found = customer.get("/balance").json
    assert (found["owed_fen"], found["owed"], found["credit_fen"]) == (14816, "¥148.16", 0)
    assert found["accounts"] == [
        {
            "account_no": HOME,
            "label": "家里",
            "owed_fen": 14816,
            "owed": "¥148.16",
            "credit_fen": 0,
            "credit": "¥0.00",
            "bills": 1,
            "overdue": 0,
            "due_words": "12 月 18 日前缴，还有 7 天",
            "prepaid": False,
            "sentence": "家里 11 月电费待缴 ¥148.16，12 月 18 日前缴，还有 7 天。",
        }
    ]
    assert found["sentence"] == found["accounts"][0]["sentence"]


def test_late_charges_to_today_are_in_it(customer: Asker, database: Database) -> None:
    """132.20 since 18 November: 23 days at 1 per mille, 3.04."""
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        builders.create_bill(session, account, "2026-10")
        builders.create_bill(session, account, "2026-11")
    found = customer.get("/balance").json
    assert (found["owed_fen"], found["accounts"][0]["overdue"]) == (2 * 13220 + 304, 1)
    assert found["sentence"] == (
        "家里 2 份账单待缴，一共 ¥267.44，晚了 23 天，多 ¥3.04 违约金。缴上就停止计算。"
    )


def test_several_accounts(customer: Asker, billed: dict[str, str], database: Database) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        move_in(session, customer.user, account_no="420011880001", address="柳巷 7 号")
        ahead = {"settlement": "prepaid", "address": "码头路 21 号", "kind": "commercial"}
        move_in(session, customer.user, account_no="420011880002", balance_fen=-8640, **ahead)
        move_in(session, customer.user, account_no="420011880003", balance_fen=-100)
    found = customer.get("/balance").json
    assert (found["owed_fen"], found["credit_fen"]) == (14816, 8740)
    assert [each["sentence"] for each in found["accounts"][1:]] == [
        "柳巷 7 号没有要缴的。",
        "码头路 21 号余额 ¥86.40。",
        "梧桐里 12 栋 502没有要缴的。余额 ¥1.00，下次自动抵。",
    ]
    assert found["sentence"] == (
        "家里 11 月电费待缴 ¥148.16，12 月 18 日前缴，还有 7 天。"
        "4 个户号里有 1 个要缴，一共 ¥148.16。"
    )
    one = customer.get("/balance", account_no="4200 1188-0002").json
    assert [each["account_no"] for each in one["accounts"]] == ["420011880002"]


@pytest.mark.parametrize("owing", [3, 4])
def test_accounts_are_all_named_or_counted(
    customer: Asker, billed: dict[str, str], database: Database, owing: int
) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        for number in range(owing - 1):
            place = {"account_no": f"42001188000{number}", "address": f"柳巷 {number} 号"}
            builders.create_bill(session, move_in(session, customer.user, **place), "2026-11")
    said = customer.get("/balance").json["sentence"]
    total = "3 个户号里有 3 个要缴，一共 ¥412.56。"
    if owing == 3:
        assert said.count("待缴") == 3
        assert said.endswith(total)
    else:
        assert said == "4 个户号里有 4 个要缴，一共 ¥544.76。"


def test_without_an_account(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        session.query(Link).update({"ended_at": clock.now()})
    assert customer.get("/balance").json["sentence"] == "您还没有绑定户号，绑定以后就能看。"
    assert customer.get("/bills").json["sentence"] == "还没有账单。"
    answer = customer.get("/usage")
    assert (answer.status_code, answer.json["code"]) == (404, "account.none")
    assert customer.get("/context").json["accounts"] == []


def test_every_state_of_a_bill_has_words() -> None:
    assert set(STATES.values()) == set(STATE_WORDS)
