"""A late charge goes with the money that paid it: it is neither lost nor taken twice."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import late, ledger
from core.models import Account, LateCharge, ServicePoint
from rating import Late
from tests.core.builders import create_account, create_bill, create_service_point
from tests.core.going_back import IN_TIME, back, days_late, entries, pay


@pytest.fixture
def account(session: Session) -> Account:
    return create_account(session)


@pytest.fixture
def point(session: Session, account: Account) -> ServicePoint:
    return create_service_point(session, account)


def charges(session: Session) -> list[tuple[int, int, int, int, bool]]:
    """Arrears and fee of each charge, and what of them was opened and given back."""
    rows = session.execute(
        select(
            LateCharge.arrears_fen,
            LateCharge.fee_fen,
            LateCharge.reopened_fen,
            LateCharge.returned_fen,
            LateCharge.taken,
        ).order_by(LateCharge.id)
    )
    return [tuple(row) for row in rows]


def late_left(session: Session) -> int:
    """What is still taken or to be taken of late charges, in fen."""
    return sum(fee - returned for _, fee, _, returned, _ in charges(session))


def test_a_late_charge_goes_back_with_the_money_that_paid_it(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 10_000)
    posting = pay(session, account, 10_100, days_late(10))
    done = back(session, posting, 10_100)
    assert done.reversal.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 10_000, "late_fee_fen": 100}
    ]
    assert entries(session, "late_fee", "late_fee_back") == [
        ("late_fee", "L1", 100),
        ("late_fee_back", "L1-R000000000001", -100),
    ]
    assert charges(session) == [(10_000, 100, 10_000, 100, True)]
    assert ledger.balance_fen(session, account.id) == bill.total_fen - bill.settled_fen == 10_000


def test_paid_again_the_charge_runs_to_the_new_day_and_is_taken_once(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 10_000)
    back(session, pay(session, account, 10_100, days_late(10)), 10_100)
    again = pay(session, account, 10_250, days_late(25))
    assert again.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 10_000, "late_fee_fen": 250}
    ]
    assert charges(session) == [(10_000, 100, 10_000, 100, True), (10_000, 250, 0, 0, True)]
    assert ledger.balance_fen(session, account.id) == 0


def test_of_a_part_only_its_share_of_the_charge_goes_back(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 10_000)
    posting = pay(session, account, 10_100, days_late(10))
    assert back(session, posting, 5_050).reversal.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 5_000, "late_fee_fen": 50}
    ]
    assert charges(session) == [(10_000, 100, 5_000, 50, True)]
    assert ledger.balance_fen(session, account.id) == 5_000
    back(session, posting, 5_050, "back-2")
    assert charges(session) == [(10_000, 100, 10_000, 100, True)]
    assert (bill.settled_fen, ledger.balance_fen(session, account.id)) == (0, 10_000)


def test_fen_by_fen_everything_goes_back_to_the_fen(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 97, due=date(2026, 8, 1))
    posting = pay(session, account, 104)  # 7 for 70 days at 0.1 %
    for count in range(1, 105):
        back(session, posting, 1, f"back-{count}")
        assert ledger.balance_fen(session, account.id) == bill.total_fen - bill.settled_fen
    assert (bill.settled_fen, charges(session)) == (0, [(97, 7, 97, 7, True)])


def test_a_charge_may_be_more_than_the_part_it_arose_on(session: Session, account: Account) -> None:
    """A firm, 400 days late: 0.2 % a day to the end of the year, then 0.3 %."""
    point = create_service_point(session, account, "demo-commercial-tou")
    bill = create_bill(session, point, 1_000, tariff="demo-commercial-tou", due=date(2024, 11, 1))
    posting = pay(session, account, 3_000, datetime(2025, 12, 6, 4, tzinfo=UTC))
    assert posting.allocations[0]["late_fee_fen"] == 120 + 1_020
    back(session, posting, 860)
    for number, fen in enumerate((1, 2, 900, 1_237)):
        back(session, posting, fen, f"more-{number}")
        assert ledger.balance_fen(session, account.id) == bill.total_fen - bill.settled_fen
    assert charges(session) == [(1_000, 1_140, 1_000, 1_140, True)]
    assert bill.settled_fen == 0


def test_fen_by_fen_of_a_charge_above_its_part(session: Session, account: Account) -> None:
    """No fen of the charge stays behind when its part is owed again."""
    point = create_service_point(session, account, "demo-commercial-tou")
    bill = create_bill(session, point, 30, tariff="demo-commercial-tou", due=date(2024, 11, 1))
    posting = pay(session, account, 65, datetime(2025, 12, 6, 4, tzinfo=UTC))
    assert posting.allocations[0]["late_fee_fen"] == 35
    for count in range(1, 66):
        back(session, posting, 1, f"back-{count}")
        assert ledger.balance_fen(session, account.id) == bill.total_fen - bill.settled_fen
        rest = Late(bill.settled_fen, date(2024, 11, 1), date(2025, 12, 6))
        assert late_left(session) <= late.late_fen(bill.tariff, bill.period, rest)
    assert (bill.settled_fen, charges(session)) == (0, [(30, 35, 30, 35, True)])


def test_what_was_paid_in_time_is_opened_without_a_charge(
    session: Session, account: Account, point: ServicePoint
) -> None:
    """The late part was another payment's, and so is its charge."""
    bill = create_bill(session, point, 10_000)
    in_time = pay(session, account, 6_000)
    pay(session, account, 4_040, days_late(10))
    back(session, in_time, 6_000)
    assert bill.settled_fen == 4_000
    assert charges(session) == [(4_000, 40, 0, 0, True)]
    assert ledger.balance_fen(session, account.id) == 6_000


def test_of_two_late_parts_the_one_of_the_same_day_is_opened(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 10_000)
    first = pay(session, account, 4_000, days_late(5))  # its charge of 20 waits
    pay(session, account, 6_060, days_late(10))
    back(session, first, 1_000)
    assert charges(session) == [(3_000, 15, 0, 0, False), (6_000, 60, 0, 0, True)]
    back(session, first, 3_000, "back-2")
    assert charges(session) == [(6_000, 60, 0, 0, True)]
    assert ledger.balance_fen(session, account.id) == 4_000


def test_a_charge_that_waits_is_not_given_back_but_shrinks(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 10_000)
    posting = pay(session, account, 10_000, days_late(10))
    back(session, posting, 4_000)
    charge = late.waiting(session, [point.id])[point.id]
    assert (charge.arrears_fen, charge.fee_fen) == (6_000, 60)
    assert entries(session, "late_fee", "late_fee_back") == []
    assert ledger.balance_fen(session, account.id) == 4_000


def test_a_charge_that_a_later_bill_carries_is_given_back_by_an_entry(
    session: Session, account: Account, point: ServicePoint
) -> None:
    """The later bill keeps its line; 100 of what goes back are the charge, 9,900 the bill."""
    first = create_bill(session, point, 10_000)
    posting = pay(session, account, 10_000, days_late(10))
    later = create_bill(session, point, 5_100, "2026-10", consumption_fen=5_000, late_fen=100)
    late.waiting(session, [point.id])[point.id].billed_on_id = later.id
    session.flush()
    back(session, posting, 10_000)
    assert (first.settled_fen, later.total_fen, later.settled_fen) == (99, 5_100, 0)
    assert charges(session) == [(10_000, 100, 9_901, 99, False)]
    assert ledger.balance_fen(session, account.id) == 9_901 + 5_100


def test_what_a_bill_carries_of_charges_is_opened_first(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 10_500, consumption_fen=10_000, late_fen=500)
    posting = pay(session, account, 10_600, days_late(10))
    back(session, posting, 500)
    assert (bill.settled_fen, charges(session)) == (10_000, [(10_000, 100, 0, 0, True)])
    back(session, posting, 101, "back-2")
    assert (bill.settled_fen, charges(session)) == (9_900, [(10_000, 100, 100, 1, True)])


def test_a_charge_of_a_bill_that_was_corrected_goes_back_too(
    session: Session, account: Account, point: ServicePoint
) -> None:
    """The bill in its place is due later: it bears no charge, so nothing is to be taken again."""
    old = create_bill(session, point, 10_000)
    posting = pay(session, account, 10_100, days_late(10))
    old.status, old.settled_fen, old.settled_at = "cancelled", 0, None
    session.flush()
    new = create_bill(session, point, 10_000, revision=1, bill_no="CORRECTED", settled_fen=10_000)
    ledger.book(session, account.id, "adjustment", "of the old bill", -10_000, IN_TIME)
    assert ledger.balance_fen(session, account.id) == 0
    done = back(session, posting, 10_100)
    assert done.reversal.allocations == [
        {"bill_no": old.bill_no, "principal_fen": 0, "late_fee_fen": 100},
        {"bill_no": "CORRECTED", "principal_fen": 10_000, "late_fee_fen": 0},
    ]
    assert (new.settled_fen, ledger.balance_fen(session, account.id)) == (0, 10_000)
