"""One difference of each class, made by gateways, core and database as they really are."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core import feed, published
from payments import posting
from payments.checkout import Checkout, Visit
from payments.gateways.base import Gateway, Product, Refunding, Trade, TradeState
from payments.ledger.check import check
from payments.models import Order, PostingTask
from payments.orders import Selection
from payments.receipts import record
from payments.reconciliation import cures, run
from payments.reconciliation.gateway_side import NEAR_MIDNIGHT
from payments.reconciliation.models import StatementRecord
from payments.reconciliation.run import Parties
from payments.settings import PaymentSettings
from payments.statements import from_settings
from runtime import clock
from runtime.database import Database
from service.core_client import CoreClient
from service.sync import run as sync
from service.sync.sources import CoreFeed
from tests.core import builders as core_side
from tests.core.conftest import TOKEN
from tests.payments.builders import ACCOUNT, create_user, link
from tests.payments.fingerprint import everything
from tests.payments.reconciling import differences
from tests.sandbox.server import SandboxServer

NOWHERE = Visit("http://127.0.0.1:9")
"""Where no callback ever arrives: what we know of payments we have asked for."""


@pytest.fixture
def core_client(core_url: str) -> Iterator[CoreClient]:
    client = CoreClient(core_url, TOKEN)
    yield client
    client.close()


class House:
    """A customer with an account, who pays sums of their own choice."""

    def __init__(
        self,
        database: Database,
        sandbox: SandboxServer,
        offered: dict[str, Gateway],
        core: CoreClient,
        settings: PaymentSettings,
    ) -> None:
        self.database, self.sandbox, self.offered, self.core = database, sandbox, offered, core
        self.checkout = Checkout(database, offered, settings)
        with database.unit_of_work() as session:
            feed.append(session, [published.account(core_side.create_account(session, ACCOUNT))])
        sync.run(database, CoreFeed(core))
        with database.unit_of_work() as session:
            self.user_id = create_user(session)
            link(session, self.user_id)
        self._placed = 0

    def place(self, fen: int, gateway: str = "wechat") -> str:
        """An order that can be paid."""
        self._placed += 1
        product = Product.NATIVE if gateway == "wechat" else Product.PAGE
        selection = Selection(account_no=ACCOUNT, amount_fen=fen)
        key = f"form-{self._placed}"
        number = self.checkout.place(self.user_id, selection, gateway, product, key, NOWHERE)
        with self.database.unit_of_work() as session:
            destination = session.scalars(select(Order).filter_by(order_no=number)).one()
        if gateway == "alipay":
            self.sandbox.open((destination.destination or {})["redirect_url"])
        if gateway == "unionpay":
            self.sandbox.post(**(destination.destination or {})["form"])
        return number

    def pay(self, fen: int, gateway: str = "wechat", *, known: bool = True) -> str:
        """An order that was paid; unless `known`, we have not heard of it."""
        number = self.place(fen, gateway)
        self.sandbox.pay(number, channel=gateway)
        if known:
            self.checkout.ask(number)
        return number

    def post(self, number: str) -> None:
        posting.post_order(self.database, self.core, number)

    def post_by_hand(self, number: str, key: str, fen: int) -> str:
        """A posting in the core of whose answer we know nothing."""
        with self.database.unit_of_work() as session:
            paid_at = session.scalar(select(Order.paid_at).where(Order.order_no == number))
        posted = self.core.post(
            key=key,
            account_no=ACCOUNT,
            amount_fen=fen,
            channel="wechat",
            order_no=number,
            paid_at=paid_at or clock.now(),
        )
        return posted.posting_no


@pytest.fixture
def house(
    database: Database,
    sandbox: SandboxServer,
    offered: dict[str, Gateway],
    core_client: CoreClient,
    sandbox_settings: PaymentSettings,
) -> House:
    return House(database, sandbox, offered, core_client, sandbox_settings)


@pytest.fixture
def parties(sandbox_settings: PaymentSettings, core_client: CoreClient, tmp_path: Path) -> Parties:
    return Parties(from_settings(sandbox_settings), core_client, tmp_path / "statements")


def test_one_of_each_class(house: House, parties: Parties) -> None:
    database, today = house.database, clock.today()
    fine = house.pay(1000)
    house.post(fine)
    silent = house.pay(1100, known=False)
    unposted = house.pay(1200)
    unrecorded = house.pay(1300)
    house.post_by_hand(unrecorded, f"{unrecorded}:{ACCOUNT}", 1300)
    more = house.pay(1400, "alipay")
    house.post(more)
    never = house.place(1500)
    wechat = house.offered["wechat"]
    paid_at = clock.now()
    with database.unit_of_work() as session:
        trade = Trade(never, TradeState.PAID, "4200-none", 1500, paid_at, wechat.merchant)
        assert record(session, wechat, trade, "callback") == "accepted"
    house.post(never)
    second = house.post_by_hand(fine, "by-hand", 1000)
    foreign = house.post_by_hand("20260101foreign", "foreign", 77)
    wechat.refund(Refunding(fine, "RBYHAND0001", 100, 1000, "by hand", asked_at=clock.now()))
    house.sandbox.close_day()
    house.sandbox.spoil("wechat", "unknown")
    house.sandbox.spoil("alipay", "amount")
    stranger = f"{today:%Y%m%d}unknown"

    outcomes = run.reconcile(database, parties, today)
    assert [(each.source, each.verdict) for each in outcomes] == [
        ("wechat", "taken"),
        ("alipay", "taken"),
        ("unionpay", "absent"),
        ("core", "taken"),
    ]
    found = [
        ("alipay", "amount", more, "open", None),
        ("core", "duplicate", second, "open", None),
        ("core", "missing_posting", f"{unposted}:{ACCOUNT}", "curing", "post"),
        ("core", "unknown", foreign, "open", None),
        ("core", "unrecorded", f"{unrecorded}:{ACCOUNT}", "curing", "post"),
        ("wechat", "missing_at_gateway", never, *_without_a_line(paid_at)),
        ("wechat", "missing_callback", silent, "curing", "ask_gateway"),
        ("wechat", "refund_not_here", "RBYHAND0001", "open", None),
        ("wechat", "unknown", stranger, "open", None),
    ]
    assert differences(database) == sorted(found)
    assert len(check(database, today).problems) == len(found)
    _cure(house, silent, unposted, unrecorded)
    cured = {
        f"{unposted}:{ACCOUNT}": "posted",
        f"{unrecorded}:{ACCOUNT}": "posted",
        silent: "recorded",
    }
    assert {key: how for _, _, key, state, how in differences(database) if state == "cured"} == (
        cured
    )
    assert [each.verdict for each in run.reconcile(database, parties, today)] == [
        "taken",
        "taken",
        "absent",
        "taken",
    ]
    assert len(check(database, today).problems) == len(found) - len(cured)
    with database.unit_of_work() as session:
        statuses = session.scalars(select(Order.status).where(Order.order_no == silent)).all()
        assert session.scalars(select(PostingTask).filter_by(posting_no=None)).all() == []
    assert statuses == ["posted"]


def _without_a_line(paid_at: datetime) -> tuple[str, str | None]:
    """What was paid near midnight waits for the statement of the neighbouring day."""
    days = {clock.civil_date(paid_at + each) for each in (-NEAR_MIDNIGHT, NEAR_MIDNIGHT)}
    return ("open", None) if len(days) == 1 else ("curing", "other_day")


def _cure(house: House, silent: str, *waiting: str) -> None:
    """What the worker does for the jobs that were asked for."""
    cures.recover(house.database, house.offered, silent)
    for number in (silent, *waiting):
        house.post(number)
    with house.database.unit_of_work() as session:
        assert cures.look(session) == 3


@pytest.mark.parametrize(
    ("source", "kind", "reason"),
    [
        ("wechat", "wrong_hash", "wrong_hash"),
        ("wechat", "missing_line", "miscounted"),
        ("wechat", "extra_line", "miscounted"),
        ("wechat", "truncated", "truncated"),
        ("wechat", "wrong_day", "wrong_day"),
        ("alipay", "missing_line", "miscounted"),
        ("alipay", "extra_line", "miscounted"),
        ("alipay", "truncated", "truncated"),
        ("unionpay", "truncated", "truncated"),
        ("unionpay", "wrong_merchant", "wrong_merchant"),
    ],
)
def test_a_spoiled_statement_changes_nothing(
    house: House, parties: Parties, source: str, kind: str, reason: str
) -> None:
    number = house.pay(1000, source)
    house.post(number)
    house.sandbox.close_day()
    house.sandbox.spoil(source, kind)
    before = everything(house.database, "statement")
    _reconcile(house, parties, source)
    assert everything(house.database, "statement") == before
    with house.database.unit_of_work() as session:
        refused = session.scalars(select(StatementRecord).filter_by(source=source)).one()
    assert (refused.verdict, refused.reason) == ("refused", reason)
    assert check(house.database, clock.today()).problems == [
        f"{clock.today()} {source}: the gateway's statement has not been taken: {reason}."
    ]
    house.sandbox.unspoil()
    _reconcile(house, parties, source)
    assert check(house.database, clock.today()).problems == []


@pytest.mark.parametrize("kind", ["missing_line", "extra_line"])
def test_a_file_without_totals_is_found_out_by_our_books(
    house: House, parties: Parties, kind: str
) -> None:
    """UnionPay's has none: its lines are believed, and each that does not fit is for a person."""
    number = house.pay(1000, "unionpay")
    house.post(number)
    house.sandbox.close_day()
    house.sandbox.spoil("unionpay", kind)
    apart = ("statement", "difference", "ledger_entry")
    before = everything(house.database, *apart)
    _reconcile(house, parties, "unionpay")
    stranger = f"{clock.today():%Y%m%d}unknown"
    assert [row[:3] for row in differences(house.database)] == [
        ("unionpay", "missing_at_gateway", number)
        if kind == "missing_line"
        else ("unionpay", "unknown", stranger)
    ]
    assert len(check(house.database, clock.today()).problems) == 1
    assert everything(house.database, *apart) == before


def _reconcile(house: House, parties: Parties, source: str) -> None:
    only = {source: parties.statements[source]}
    run.reconcile(house.database, Parties(only, parties.core, parties.folder), clock.today())
