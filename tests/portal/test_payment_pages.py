"""Payments as their customer looks back on them: the list, one of them, its receipt, its money."""

import io
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, cast

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from payments import posting
from payments.gateways.base import Product
from payments.ledger.booking import POSTED as IN_CORE
from payments.ledger.booking import RECEIVED, Kind, book
from payments.models import Order, PostingTask
from payments.orders import Selection, start_order
from payments.receipts import record
from payments.refunds import making
from payments.whereabouts import AtGateway, InCore, Whereabouts, WithUs
from portal.payments.capitals import capital
from portal.payments.where import RULES, sentence
from runtime import clock
from runtime.database import Database
from runtime.errors import Unavailable
from service.core_client import Booked, CoreClient, Posted
from service.models import Account, Bill, User
from tests.payments.refunds.doubles import Core, Till
from tests.portal.conftest import CoreThatKnows, form_token, post, sign_in
from tests.portal.conftest import create_user as register
from tests.portal.places import move_in, named, part, pay, queries, says, started, words
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")

PAID = datetime(2026, 12, 6, 12, 14, tzinfo=UTC)
POSTED = PAID + timedelta(seconds=2)
NUMBER = "420011875603"


@pytest.fixture
def bill(database: Database, user: User) -> Bill:
    """November of the user's own home, 132.20 yuan."""
    with database.unit_of_work() as session:
        return builders.create_bill(session, move_in(session, user, account_no=NUMBER), "2026-11")


@pytest.fixture
def paid(database: Database, user: User, bill: Bill) -> Order:
    """The bill paid by WeChat at 20:14 on 6 December, and not posted yet."""
    with database.unit_of_work() as session:
        return pay(session, user, bill, at=PAID)


def posted(database: Database, order: Order) -> None:
    """The core has taken all of an order."""
    with database.unit_of_work() as session:
        row = session.get_one(Order, order.id)
        for task in row.tasks:
            task.posting_no, task.posted_at = f"P{task.id}", POSTED
            book(
                session,
                Kind.POSTING,
                task.idempotency_key,
                debit=RECEIVED,
                credit=IN_CORE,
                amount_fen=task.amount_fen,
                order_no=row.order_no,
            )
        row.status, row.posted_at = "posted", POSTED


# ---- the list ------------------------------------------------------------------------------------


def test_a_payment_stands_under_its_month_with_its_state(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    assert part(client, "/payments?account=all", "m2026-12") == (
        "2026 年 12 月 12 月 6 日 20:14微信支付梧桐里 12 栋 502¥132.20到账中"
    )
    posted(database, paid)
    assert "¥132.20已记账" in says(client, "/payments?account=all")
    assert f'href="/payments/{paid.order_no}"' in client.get("/payments").text


def test_who_else_paid_for_the_account_is_named_and_leads_nowhere(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        son = builders.create_user(session, name="王小明")
        order = pay(session, son, bill, at=PAID)
    page = client.get(f"/payments?account={NUMBER}").text
    assert "微信支付 · 王*明付的" in words(page)
    assert order.order_no not in page
    assert "您还没有付过" in says(client, "/payments?account=all")


def test_what_is_unknown_is_called_so_and_what_failed_is_news_for_three_days(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    assert "¥132.20还没结果" in says(client, "/payments?account=all")
    with database.unit_of_work() as session:
        row = session.get_one(Order, order.id)
        row.status, row.close_reason = "closed", "gateway_failed"
    assert "¥132.20没有付成" in says(client, "/payments?account=all")
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        sign_in(client)
        assert "您还没有付过" in says(client, "/payments?account=all")


def test_an_order_that_nobody_paid_is_no_payment(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
    assert "您还没有付过" in says(client, "/payments?account=all")
    answer = client.get(f"/payments/{order.order_no}")
    assert (answer.status_code, answer.location) == (303, f"/pay/{order.order_no}")


def test_a_long_list_comes_in_pages(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        for number in range(23):
            bill = builders.create_bill(session, account, "2026-11")
            pay(session, user, bill, at=PAID - timedelta(days=number))
    first = client.get("/payments?account=all").text
    assert first.count('href="/payments/D') == 20
    assert 'href="/payments?account=all&amp;page=2">更早的' in first
    second = client.get("/payments?account=all&page=2").text
    assert second.count('href="/payments/D') == 3
    assert 'href="/payments?account=all">更近的' in second
    assert "没有更早的了" in says(client, "/payments?account=all&page=9")


@pytest.mark.parametrize("path", ["/payments?account=420099999999", "/payments?page=0"])
def test_an_address_that_is_nobodys_is_none(client: FlaskClient, bill: Bill, path: str) -> None:
    assert client.get(path).status_code == 404


# ---- one payment ---------------------------------------------------------------------------------


def test_the_page_says_what_was_paid_and_when_it_was_credited(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    posted(database, paid)
    page = says(client, f"/payments/{paid.order_no}")
    assert "方式微信支付 付款时间2026 年 12 月 6 日 20:14" in page
    assert "11 月电费" in page
    assert "12 月 6 日 20:14记账" in page
    assert "已记账" in page


def test_a_refund_shows_how_far_it_is(client: FlaskClient, database: Database, paid: Order) -> None:
    with database.unit_of_work() as session:
        making.give_back_whole(session, session.get_one(Order, paid.id), "paid_elsewhere")
    page = client.get(f"/payments/{paid.order_no}").text
    said = words(page)
    assert "退款 ¥132.20" in said
    assert "定了要退今天 10:00" in said
    assert "交给微信正在办" in said
    assert "从账上取出" not in said  # it never was there
    assert page.count('data-state="done"><b>定了要退') == 1


@pytest.mark.parametrize("path", ["", "/receipt.pdf"])
def test_for_a_neighbour_there_is_no_payment(
    app: Flask, client: FlaskClient, database: Database, paid: Order, path: str
) -> None:
    assert client.get(f"/payments/{paid.order_no}{path}").status_code == 200
    register(database, "13800002047")
    neighbour = app.test_client()
    sign_in(neighbour, "13800002047")
    there = neighbour.get(f"/payments/{paid.order_no}{path}")
    none = neighbour.get(f"/payments/D0{path}")
    assert (there.status_code, none.status_code) == (404, 404)
    assert there.text.replace(paid.order_no, "D0") == none.text
    assert post(neighbour, f"/payments/{paid.order_no}/where").status_code == 404
    assert neighbour.get(f"/payments?account={NUMBER}").status_code == 404
    assert neighbour.get(f"/payments/low-balance/{NUMBER}").status_code == 404
    assert post(neighbour, f"/payments/low-balance/{NUMBER}", below="5000").status_code == 404


def test_who_sees_the_account_does_not_see_the_payment_of_another(
    app: Flask, database: Database, paid: Order
) -> None:
    helper = register(database, "13800002047")
    with database.unit_of_work() as session:
        order = session.get_one(Order, paid.id)
        account = session.get_one(Account, order.items[0].account_no)
        builders.create_link(session, session.get_one(User, helper.id), account, "family_helper")
    client = app.test_client()
    sign_in(client, "13800002047")
    assert client.get(f"/payments/{paid.order_no}").status_code == 404
    assert "¥132.20" in says(client, f"/payments?account={NUMBER}")


# ---- one payment over many accounts --------------------------------------------------------------


@dataclass
class PickyCore(Core):
    """A core that does not take the money of one account."""

    refuses: str | None = None
    asked: list[str] = field(default_factory=list)

    def post(self, *, key: str, account_no: str, amount_fen: int, **given: Any) -> Posted:
        self.asked.append(key)
        if account_no == self.refuses:
            raise Unavailable("core.unavailable")
        return super().post(key=key, account_no=account_no, amount_fen=amount_fen, **given)


@dataclass(frozen=True)
class Firm:
    """One payment over forty accounts, ¥100.00 each, of which thirty-nine are posted."""

    order_no: str
    account_nos: list[str]
    core: PickyCore


@pytest.fixture
def firm(database: Database, user: User) -> Firm:
    with database.unit_of_work() as session:
        bills = [
            builders.create_bill(
                session, move_in(session, user, "enterprise_finance"), "2026-11", total_fen=10000
            )
            for _ in range(40)
        ]
        chosen = Selection(bill_nos=tuple(bill.bill_no for bill in bills))
        order = start_order(session, user.id, chosen, "wechat", Product.NATIVE, "form-1")
    till = Till()
    with database.unit_of_work() as session:
        record(session, till, till.pay(order.order_no, 400000, "4200-1"), "callback")
    numbers = [bill.account_no for bill in bills]
    core = PickyCore(refuses=numbers[7])
    with pytest.raises(posting.NotPosted):
        posting.post_order(database, cast(CoreClient, core), order.order_no)
    return Firm(order.order_no, numbers, core)


def test_forty_accounts_are_posted_each_by_itself(database: Database, firm: Firm) -> None:
    """The one that failed is asked for again, alone, with its own key."""
    keys = [f"{firm.order_no}:{number}" for number in firm.account_nos]
    assert sorted(firm.core.asked) == sorted(keys)
    assert sorted(firm.core.posted) == sorted(set(keys) - {keys[7]})
    firm.core.asked.clear()
    firm.core.refuses = None
    posting.post_order(database, cast(CoreClient, firm.core), firm.order_no)
    assert firm.core.asked == [keys[7]]
    assert firm.core.posted == dict.fromkeys(keys, 10000)
    with database.unit_of_work() as session:
        tasks = session.scalars(select(PostingTask)).all()
        assert {task.account_no: task.attempts for task in tasks if task.attempts} == {
            firm.account_nos[7]: 1
        }
        assert session.scalars(select(Order.status)).one() == "posted"


def test_each_account_shows_its_own_state(
    client: FlaskClient, database: Database, firm: Firm
) -> None:
    page = client.get(f"/payments/{firm.order_no}").text
    said = words(page)
    assert "40 个户号，39 个已经记上，1 个还在记。不用再付。" in said
    assert (said.count("¥100.00已记账"), said.count("¥100.00到账中")) == (39, 1)
    first = said[said.index("付给 40 个户号") :]
    assert first.index("账务系统还没收下，我们接着试") < first.index("已记账")
    assert "40 个户号¥4,000.00到账中" in says(client, "/payments?account=all")
    assert "¥100.00到账中" in says(client, f"/payments?account={firm.account_nos[7]}")
    firm.core.refuses = None
    posting.post_order(database, cast(CoreClient, firm.core), firm.order_no)
    assert words(client.get(f"/payments/{firm.order_no}").text).count("¥100.00已记账") == 40


def test_the_page_of_forty_asks_no_more_than_that_of_one(
    client: FlaskClient, firm: Firm, bill: Bill, paid: Order
) -> None:
    client.get(f"/payments/{paid.order_no}")
    with queries() as one:
        client.get(f"/payments/{paid.order_no}")
    with queries() as forty:
        client.get(f"/payments/{firm.order_no}")
    assert len(forty) == len(one)


def test_the_receipt_of_forty_names_them_all(client: FlaskClient, firm: Firm) -> None:
    text, pages = receipt(client, firm.order_no)
    assert all(builders_grouped(number) in text for number in firm.account_nos)
    assert "肆仟元整" in text
    assert "1 个户号还在记" in text
    assert pages > 1


# ---- the receipt ---------------------------------------------------------------------------------


def receipt(client: FlaskClient, order_no: str, query: str = "") -> tuple[str, int]:
    """The words of the paper, and how many pages it has."""
    answer = client.get(f"/payments/{order_no}/receipt.pdf{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.data)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)), len(pages)


def builders_grouped(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, 12, 4))


def test_the_receipt_says_all_there_is_to_say(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    posted(database, paid)
    with database.unit_of_work() as session:
        session.get_one(Order, paid.id).trade_no = "4200002026120600000001"
    text, pages = receipt(client, paid.order_no)
    assert pages == 1
    for said in (
        "江城供电",
        "收据，不作发票",
        "¥132.20",
        "壹佰叁拾贰元贰角整",
        paid.order_no,
        "138 **** 2046",
        "微信支付",
        "4200002026120600000001",
        "2026 年 12 月 6 日 20:14",
        "4200 1187 5603",
        f"2026 年 11 月电费，账单号 {paid.items[0].bill_no}",
    ):
        assert said in text, said


def test_the_receipt_speaks_english(client: FlaskClient, paid: Order) -> None:
    text, _pages = receipt(client, paid.order_no, "?lang=en")
    assert "Receipt, not a tax invoice" in text
    assert "WeChat Pay" in text
    assert "壹佰叁拾贰元贰角整" in text  # capital figures are what they are


def test_without_money_there_is_no_receipt(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    assert client.get(f"/payments/{order.order_no}").status_code == 200
    assert client.get(f"/payments/{order.order_no}/receipt.pdf").status_code == 404


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (60, "陆角整"),
        (1005, "壹拾元零伍分"),
        (14951, "壹佰肆拾玖元伍角壹分"),
        (101010, "壹仟零壹拾元壹角整"),
        (150000, "壹仟伍佰元整"),
        (10000000, "壹拾万元整"),
        (1680_32, "壹仟陆佰捌拾元叁角贰分"),
        (107000_53, "壹拾万柒仟元伍角叁分"),
    ],
)
def test_capital_figures(fen: int, said: str) -> None:
    assert capital(fen) == f"人民币{said}"


# ---- where the money is --------------------------------------------------------------------------

FOUND = Whereabouts(
    gateway=AtGateway.PAID,
    ours=WithUs.POSTED,
    core=InCore.ALL,
    way="wechat",
    paid_at=datetime(2026, 12, 11, 1, 14, tzinfo=UTC),
    received_at=datetime(2026, 12, 11, 1, 14, 1, tzinfo=UTC),
    posted_at=datetime(2026, 12, 11, 1, 14, 2, tzinfo=UTC),
    returned_at=datetime(2026, 12, 11, 1, 50, tzinfo=UTC),
    posted=(NUMBER,),
    waiting=("420011875604", "420011875605"),
    expires_at=datetime(2026, 12, 11, 3, tzinfo=UTC),
    credited_by=datetime(2026, 12, 11, 2, 24, tzinfo=UTC),
    certain_by=datetime(2026, 12, 11, 2, 30, tzinfo=UTC),
)
EVERY = [*product(AtGateway, WithUs, InCore)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_combination_has_its_sentence(app: Flask, language: str) -> None:
    end, said = {"zh": "。", "en": "."}[language], set()
    with app.test_request_context(f"/?lang={language}"):
        for gateway, ours, core in EVERY:
            text = sentence(replace(FOUND, gateway=gateway, ours=ours, core=core))
            said.add(text)
            assert text.endswith(end), text
            assert text.count("。") == (language == "zh"), text
            assert not re.search(r"%\(|None|  ", text), text
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh"), text
    assert len(said) == len(RULES)  # no rule that is never reached, none that says the same


def test_nothing_is_promised_that_is_not_true(app: Flask) -> None:
    """Money that we hold is never to be paid again; nobody reads that it was taken when not."""
    with app.test_request_context("/"):
        for gateway, ours, core in EVERY:
            text = sentence(replace(FOUND, gateway=gateway, ours=ours, core=core))
            before = ours in (WithUs.OPEN, WithUs.LAPSED, WithUs.CLOSED)
            assert ("重新付" in text) <= (before and gateway is not AtGateway.PAID), text
            assert ("钱没有扣" in text) <= (before and core in (InCore.NONE, InCore.AWAY)), text
            if ours in (WithUs.RECEIVED, WithUs.DELAYED) and core is not InCore.ALL:
                assert "不用再付" in text, text


@pytest.mark.parametrize(
    ("gateway", "ours", "core", "said"),
    [
        (
            "paid",
            "posted",
            "all",
            "微信说 09:14 付成了，我们 09:14 收到，09:14:02 记进了户号 …5603 的账上。",
        ),
        ("unpaid", "open", "none", "微信说这笔还没有付，钱没有扣，11:00 前付都有效。"),
        (
            "paid",
            "received",
            "away",
            "钱在我们这里，账务系统暂时没有回音，最迟 10:24 会记上，不用再付。",
        ),
        (
            "away",
            "received",
            "some",
            "钱我们 09:14 收到了，1 个户号已经记上，还有 2 个正在记，最迟 10:24 记好，不用再付。",
        ),
    ],
)
def test_the_sentence(app: Flask, gateway: str, ours: str, core: str, said: str) -> None:
    found = replace(FOUND, gateway=AtGateway(gateway), ours=WithUs(ours), core=InCore(core))
    with app.test_request_context("/"):
        assert sentence(found) == said


class CoreWithBooks(CoreThatKnows):
    """A core that has posted nothing, or does not answer."""

    away = False

    def booked(self, order_no: str) -> Booked:
        if self.away:
            raise Unavailable("core.unavailable")
        return Booked((), ())


@pytest.fixture
def core() -> CoreWithBooks:
    return CoreWithBooks()


def test_asking_says_it_on_the_page(client: FlaskClient, core: CoreWithBooks, paid: Order) -> None:
    """No gateway is set up here: it counts as away."""
    answer = post(client, f"/payments/{paid.order_no}/where")
    assert "钱我们 12 月 6 日 20:14 收到了" in words(answer.text)
    core.away = True
    answer = post(client, f"/payments/{paid.order_no}/where")
    assert "钱在我们这里，账务系统一直没有回音" in words(answer.text)


@pytest.mark.parametrize(
    ("status", "badge", "said"),
    [
        ("awaiting", "还没有付", "微信暂时没有回音，付没付成还不知道，先别再付"),
        ("closed", "没有付成", "这一笔已经关上，我们没有收到钱，微信暂时没有回音"),
    ],
)
def test_what_was_not_paid_can_be_asked_about_too(
    client: FlaskClient,
    database: Database,
    user: User,
    bill: Bill,
    status: str,
    badge: str,
    said: str,
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
        order.status = status
    page = post(client, f"/payments/{order.order_no}/where").text
    assert f"付款{badge} ¥132.20 {said}" in words(page)
    assert f'href="/pay/{order.order_no}">回到付款页' in page


def test_nobody_asks_without_end(client: FlaskClient, paid: Order) -> None:
    token = form_token(client, f"/payments/{paid.order_no}")
    asked = [
        client.post(f"/payments/{paid.order_no}/where", data={"csrf_token": token}).status_code
        for _ in range(21)
    ]
    assert asked == [200] * 20 + [429]


def test_an_unknown_result_offers_to_ask(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    for path in (f"/pay/{order.order_no}", f"/payments/{order.order_no}"):
        assert f'action="/payments/{order.order_no}/where"' in client.get(path).text


# ---- a helper pays for a parent ------------------------------------------------------------------


def test_the_child_sees_whose_account_and_the_parent_who_paid(
    app: Flask, client: FlaskClient, database: Database, user: User
) -> None:
    parent = register(database, "13800002047")
    with database.unit_of_work() as session:
        session.get_one(User, user.id).name = "王小明"
        home = move_in(session, session.get_one(User, parent.id), phone="13800002047")
        builders.create_link(session, user, home, "family_helper")
        named(session, user, home, "爸妈家")
        bill = builders.create_bill(session, home, "2026-11")
    assert "爸妈家" in says(client, f"/pay/confirm?bill={bill.bill_no}")
    with database.unit_of_work() as session:
        order = pay(session, session.get_one(User, user.id), bill, at=PAID)
    assert "爸妈家" in says(client, f"/pay/{order.order_no}")
    assert "爸妈家" in says(client, f"/payments/{order.order_no}")
    assert "爸妈家" in says(client, "/payments?account=all")
    theirs = app.test_client()
    sign_in(theirs, "13800002047")
    assert "王*明缴了 ¥132.20" in part(theirs, "/", "news")
    theirs.set_cookie("view", "elder")
    assert "王*明 12 月 6 日替您缴了 ¥132.20。" in says(theirs, "/")
    assert "王*明付的" in says(theirs, "/payments")
    client.set_cookie("view", "elder")
    assert "替您缴了" not in says(client, "/")


# ---- a balance that may sink ---------------------------------------------------------------------


@pytest.fixture
def prepaid(database: Database, user: User) -> str:
    """An account that pays ahead, with ¥60.00 left."""
    with database.unit_of_work() as session:
        return move_in(session, user, settlement="prepaid", balance_fen=-6000).account_no


def test_a_threshold_is_chosen_kept_and_taken_back(client: FlaskClient, prepaid: str) -> None:
    path = f"/payments/low-balance/{prepaid}"
    assert f'href="{path}">余额低了提醒我' in client.get("/").text
    assert post(client, path, below="5000").status_code == 303
    assert f'href="{path}">低于 ¥50.00 提醒' in client.get("/").text
    assert "低于您定的" not in says(client, "/")
    assert post(client, path, below="own", own="66.60").status_code == 303
    assert "低于您定的 ¥66.60，请尽快充值。" in says(client, "/")
    page = client.get(path).text
    assert 'value="66.60"' in page
    assert re.search(r'<input checked[^>]*value="own"', page)
    assert post(client, path, below="off").status_code == 303
    assert "低于您定的" not in says(client, "/")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"below": "own", "own": "0.50"}, "提醒的数从 ¥1.00 到 ¥10,000.00。"),
        ({"below": "own", "own": "a lot"}, "金额照 80 或 149.51 这样写"),
        ({"below": "own", "own": ""}, "金额照 80 或 149.51 这样写"),
    ],
)
def test_what_makes_no_threshold_is_said(
    client: FlaskClient, prepaid: str, given: dict[str, str], said: str
) -> None:
    answer = post(client, f"/payments/low-balance/{prepaid}", **given)
    assert answer.status_code == 422
    assert said in words(answer.text)


def test_an_account_that_pays_afterwards_has_no_threshold(client: FlaskClient, bill: Bill) -> None:
    assert client.get(f"/payments/low-balance/{NUMBER}").status_code == 400
    assert "low-balance" not in client.get("/").text


def test_an_energy_manager_has_none(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        number = move_in(session, user, "enterprise_energy", settlement="prepaid").account_no
    assert client.get(f"/payments/low-balance/{number}").status_code == 403
    assert "low-balance" not in client.get("/").text
