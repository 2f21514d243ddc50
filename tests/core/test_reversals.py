"""Money that goes back: never more than came, once, and bills follow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import ledger, settlement
from core.billing.adjustments import adjust
from core.billing.reversals import Withdrawal, reverse
from core.models import Account, Bill, Posting, Reversal, ServicePoint
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from tests.core.builders import all_changes, create_account, create_bill, create_service_point
from tests.core.going_back import IN_TIME, back, entries, pay


@pytest.fixture
def account(session: Session) -> Account:
    return create_account(session)


@pytest.fixture
def point(session: Session, account: Account) -> ServicePoint:
    return create_service_point(session, account)


def test_a_bill_that_was_paid_is_owed_again(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 12_345)
    posting = pay(session, account, 12_345)
    done = back(session, posting, 12_345)
    assert (done.replayed, done.reversal.reversal_no) == (False, "R000000000001")
    assert done.reversal.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 12_345, "late_fee_fen": 0}
    ]
    assert (bill.settled_fen, bill.settled_at, bill.status) == (0, None, "issued")
    assert posting.reversed_fen == 12_345
    assert ledger.balance_fen(session, account.id) == 12_345
    assert entries(session, "reversal") == [("reversal", "R000000000001", 12_345)]


def test_unspent_credit_goes_back_before_any_bill(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 1_000)
    posting = pay(session, account, 5_000)
    done = back(session, posting, 4_000)
    assert (done.reversal.credit_fen, done.reversal.allocations) == (4_000, [])
    assert (bill.settled_fen, ledger.balance_fen(session, account.id)) == (1_000, 0)
    assert back(session, posting, 300, "back-2").reversal.credit_fen == 0
    assert (bill.settled_fen, ledger.balance_fen(session, account.id)) == (700, 300)


def test_the_bill_that_was_settled_last_is_opened_first(
    session: Session, account: Account, point: ServicePoint
) -> None:
    later = create_bill(session, point, 1_000, "2026-09")
    earlier = create_bill(session, point, 1_000, "2026-08", due=date(2026, 10, 12))
    posting = pay(session, account, 1_500)
    back(session, posting, 700)
    assert (earlier.settled_fen, later.settled_fen) == (800, 0)


def test_bills_of_the_posting_are_opened_before_others_and_no_further_than_it_settled_them(
    session: Session, account: Account, point: ServicePoint
) -> None:
    both = create_bill(session, point, 1_000, "2026-08", due=date(2026, 10, 12))
    own = create_bill(session, point, 1_000, "2026-09")
    pay(session, account, 700)
    posting = pay(session, account, 1_300)
    pay(session, account, 500)
    back(session, posting, 500)  # the credit that came later
    assert (both.settled_fen, own.settled_fen) == (1_000, 1_000)
    back(session, posting, 800, "back-2")
    assert (both.settled_fen, own.settled_fen) == (1_000, 200)


def test_money_that_was_credit_opens_what_the_credit_settled(
    session: Session, account: Account, point: ServicePoint
) -> None:
    posting = pay(session, account, 1_000)
    bill = create_bill(session, point, 800)
    settlement.use_credit(session, account, IN_TIME)
    assert bill.settled_fen == 800
    done = back(session, posting, 1_000)
    assert (done.reversal.credit_fen, bill.settled_fen) == (200, 0)
    assert ledger.balance_fen(session, account.id) == 800


def test_what_a_debit_took_is_owed_beside_the_bills(session: Session, account: Account) -> None:
    posting = pay(session, account, 500)
    adjust(session, account.account_no, 500, "Meter damaged", "desk", "debit")
    done = back(session, posting, 500)
    assert (done.reversal.credit_fen, done.reversal.allocations) == (0, [])
    assert ledger.balance_fen(session, account.id) == 500
    assert settlement.credit_fen(session, account.id) == 0


def test_the_bills_of_a_posting_are_read_at_once(session: Session, account: Account) -> None:
    """While the account is held, no question is asked for each bill that is not opened."""
    asked = []
    for bills in (1, 2, 5):
        points = [create_service_point(session, account) for _ in range(bills)]
        for point in points:
            create_bill(session, point, 100)
        posting = pay(session, account, bills * 100)
        back(session, posting, 10, f"first-{bills}")
        with _statements(session) as statements:
            back(session, posting, 10, f"again-{bills}")
        asked.append(len(statements))
        pay(session, account, 20)
    assert asked[0] == asked[1] == asked[2]


@contextmanager
def _statements(session: Session) -> Iterator[list[str]]:
    """What the database was asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    yield asked
    event.remove(bind, "before_cursor_execute", note)


# ---- once, and never more than came -------------------------------------------------------------


def test_never_more_goes_back_than_came(session: Session, account: Account) -> None:
    posting = pay(session, account, 1_000)
    back(session, posting, 600)
    with pytest.raises(Conflict) as refused, session.begin_nested():
        back(session, posting, 401, "back-2")
    assert (refused.value.code, refused.value.params["left_fen"]) == ("reversal.too_much", 400)
    back(session, posting, 400, "back-3")
    assert (posting.reversed_fen, ledger.balance_fen(session, account.id)) == (1_000, 0)


@pytest.mark.parametrize("fen", [1_001, -1])
def test_the_database_keeps_more_from_going_back(
    session: Session, account: Account, fen: int
) -> None:
    posting = pay(session, account, 1_000)
    with pytest.raises(IntegrityError, match="ck_posting_reversed"):
        session.execute(
            text("UPDATE core.posting SET reversed_fen = :fen WHERE id = :id"),
            {"fen": fen, "id": posting.id},
        )


def test_an_unknown_posting_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        reverse(session, Withdrawal("P000000000099", 1, "test", "ORDER-1"), "key")
    assert refused.value.code == "posting.not_found"


def test_the_order_must_be_that_of_the_posting(session: Session, account: Account) -> None:
    posting = pay(session, account, 1_000)
    with pytest.raises(Refused) as refused, session.begin_nested():
        reverse(session, Withdrawal(posting.posting_no, 1, "test", "ORDER-2"), "key")
    assert refused.value.code == "reversal.other_order"
    assert session.scalar(select(func.count()).select_from(Reversal)) == 0


def test_a_repeated_request_gives_the_first_reversal(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 1_000)
    posting = pay(session, account, 1_000)
    first = back(session, posting, 1_000)
    told = len(all_changes(session))
    again = back(session, posting, 1_000)
    assert (again.replayed, again.reversal.reversal_no) == (True, first.reversal.reversal_no)
    assert (again.account_no, again.posting) == (account.account_no, posting)
    assert ledger.balance_fen(session, account.id) == 1_000
    assert len(all_changes(session)) == told


@pytest.mark.parametrize(
    "other", [{"amount_fen": 401}, {"reason": "other"}, {"order_no": "ORDER-2"}]
)
def test_the_same_key_with_another_request_is_a_conflict(
    session: Session, account: Account, other: dict[str, Any]
) -> None:
    posting = pay(session, account, 1_000)
    given = {"amount_fen": 400, "reason": "test", "order_no": "ORDER-1"}
    reverse(session, Withdrawal(posting.posting_no, **given), "key")
    with pytest.raises(Conflict) as refused:
        reverse(session, Withdrawal(posting.posting_no, **(given | other)), "key")
    assert refused.value.code == "idempotency.key_reused"


def test_many_at_once_take_back_what_there_is_and_no_more(database: Database) -> None:
    with database.unit_of_work() as session:
        account = create_account(session)
        create_bill(session, create_service_point(session, account), 1_000)
        posting = pay(session, account, 1_000)
    outcomes: list[str] = []

    def take(number: int) -> None:
        try:
            with database.unit_of_work() as session:
                back(session, posting, 300, f"back-{number % 5}")
                outcomes.append("back")
        except Conflict as conflict:
            outcomes.append(conflict.code)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["back"] * 6 + ["reversal.too_much"] * 4
    with database.unit_of_work() as session:
        assert session.scalar(select(Posting.reversed_fen)) == 900
        assert session.scalar(select(func.count()).select_from(Reversal)) == 3
        assert ledger.balance_fen(session, account.id) == 900
        assert session.scalar(select(Bill.settled_fen)) == 100


# ---- feed ---------------------------------------------------------------------------------------


def test_the_feed_tells_bills_reversal_and_balance_whole(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 1_000)
    posting = pay(session, account, 1_000)
    before = len(all_changes(session))
    with time_machine.travel("2026-11-20T04:00:00Z", tick=False):
        back(session, posting, 400)
    told = all_changes(session)[before:]
    assert [(each["kind"], each["key"]) for each in told] == [
        ("bill", bill.bill_no),
        ("reversal", "R000000000001"),
        ("balance", account.account_no),
    ]
    data = {each["kind"]: each["data"] for each in told}
    assert (data["bill"]["status"], data["bill"]["settled_fen"]) == ("issued", 600)
    assert data["bill"]["settled_at"] is None
    assert data["reversal"] == {
        "reversal_no": "R000000000001",
        "posting_no": posting.posting_no,
        "account_no": account.account_no,
        "amount_fen": 400,
        "reason": "wrong_account",
        "order_no": "ORDER-1",
        "reversed_at": "2026-11-20T04:00:00Z",
        "allocations": [{"bill_no": bill.bill_no, "principal_fen": 400, "late_fee_fen": 0}],
        "credit_fen": 0,
    }
    assert (data["balance"]["balance_fen"], data["balance"]["at"]) == (400, "2026-11-20T04:00:00Z")
