"""What would be paid, where what was paid is, and invoices. No money moves here."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from payments.gateways.base import Trade, TradeState
from payments.invoices import titles
from payments.invoices.models import Invoice
from payments.models import Order
from payments.whereabouts import Seeker
from portal.app import create_app
from portal.payments import where
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from service.models import Account, Bill, User
from tests.portal.assistant.conftest import HOME, Asker, Books
from tests.portal.places import move_in, pay, started
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")
SHOP = "420022660318"


@pytest.fixture
def due(customer: Asker, database: Database) -> list[Bill]:
    """October, 132.20 and 3.04 late, and November of the home; a shop that pays ahead."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        ahead = {"settlement": "prepaid", "address": "码头路 21 号"}
        move_in(session, customer.user, account_no=SHOP, **ahead)
        account = session.get_one(Account, HOME)
        return [builders.create_bill(session, account, each) for each in ("2026-10", "2026-11")]


def quote(asker: Asker, **told: Any) -> Any:
    return asker.post("/payments/quote", told)


def orders(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Order)) or 0


def test_all_that_is_owed(customer: Asker, due: list[Bill], database: Database) -> None:
    found = quote(customer).json
    assert found == {
        "accounts": [
            {
                "account_no": HOME,
                "label": "家里",
                "tail": "5603",
                "amount_fen": 26744,
                "amount": "¥267.44",
            }
        ],
        "amount_fen": 26744,
        "amount": "¥267.44",
        "channel": None,
        "channel_words": None,
        "kind": "bills",
        "sentence": "给家里（尾号 5603）缴 ¥267.44。",
    }
    assert orders(database) == 0


def test_one_bill(customer: Asker, due: list[Bill]) -> None:
    found = quote(customer, bill_no=due[0].bill_no, channel="counter").json
    assert (found["amount_fen"], found["kind"]) == (13524, "bills")
    assert found["channel_words"] == "营业厅现金"
    assert found["sentence"] == "给家里（尾号 5603）缴 ¥135.24，用营业厅现金。"


def test_a_sum_of_ones_own(customer: Asker, due: list[Bill]) -> None:
    credit = quote(customer, account_no=HOME, amount_fen=20000).json
    assert (credit["kind"], credit["amount_fen"]) == ("credit", 20000)
    assert credit["sentence"] == (
        "给家里（尾号 5603）缴 ¥200.00，先抵待缴的账单，余下的留在余额里。"
    )
    topup = quote(customer, account_no=SHOP, amount_fen=20000.0).json
    assert topup["kind"] == "topup"
    assert topup["sentence"] == "给码头路 21 号（尾号 0318）充 ¥200.00。"


def test_several_accounts(customer: Asker, due: list[Bill], database: Database) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        for number in range(3):
            each = move_in(session, customer.user, account_no=f"4200118800{number:02}")
            builders.create_bill(session, each, "2026-11", total_fen=1000)
    named = [HOME, "420011880000", "4200 1188 0000"]
    found = quote(customer, account_nos=named).json
    assert [each["amount_fen"] for each in found["accounts"]] == [26744, 1000]
    assert found["sentence"] == (
        "给家里（尾号 5603）缴 ¥267.44，给梧桐里 12 栋 502（尾号 0000）缴 ¥10.00，一共 ¥277.44。"
    )
    every = quote(customer).json
    assert every["sentence"] == "给 4 个户号缴费，一共 ¥297.44。"


@pytest.mark.parametrize(
    ("told", "status", "code", "sentence"),
    [
        ({"account_no": HOME, "amount_fen": 99}, 400, "payment.amount_too_small", "最少缴 ¥1.00。"),
        (
            {"account_no": HOME, "amount_fen": 5_000_001},
            400,
            "payment.amount_too_large",
            "一次最多缴 ¥50,000.00，可以分几次缴。",
        ),
        ({"account_no": HOME, "amount_fen": -100}, 400, "payment.amount_too_small", None),
        ({"account_no": SHOP}, 409, "payment.amount_missing", "这一户是先充后用，要充多少？"),
        ({"amount_fen": 20000}, 409, "account.which", "您有 2 个户号，要看哪一个？"),
        ({"bill_no": "B1", "amount_fen": 200}, 400, "payment.bill_and_amount", None),
        ({"channel": "wechat"}, 400, "gateway.not_offered", None),
        ({"channel": "cheque"}, 400, "malformed", None),
        ({"amount_fen": 12.5}, 400, "malformed", None),
        ({"account_nos": []}, 400, "malformed", None),
    ],
)
def test_what_cannot_be_paid(
    customer: Asker,
    due: list[Bill],
    told: dict[str, Any],
    status: int,
    code: str,
    sentence: str | None,
) -> None:
    answer = quote(customer, **told)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert sentence in (None, answer.json["sentence"])


def test_nothing_is_owed(customer: Asker, database: Database) -> None:
    answer = quote(customer)
    assert (answer.status_code, answer.json["code"]) == (409, "payment.nothing_owed")
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        bill = builders.create_bill(session, account, settled_fen=13220)
    answer = quote(customer, bill_no=bill.bill_no)
    assert (answer.status_code, answer.json["code"]) == (409, "bill.settled")


def test_money_that_is_on_its_way_is_not_asked_for_again(
    customer: Asker, due: list[Bill], database: Database
) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        pay(session, customer.user, due[0])
    assert quote(customer).json["amount_fen"] == 13220
    answer = quote(customer, bill_no=due[0].bill_no)
    assert (answer.status_code, answer.json["code"]) == (409, "bill.being_credited")


def test_what_somebody_else_is_paying(customer: Asker, due: list[Bill], database: Database) -> None:
    """The own order that waits can be gone on with; another's must end first."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        started(session, customer.user, due[0])
        other = builders.create_user(session)
        builders.create_link(session, other, session.get_one(Account, HOME), "payer")
        started(session, other, due[1])
    assert quote(customer).json["amount_fen"] == 13524
    answer = quote(customer, bill_no=due[1].bill_no)
    assert (answer.status_code, answer.json["code"]) == (409, "bill.being_paid")
    assert answer.json["sentence"] == "有人正在付这张账单。10:15 还没付成，您再来付。"


def test_whoever_may_not_pay(neighbour: Asker, customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        user = session.get_one(User, neighbour.user.id if neighbour.user else 0)
        builders.create_link(session, user, session.get_one(Account, HOME), "enterprise_energy")
        builders.create_bill(session, session.get_one(Account, HOME))
    answer = quote(neighbour, account_no=HOME)
    assert (answer.status_code, answer.json["code"]) == (403, "account.not_allowed")
    assert quote(neighbour).json["code"] == "payment.nothing_owed"


def test_no_payment_yet(customer: Asker) -> None:
    found = customer.get("/payments").json
    assert found == {"payments": [], "sentence": "您还没有在这里付过款。"}


def test_where_the_last_payment_is(
    customer: Asker, due: list[Bill], database: Database, core: Books
) -> None:
    """All sides are asked about the newest alone, and a side that is away is said to be."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        earlier = pay(session, customer.user, due[0], at=clock.now() - timedelta(days=2))
        last = pay(session, customer.user, due[1])
    found = customer.get("/payments").json
    assert [each["order_no"] for each in found["payments"]] == [last.order_no, earlier.order_no]
    assert found["payments"][0] == {
        "order_no": last.order_no,
        "at_words": "今天 09:59",
        "amount": "¥132.20",
        "channel_words": "微信支付",
        "state": "crediting",
        "sentence": "钱我们 09:59 收到了，正在记账，最迟 10:09 记上，不用再付。",
    }
    assert found["payments"][1]["sentence"] == ("12 月 9 日 10:00 用微信付 ¥132.20，到账中。")
    assert found["sentence"] == (
        "最近一笔：今天 09:59，¥132.20，微信支付。"
        "钱我们 09:59 收到了，正在记账，最迟 10:09 记上，不用再付。"
    )
    assert core.asked == 1
    core.away = True
    assert customer.get("/payments").json["payments"][0]["sentence"] == (
        "钱在我们这里，账务系统暂时没有回音，最迟 10:09 会记上，不用再付。"
    )


class Waiting:
    """A cashier that knows an order, and says of it what it is told to say."""

    name = "wechat"
    said = TradeState.AWAITING

    def query(self, order_no: str) -> Trade:
        paid = self.said is TradeState.PAID
        figures = {"amount_fen": 13220, "trade_no": "T1", "paid_at": clock.now()}
        return Trade(order_no, self.said, **(figures if paid else {}))


@pytest.fixture
def cashier(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """The cashier whom a seeker asks; everything else is as it is."""
    found, seeker = Waiting(), where.seeker

    def asking(patience: float) -> Seeker:
        return replace(seeker(patience), gateways={found.name: found})

    monkeypatch.setattr(where, "seeker", asking)
    return found


def test_a_payment_at_a_cashier_counts(
    customer: Asker, due: list[Bill], database: Database, cashier: Waiting
) -> None:
    """Its cashier is asked, whatever was paid before; what he has been paid is received."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        pay(session, customer.user, due[0], at=clock.now() - timedelta(days=2))
        waiting = started(session, customer.user, due[1])
    found = customer.get("/payments").json
    assert [each["state"] for each in found["payments"]] == ["awaiting", "crediting"]
    assert found["payments"][0]["order_no"] == waiting.order_no
    assert found["sentence"] == (
        "有一笔 ¥132.20 正在等支付结果。微信说这笔还没有付，钱没有扣，10:15 前付都有效。"
    )
    cashier.said = TradeState.PAID
    found = customer.get("/payments").json
    assert found["payments"][0]["state"] == "crediting"
    assert found["payments"][0]["sentence"].endswith("不用再付。")
    assert found["sentence"].startswith("最近一笔：今天 10:00，¥132.20，微信支付。钱我们 ")


def test_a_cashier_who_does_not_answer(
    customer: Asker, due: list[Bill], database: Database
) -> None:
    """Nobody says that nothing was paid; nor after so many questions that nobody is asked."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        started(session, customer.user, due[1])
    first = "有一笔 ¥132.20 正在等支付结果。"
    assert customer.get("/payments").json["sentence"] == (
        f"{first}微信暂时没有回音，付没付成还不知道，先别再付，最晚 10:25 给您准信。"
    )
    for _ in range(20):
        last = customer.get("/payments").json
    assert last["sentence"] == f"{first}今天 10:00 用微信付 ¥132.20，结果还没来，先别再付。"


def test_an_order_that_never_went_to_a_cashier_is_no_payment(
    customer: Asker, due: list[Bill], database: Database
) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        started(session, customer.user, due[1]).status = "created"
    assert customer.get("/payments").json["sentence"] == "您还没有在这里付过款。"


def test_nobody_asks_the_gateways_all_day(
    customer: Asker, due: list[Bill], database: Database, core: Books
) -> None:
    """After twenty times the books alone are read, until some time has passed."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        pay(session, customer.user, due[0])
    for _ in range(21):
        last = customer.get("/payments").json["payments"][0]
    assert core.asked == 20
    assert last["sentence"] == "今天 09:59 用微信付 ¥132.20，到账中。"


@pytest.fixture
def paid(customer: Asker, database: Database) -> list[str]:
    """September and October, paid and not invoiced."""
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        found = [builders.create_bill(session, account, each) for each in ("2026-09", "2026-10")]
        for bill in found:
            bill.settled_fen = bill.total_fen
        return [bill.bill_no for bill in found]


def title(customer: Asker, database: Database, name: str = "王建华") -> int:
    with database.unit_of_work() as session:
        assert customer.user is not None
        return titles.add_title(session, customer.user.id, "personal", name, "").id


def test_what_can_be_invoiced(customer: Asker, paid: list[str], database: Database) -> None:
    none = customer.get("/invoices/offer").json
    assert (none["titles"], none["default_title"]) == ([], None)
    assert none["sentence"] == (
        "9 月到 10 月有 2 份账单可以开票，一共 ¥264.40。先在“发票”里添加一个抬头。"
    )
    kept = title(customer, database)
    found = customer.get("/invoices/offer", from_="2026-10-01").json
    assert [each["bill_no"] for each in found["bills"]] == [paid[1]]
    assert (found["months_words"], found["amount"]) == ("10 月", "¥132.20")
    assert found["titles"] == [{"id": kept, "name": "王*华", "kind": "personal"}]
    assert found["default_title"] == kept
    assert found["sentence"] == "10 月有 1 份账单可以开票，一共 ¥132.20。"
    empty = customer.get("/invoices/offer", from_="2026-01-01").json
    assert empty["sentence"] == "1 月没有能开票的账单：缴清了、没开过票的才能开。"


def test_a_firm_s_title_is_read_whole(customer: Asker, paid: list[str], database: Database) -> None:
    """Whatever the firm is called: what it is stands with the title, not in its name."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        titles.add_title(
            session, customer.user.id, "enterprise", "江边冷饮馆", "91420100MA00000012"
        )
    (shown,) = customer.get("/invoices/offer").json["titles"]
    assert (shown["name"], shown["kind"]) == ("江边冷饮馆", "enterprise")


def test_an_invoice_is_of_one_account(customer: Asker, paid: list[str], database: Database) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        other = move_in(session, customer.user, account_no="420011880001")
        move_in(session, customer.user, account_no="420011880002")
        bill = builders.create_bill(session, other)
        bill.settled_fen = bill.total_fen
    answer = customer.get("/invoices/offer")
    assert (answer.status_code, answer.json["code"]) == (409, "account.which")
    assert [each["account_no"] for each in answer.json["accounts"]] == [HOME, "420011880001"]
    found = customer.get("/invoices/offer", account_no="420011880001").json
    assert [each["bill_no"] for each in found["bills"]] == [bill.bill_no]


def test_asking_for_an_invoice_twice_asks_once(
    customer: Asker, paid: list[str], database: Database
) -> None:
    told = {"bill_nos": paid, "title_id": title(customer, database), "key": "key-00000001"}
    first, again = (customer.post("/invoices", told) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json == again.json
    assert (first.json["state"], first.json["invoice_no"]) == ("asked", None)
    assert first.json["sentence"] == "申请了 ¥264.40 的电子发票，开好了在“发票”里看。"
    with database.unit_of_work() as session:
        invoice = session.scalars(select(Invoice)).one()
        assert invoice.request_no == first.json["request_no"]
        invoice.state, invoice.reason = "refused", "title"
    assert customer.post("/invoices", told).json["state"] == "refused"
    taken = customer.post("/invoices", {**told, "key": "key-00000002"})
    assert (taken.status_code, taken.json["code"]) == (409, "invoice.bill_taken")


def test_an_invoice_that_cannot_be_made_out(
    customer: Asker, paid: list[str], database: Database
) -> None:
    kept = title(customer, database)
    for told, status, code in (
        ({"title_id": kept + 1}, 404, "title.not_found"),
        ({"bill_nos": ["B0"]}, 404, "bill.not_found"),
        ({"email": "nobody"}, 400, "mail.malformed"),
        ({"bill_nos": []}, 400, "malformed"),
        ({"key": "short"}, 400, "malformed"),
    ):
        body = {"bill_nos": paid, "title_id": kept, "key": "key-00000009", **told}
        answer = customer.post("/invoices", body)
        assert (answer.status_code, answer.json["code"]) == (status, code), told
    with database.reading() as session:
        assert session.scalar(select(Invoice.id)) is None


def test_where_no_invoices_are_made(
    customer: Asker,
    settings: PortalSettings,
    database: Database,
    core: Books,
    settings_env: pytest.MonkeyPatch,
) -> None:
    settings_env.delenv("DENGHUO_INVOICE_URL")
    bare = Asker(create_app(settings, database, core), customer.ref)
    told = {"bill_nos": ["B1"], "title_id": 1, "key": "key-00000001"}
    for answer in (bare.get("/invoices/offer"), bare.post("/invoices", told)):
        assert (answer.status_code, answer.json["code"]) == (503, "invoice.not_offered")
