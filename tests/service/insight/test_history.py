"""When bills were paid, read from what the core has told."""

from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from service.insight import history
from service.insight.history import EPOCH, History, day_number, seconds
from service.models import Account
from tests.service import builders
from tests.service.insight.conftest import bill, noon, pay, take_back

SINCE = date(2026, 1, 1)
NEVER = np.inf


def read(session: Session, *accounts: Account, since: date = SINCE) -> History:
    return history.read(session, [each.account_no for each in accounts], since, ["bank"])


def paid(found: History) -> list[tuple[float, float]]:
    """The day each bill was paid and since when that is known."""
    return list(zip(found.settled_day.tolist(), found.settled_at.tolist(), strict=True))


def known(day: date, since: datetime | None = None) -> tuple[float, float]:
    return float(day_number(day)), seconds(since or noon(day))


def test_nothing_is_read_but_bills_and_their_payments() -> None:
    said = f"{history._BILLS.text} {history._REVERSALS.text}".lower()
    tables = {word.strip("(),") for word in said.split()}
    assert tables >= {"bill", "posting", "reversal"}
    for word in ("user_account", "link", "holder_name", "phone", "people", "low_income", "elder"):
        assert word not in said
    assert "from account" not in said
    assert "join account" not in said


def test_paid_in_time_late_and_not_at_all(session: Session) -> None:
    account = builders.create_account(session)
    prompt, late, _open = (
        bill(session, account, each) for each in ("2026-07", "2026-08", "2026-09")
    )
    pay(session, account, prompt, date(2026, 8, 18), channel="bank")
    pay(session, account, late, date(2026, 9, 20), posted=noon(date(2026, 9, 22)))
    session.flush()
    found = read(session, account)
    assert paid(found) == [
        known(date(2026, 8, 18)),
        known(date(2026, 9, 20), noon(date(2026, 9, 22))),
        (NEVER, NEVER),
    ]
    assert found.late.tolist() == [False, True, True]
    assert found.debit.tolist() == [True, False, False]
    assert found.due.tolist() == [day_number(date(2026, month, 18)) for month in (8, 9, 10)]
    assert found.month.tolist() == [2026 * 12 + month for month in (6, 7, 8)]


def test_a_bill_paid_in_parts_is_paid_with_the_last(session: Session) -> None:
    account = builders.create_account(session)
    one = bill(session, account, "2026-07")
    pay(session, account, one, date(2026, 8, 10), fen=4_000)
    session.flush()
    assert paid(read(session, account)) == [(NEVER, NEVER)]
    pay(session, account, one, date(2026, 8, 25), fen=6_000)
    session.flush()
    assert paid(read(session, account)) == [known(date(2026, 8, 25))]


def test_credit_settles_a_bill_at_its_issue_and_helps_a_payment(session: Session) -> None:
    account = builders.create_account(session)
    whole = bill(session, account, "2026-07", settled_fen=10_000)
    part = bill(session, account, "2026-08", settled_fen=3_000)
    pay(session, account, part, date(2026, 9, 30), fen=7_000)
    session.flush()
    issued = whole.issued_at
    assert paid(read(session, account)) == [
        known(date(2026, 8, 3), issued),
        known(date(2026, 9, 30)),
    ]


def test_money_that_goes_back_does_not_change_what_was_paid_in_time(session: Session) -> None:
    account = builders.create_account(session)
    one = bill(session, account, "2026-07")
    posting = pay(session, account, one, date(2026, 8, 10))
    take_back(session, posting, one, date(2026, 8, 28))
    session.flush()
    found = read(session, account)
    assert paid(found) == [known(date(2026, 8, 10))]
    assert (found.reversals[0].tolist(), found.reversals[1].tolist()) == (
        [0],
        [seconds(noon(date(2026, 8, 28)))],
    )
    pay(session, account, one, date(2026, 9, 9))
    session.flush()
    assert paid(read(session, account)) == [known(date(2026, 8, 10))]


def test_a_corrected_bill_takes_the_place_of_the_first(session: Session) -> None:
    account = builders.create_account(session)
    bill(session, account, "2026-07", status="cancelled")
    second = bill(session, account, "2026-07", revision=1, issued_at=noon(date(2026, 8, 20)))
    bill(session, account, "2026-08", status="cancelled")
    session.flush()
    found = read(session, account)
    assert found.replaced_at.tolist() == [seconds(second.issued_at), NEVER]
    assert found.issued_at.tolist()[1] == seconds(second.issued_at)


def test_old_bills_bills_of_nothing_and_other_accounts_are_left_out(session: Session) -> None:
    account, other, empty = (builders.create_account(session) for _ in range(3))
    bill(session, account, "2025-07")
    bill(session, account, "2026-07", total_fen=0)
    one = bill(session, account, "2026-08")
    pay(session, other, bill(session, other, "2026-08"), date(2026, 9, 4))
    session.flush()
    found = read(session, account, empty)
    assert len(found.account) == 1
    assert found.wh.tolist() == [float(one.wh)]
    first = account.account_no < empty.account_no
    assert found.starts.tolist() == ([0, 1, 1] if first else [0, 0, 1])


def test_days_of_china() -> None:
    midnight = seconds(noon(EPOCH)) - 12 * 3600
    found = history.civil_days(np.array([midnight - 1, midnight, midnight + 86399.0]))
    assert found.tolist() == [-1, 0, 0]
