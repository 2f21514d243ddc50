"""One-time codes: what they are valid for, how they are found, and how they are not guessed."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import select, text

from payments import history
from payments.checkout import Checkout
from payments.counter import codes
from payments.counter.gateway import COUNTER
from payments.counter.models import CounterCode
from payments.gateways.base import Product
from payments.history import Stage
from payments.models import Order
from payments.orders import Selection
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, TooManyTries
from service.models import Bill
from tests.payments.builders import ACCOUNT, create_bill, create_user, link
from tests.payments.conftest import Home
from tests.payments.counter.conftest import VISIT, number_of, place

MORNING = "2026-11-21T02:00:00Z"
EVENING = "2026-11-21T10:00:00Z"  # six o'clock


@pytest.mark.parametrize(
    ("digits", "check"),
    [("0794", "5"), ("000000000000000", "0"), ("482913775206418", "8")],
)
def test_the_check_digit_is_that_of_iso_7064(digits: str, check: str) -> None:
    assert codes.check_digit(digits) == check


def test_no_code_begins_with_what_is_lost_or_drawn_wrong() -> None:
    numbers = [codes._new_number() for _ in range(500)]
    assert {number[0] for number in numbers} == set("12345678")
    assert all(codes.is_code(number) for number in numbers)


def test_every_single_slip_of_a_digit_is_found() -> None:
    number = "482913775206418" + codes.check_digit("482913775206418")
    assert codes.is_code(number)
    for place_ in range(16):
        for digit in "0123456789":
            slipped = number[:place_] + digit + number[place_ + 1 :]
            assert codes.is_code(slipped) == (slipped == number)


@time_machine.travel(MORNING, tick=False)
def test_a_code_is_an_order_for_cash_in_whole_jiao(
    database: Database, home: Home, checkout: Checkout
) -> None:
    order_no = place(checkout, home)
    with database.unit_of_work() as session:
        order = session.scalars(select(Order)).one()
        view = history.order_view(session, home.user_id, order_no)
        assert (order.gateway, order.product, order.purpose) == ("counter", "code", "bills")
        assert [(item.bill_no, item.amount_fen) for item in order.items] == [
            (home.bill_no, 14951),
            (None, 9),
        ]
        assert view.amount_fen == 14960
        assert view.stage is Stage.AWAITING
        assert view.expires_at.isoformat() == "2026-11-21T16:00:00+00:00"
        assert order.next_query_at == order.expires_at, "nobody else can know more before"
    number = number_of(database, home, order_no)
    assert len(number) == 16
    assert codes.is_code(number)


def test_the_number_stands_nowhere_in_the_database(
    database: Database, home: Home, coded: str
) -> None:
    number = number_of(database, home, coded)
    with database.unit_of_work() as session:
        row = session.scalars(select(CounterCode)).one()
        raw = session.execute(text("select code::text, code_index::text from counter_code")).one()
        assert row.code == number
        assert number not in raw.code
        assert number.encode().hex() not in raw.code + raw.code_index


def test_a_code_is_found_as_it_is_read_and_typed(
    database: Database, home: Home, coded: str
) -> None:
    number = number_of(database, home, coded)
    groups = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for typed in (number, f" {number}\n", groups, groups.replace(" ", "-"), wide):
        with database.unit_of_work() as session:
            assert codes.find(session, typed, asker="staff 1") == coded


def test_a_mistyped_code_is_no_try(database: Database, home: Home, coded: str) -> None:
    number = number_of(database, home, coded)
    slipped = number[:-1] + str((int(number[-1]) + 1) % 10)
    with database.unit_of_work() as session:
        for typed, code in (
            (slipped, "counter.code_malformed"),
            ("abcd" * 4, "counter.code_malformed"),
            ("", "counter.neither"),
            (number + "0", "counter.neither"),
            ("4200 1187 5603", "counter.neither"),
        ):
            with pytest.raises(Refused) as refusal:
                codes.find(session, typed, asker="staff 1")
            assert refusal.value.code == code
        assert session.execute(text("select count(*) from attempt")).scalar_one() == 0


def test_guesses_are_counted_by_who_guesses(database: Database, home: Home, coded: str) -> None:
    number = number_of(database, home, coded)
    with database.unit_of_work() as session:
        for left in range(19, -1, -1):
            guess = f"{left:015d}"
            with pytest.raises(NotFound, match=r"counter\.code_unknown") as refusal:
                codes.find(session, guess + codes.check_digit(guess), asker="staff 1")
            assert refusal.value.params == {"left": left}
        with pytest.raises(TooManyTries, match=r"counter\.locked"):
            codes.find(session, number, asker="staff 1")
        assert codes.find(session, number, asker="staff 2") == coded


def test_a_code_is_its_owners_alone(database: Database, coded: str) -> None:
    with database.unit_of_work() as session:
        neighbour = create_user(session, "13800002047", "李四")
        with pytest.raises(NotFound, match=r"order\.not_found"):
            codes.code_of(session, neighbour, coded)


@pytest.mark.parametrize(
    ("now", "due", "until"),
    [
        (MORNING, date(2026, 11, 28), "2026-11-21T16:00:00+00:00"),
        (EVENING, date(2026, 11, 28), "2026-11-22T16:00:00+00:00"),
        (EVENING, date(2026, 11, 22), "2026-11-22T16:00:00+00:00"),
        (EVENING, date(2026, 11, 21), "2026-11-21T16:00:00+00:00"),  # late from tomorrow
        (EVENING, date(2026, 11, 1), "2026-11-21T16:00:00+00:00"),  # late already
    ],
)
def test_a_code_never_outlives_its_amount(
    database: Database, home: Home, checkout: Checkout, now: str, due: date, until: str
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Bill, home.bill_no).due = due
    with time_machine.travel(now, tick=False):
        order_no = place(checkout, home)
        with database.unit_of_work() as session:
            view = history.order_view(session, home.user_id, order_no)
    assert view.expires_at.isoformat() == until


def test_asking_again_gives_the_same_code(
    database: Database, home: Home, checkout: Checkout, coded: str
) -> None:
    assert place(checkout, home, "form-2") == coded
    with database.unit_of_work() as session:
        assert len(session.scalars(select(CounterCode)).all()) == 1


def test_nobody_else_pays_the_bill_meanwhile(
    database: Database, home: Home, checkout: Checkout, coded: str
) -> None:
    with database.unit_of_work() as session:
        helper = create_user(session, "13800002047", "王小华")
        link(session, helper, role="family_helper")
    with pytest.raises(Conflict, match=r"bill\.being_paid") as refusal:
        place(checkout, Home(helper, home.bill_no), "form-2")
    assert refusal.value.params["name"] == "王建华"


def test_a_code_that_is_given_up_or_over_is_closed_without_asking_anybody(
    database: Database, home: Home, checkout: Checkout, coded: str
) -> None:
    checkout.cancel(home.user_id, coded)
    with database.unit_of_work() as session:
        assert history.order_view(session, home.user_id, coded).close_reason == "cancelled"
    again = place(checkout, home, "form-2")
    assert again != coded
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False):
        with database.unit_of_work() as session:
            assert history.order_view(session, home.user_id, again).stage is Stage.CLOSED
        checkout.ask(again)
        with database.unit_of_work() as session:
            assert history.order_view(session, home.user_id, again).close_reason == "expired"


def test_a_top_up_is_rounded_itself(database: Database, home: Home, checkout: Checkout) -> None:
    wish = Selection(account_no=ACCOUNT, amount_fen=88_88, expected_fen=88_88)
    order_no = checkout.place(home.user_id, wish, COUNTER.name, Product.CODE, "form-9", VISIT)
    with database.unit_of_work() as session:
        view = history.order_view(session, home.user_id, order_no)
    assert (view.purpose, view.amount_fen) == ("top_up", 88_90)


def test_bills_of_many_accounts_are_rounded_once(
    database: Database, home: Home, checkout: Checkout
) -> None:
    with database.unit_of_work() as session:
        create_bill(session, "B202610420011875604", total_fen=1003, due=clock.today())
    order_no = place(checkout, home)
    with database.unit_of_work() as session:
        view = history.order_view(session, home.user_id, order_no)
    assert view.amount_fen == 15960
    assert [item.amount_fen for item in view.items] == [1003, 14951, 6]
