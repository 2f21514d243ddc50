"""Large payments are confirmed first, and there is no way round it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from payments.checkout import Checkout, Visit
from payments.confirmations import rules
from payments.confirmations.intent import Intent
from payments.confirmations.models import Confirmation
from payments.gateways.base import Charge, Destination, Product
from payments.models import Order
from payments.orders import Selection
from payments.settings import PaymentSettings
from runtime import clock, events
from runtime.database import Database
from runtime.errors import Forbidden, Refused, TooManyTries
from service.models import SignInSession, User
from service.people import limits, passkeys
from service.people.events import CodeIssued
from tests.authenticator import Device
from tests.payments.builders import ACCOUNT, create_account, create_bill, create_user, link
from tests.service.people.holders import SITE, added, proved

OVER = 5_000_00
LARGE = 6_000_00
SITE_OF_PORTAL = Visit("http://localhost:8000")


class Till:
    """A gateway that takes every order, and remembers what it was asked."""

    name = "wechat"

    def __init__(self) -> None:
        self.created: list[str] = []
        self.closed: list[str] = []

    def create(self, charge: Charge) -> Destination:
        self.created.append(charge.order_no)
        return Destination(code_url="weixin://pay")

    def close(self, order_no: str) -> None:
        self.closed.append(order_no)


@dataclass
class Customer:
    """Somebody at the checkout, who owes bills."""

    database: Database
    checkout: Checkout
    till: Till
    user_id: int
    sent: list[CodeIssued] = field(default_factory=list)

    def buy(self, *bill_nos: str, key: str = "form-1", by: int | None = None, **more: Any) -> str:
        return self.checkout.place(
            more.pop("user_id", self.user_id),
            Selection(bill_nos=bill_nos, **more),
            "wechat",
            Product.NATIVE,
            key,
            SITE_OF_PORTAL,
            by,
        )

    def intent(self, *lines: tuple[str, str, int], key: str = "form-1") -> Intent:
        return Intent.of(self.user_id, key, lines or ((ACCOUNT, "B-large", LARGE),))

    def code(self, intent: Intent) -> str:
        """The code that came for a payment."""
        with self.database.unit_of_work() as session:
            rules.send_code(session, intent, payee="江城供电", address="192.0.2.1", language="zh")
        return self.sent[-1].code

    def confirm(self, intent: Intent, code: str | None = None) -> int:
        """Confirm by code. A refused try is kept, as behind a page."""
        given, refusal = code or self.code(intent), None
        with self.database.unit_of_work() as session:
            try:
                return rules.confirm_by_code(session, intent, given, address="192.0.2.1")
            except Refused as refused:
                refusal = refused
        raise refusal

    def orders(self) -> int:
        with self.database.unit_of_work() as session:
            return session.scalar(select(func.count(Order.id))) or 0


@pytest.fixture
def customer(database: Database, payment_settings: PaymentSettings) -> Iterator[Customer]:
    with database.unit_of_work() as session:
        user_id = create_user(session)
        create_account(session)
        link(session, user_id)
        create_bill(session, "B-large", total_fen=LARGE)
        create_bill(session, "B-other", total_fen=LARGE, period="2026-09")
        create_bill(session, "B-exact", total_fen=OVER, period="2026-08")
        create_bill(session, "B-small", total_fen=100_00, period="2026-07")
    till = Till()
    checkout = Checkout(database, {"wechat": till}, payment_settings)  # type: ignore[dict-item]
    here = Customer(database, checkout, till, user_id)
    with events.subscribed(CodeIssued, lambda _session, event: here.sent.append(event)):
        yield here


def refuses(customer: Customer, *bill_nos: str, **more: Any) -> None:
    """No order, and nobody outside has heard of one."""
    with pytest.raises(Forbidden, match=r"order\.unconfirmed"):
        customer.buy(*bill_nos, **more)
    assert customer.orders() == 0
    assert customer.till.created == []


def test_what_is_not_above_the_sum_is_not_asked(customer: Customer) -> None:
    assert customer.checkout.confirm_over_fen == OVER
    assert customer.buy("B-exact")
    assert customer.buy("B-small", key="form-2")


@pytest.mark.parametrize(
    "bill_nos", [("B-large",), ("B-exact", "B-small")], ids=["one bill", "the sum of two"]
)
def test_nothing_large_goes_through_by_itself(
    customer: Customer, bill_nos: tuple[str, ...]
) -> None:
    refuses(customer, *bill_nos)
    refuses(customer, *bill_nos, by=1)  # a number that no confirmation has


def test_a_balance_is_not_filled_beside_the_guard(customer: Customer) -> None:
    with pytest.raises(Forbidden, match=r"order\.unconfirmed"):
        customer.buy(account_no=ACCOUNT, amount_fen=LARGE, expected_fen=LARGE)
    intent = customer.intent((ACCOUNT, "", LARGE))
    by = customer.confirm(intent)
    assert customer.buy(account_no=ACCOUNT, amount_fen=LARGE, expected_fen=LARGE, by=by)


def test_a_code_confirms_the_order_it_was_sent_for(customer: Customer) -> None:
    order_no = customer.buy("B-large", by=customer.confirm(customer.intent()))
    (sent,) = customer.sent
    assert (sent.purpose, sent.phone) == ("payment", "13800002046")
    assert sent.details == {"amount": "6,000.00", "payee": "江城供电"}
    with customer.database.unit_of_work() as session:
        kept = session.scalars(select(Confirmation)).one()
        order = session.scalars(select(Order).where(Order.order_no == order_no)).one()
        assert (kept.means, kept.order_id, kept.amount_fen) == ("sms", order.id, LARGE)
        assert (kept.account_nos, kept.passkey_id) == ([ACCOUNT], None)
        assert kept.confirmed_at <= order.created_at


def test_a_passkey_confirms_the_order_it_signed_for(customer: Customer) -> None:
    device = _with_passkey(customer)
    with customer.database.unit_of_work() as session:
        options = rules.passkey_options(session, SITE, customer.intent())
        by = rules.confirm_by_passkey(session, SITE, customer.intent(), device.get(options))
    customer.buy("B-large", by=by)
    with customer.database.unit_of_work() as session:
        kept = session.scalars(select(Confirmation)).one()
        (passkey,) = passkeys.owned(session, customer.user_id)
        assert (kept.means, kept.passkey_id) == ("passkey", passkey.id)


@pytest.mark.parametrize(
    "other",
    [
        {"lines": ((ACCOUNT, "B-other", LARGE),)},
        {"lines": ((ACCOUNT, "B-large", LARGE - 1),)},
        {"lines": ((ACCOUNT, "B-large", 10 * LARGE),)},
        {"lines": (("420019999999", "B-large", LARGE),)},
        {"lines": ((ACCOUNT, "B-large", OVER), (ACCOUNT, "B-small", LARGE - OVER))},
        {"key": "form-2"},
    ],
    ids=["other bill", "less", "more", "other account", "other parts", "other form"],
)
def test_a_confirmation_of_something_else_is_worth_nothing(
    customer: Customer, other: dict[str, Any]
) -> None:
    meant = customer.intent(*other.get("lines", ()), key=other.get("key", "form-1"))
    refuses(customer, "B-large", by=customer.confirm(meant))
    with customer.database.unit_of_work() as session:
        assert session.scalars(select(Confirmation.order_id)).one() is None
    device = _with_passkey(customer)
    with customer.database.unit_of_work() as session:
        answer = device.get(rules.passkey_options(session, SITE, meant))
        with pytest.raises(Refused, match=r"passkey\.expired"):
            rules.confirm_by_passkey(session, SITE, customer.intent(), answer)


def test_a_code_for_another_payment_is_no_code(customer: Customer) -> None:
    code = customer.code(customer.intent((ACCOUNT, "B-other", LARGE)))
    with pytest.raises(Refused, match=r"code\.expired"):
        customer.confirm(customer.intent(), code)
    with pytest.raises(Refused, match=r"code\.expired"):
        customer.confirm(customer.intent(key="form-2"), code)


def test_a_confirmation_places_one_order(customer: Customer) -> None:
    by = customer.confirm(customer.intent())
    order_no = customer.buy("B-large", by=by)
    assert customer.buy("B-large", by=by) == order_no  # the same form is the same order
    customer.checkout.cancel(customer.user_id, order_no)
    with pytest.raises(Forbidden, match=r"order\.unconfirmed"):
        customer.buy("B-large", key="form-2", by=by)
    assert customer.orders() == 1


def test_a_form_that_comes_often_at_once_is_one_order(customer: Customer) -> None:
    by = customer.confirm(customer.intent())
    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(lambda _: customer.buy("B-large", by=by), range(4)))
    assert len(set(placed)) == 1
    assert customer.orders() == 1


def test_a_code_is_used_once(customer: Customer) -> None:
    code = customer.code(customer.intent())
    customer.confirm(customer.intent(), code)
    with pytest.raises(Refused, match=r"code\.expired"):
        customer.confirm(customer.intent(), code)


def test_somebody_else_confirms_nothing(customer: Customer) -> None:
    with customer.database.unit_of_work() as session:
        helper = create_user(session, "13900000000")
        link(session, helper)
    by = customer.confirm(customer.intent())
    refuses(customer, "B-large", by=by, user_id=helper)
    code = customer.code(customer.intent())
    theirs = Intent.of(helper, "form-1", customer.intent().lines)
    with pytest.raises(Refused, match=r"code\.expired"):
        customer.confirm(theirs, code)


def test_a_confirmation_grows_old(customer: Customer) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        by = customer.confirm(customer.intent())
        time.shift(rules.LIFE)
        refuses(customer, "B-large", by=by)


def test_tries_at_codes_of_many_forms_come_to_an_end(customer: Customer) -> None:
    """Another form has another code, and the same tries."""
    for number in range(limits.CONFIRM_USER.most):
        with pytest.raises(Refused, match=r"code\.expired"):
            customer.confirm(customer.intent(key=f"form-{number}"), "000000")
    with pytest.raises(TooManyTries, match=r"confirmation\.locked"):
        customer.confirm(customer.intent())
    with (
        customer.database.unit_of_work() as session,
        pytest.raises(TooManyTries, match=r"confirmation\.locked"),
    ):
        rules.passkey_options(session, SITE, customer.intent())


def test_a_phone_that_had_too_many_codes_hears_of_the_other_way(customer: Customer) -> None:
    for number in range(limits.CODE_HERE.most):
        customer.code(customer.intent(key=f"form-{number}"))
    with pytest.raises(TooManyTries, match=r"confirmation\.no_codes"):
        customer.code(customer.intent())
    assert len(customer.sent) == limits.CODE_HERE.most


def test_what_led_to_no_order_is_forgotten(customer: Customer) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        spent = customer.confirm(customer.intent())
        customer.buy("B-large", by=spent)
        customer.confirm(customer.intent(key="form-2"))
        time.shift(timedelta(days=1))
        recent = customer.confirm(customer.intent(key="form-3"))
        time.shift(timedelta(minutes=6))
        with customer.database.unit_of_work() as session:
            rules.forget_unspent(session)
            assert [*session.scalars(select(Confirmation.id))] == [spent, recent]


def test_an_open_order_is_not_given_up_for_one_that_is_not_confirmed(customer: Customer) -> None:
    first = customer.buy("B-large", by=customer.confirm(customer.intent()))
    both = ("B-large", "B-small")
    with pytest.raises(Forbidden, match=r"order\.unconfirmed"):
        customer.buy(*both, key="form-2", expected_fen=LARGE + 100_00)
    assert customer.till.closed == []
    lines = ((ACCOUNT, "B-large", LARGE), (ACCOUNT, "B-small", 100_00))
    by = customer.confirm(customer.intent(*lines, key="form-2"))
    second = customer.buy(*both, key="form-2", expected_fen=LARGE + 100_00, by=by)
    assert second != first
    assert customer.till.closed == [first]


def test_forty_accounts_at_once_are_one_confirmation(customer: Customer) -> None:
    lines = []
    with customer.database.unit_of_work() as session:
        for number in range(40):
            account_no = create_account(session, f"4200200000{number:02d}")
            link(session, customer.user_id, account_no, role="enterprise_finance")
            bill_no = create_bill(
                session, f"B-{account_no}", account_no=account_no, total_fen=200_00
            )
            lines.append((account_no, bill_no, 200_00))
    bill_nos = [bill_no for _account_no, bill_no, _fen in lines]
    refuses(customer, *bill_nos)
    by = customer.confirm(customer.intent(*reversed(lines)))
    assert customer.buy(*bill_nos, by=by)
    assert customer.sent[0].details["amount"] == "8,000.00"


# ---- one's own sum ------------------------------------------------------------------------------


def set_limit(customer: Customer, session_id: int, over_fen: int | None) -> None:
    with customer.database.unit_of_work() as session:
        rules.set_limit(session, customer.user_id, session_id, over_fen, house_fen=OVER)


def browser(customer: Customer, *, fresh: bool) -> int:
    with customer.database.unit_of_work() as session:
        session_id = proved(session, session.get_one(User, customer.user_id))
        if not fresh:
            session.get_one(SignInSession, session_id).proved_at = clock.now() - timedelta(hours=1)
        return session_id


def test_a_customer_is_asked_earlier_when_they_like(customer: Customer) -> None:
    here = browser(customer, fresh=False)
    set_limit(customer, here, 99_99)
    refuses(customer, "B-small")
    set_limit(customer, here, 0)
    refuses(customer, "B-small")
    intent = customer.intent((ACCOUNT, "B-small", 100_00))
    assert customer.buy("B-small", by=customer.confirm(intent))


@pytest.mark.parametrize("later", [200_00, None])
def test_being_asked_later_needs_a_proof(customer: Customer, later: int | None) -> None:
    stale, fresh = browser(customer, fresh=False), browser(customer, fresh=True)
    set_limit(customer, stale, 50_00)
    with pytest.raises(Forbidden, match=r"proof\.needed"):
        set_limit(customer, stale, later)
    refuses(customer, "B-small")
    set_limit(customer, fresh, later)
    assert customer.buy("B-small")


def test_nobody_is_asked_later_than_the_house_says(customer: Customer) -> None:
    with pytest.raises(Refused, match=r"limit\.too_high"):
        set_limit(customer, browser(customer, fresh=True), OVER + 1)
    refuses(customer, "B-large")


# ---- the table itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"amount_fen": LARGE + 1}, {"user_id": None}])
def test_the_database_keeps_a_confirmation_to_its_order(
    customer: Customer, change: dict[str, Any]
) -> None:
    by = customer.confirm(customer.intent())
    with customer.database.unit_of_work() as session:
        order_id = _small_order(customer)
        other = create_user(session, "13900000000")
        values = {name: other if value is None else value for name, value in change.items()}
        with pytest.raises(DBAPIError, match="fits one person and one sum"):
            session.execute(
                update(Confirmation)
                .where(Confirmation.id == by)
                .values(order_id=order_id, **values)
            )
        session.rollback()


def test_a_spent_confirmation_stays_as_it_is(customer: Customer) -> None:
    by = customer.confirm(customer.intent())
    customer.buy("B-large", by=by)
    for statement in (update(Confirmation).values(order_id=None), Confirmation.__table__.delete()):
        with (
            pytest.raises(DBAPIError, match="stays as it is"),
            customer.database.unit_of_work() as session,
        ):
            session.execute(statement)


def _small_order(customer: Customer) -> int:
    order_no = customer.buy("B-small", key="form-small")
    with customer.database.unit_of_work() as session:
        return session.scalars(select(Order.id).where(Order.order_no == order_no)).one()


def _with_passkey(customer: Customer) -> Device:
    with customer.database.unit_of_work() as session:
        return added(session, session.get_one(User, customer.user_id))
