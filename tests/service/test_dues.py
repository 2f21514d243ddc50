from datetime import date

import pytest

from service.dues import dues
from tests.service.builders import create_account, create_bill, create_customer, create_link


def _owed(found):
    return [(due.bill_no, due.principal_fen, due.late_fee_fen, due.days_late) for due in found]


def test_bills_are_due_oldest_first_with_their_late_charge(session):
    user, account = create_customer(session)
    old = create_bill(session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18))
    new = create_bill(session, account, "2026-10", total_fen=14951, due=date(2026, 11, 18))
    found = dues(session, user.id, on=date(2026, 11, 18))
    assert _owed(found) == [(old.bill_no, 20000, 1220, 61), (new.bill_no, 14951, 0, 0)]
    assert sum(due.amount_fen for due in found) == 36171


def test_what_is_settled_cancelled_or_a_credit_is_not_due(session):
    user, account = create_customer(session)
    create_bill(session, account, "2026-07", total_fen=500, settled_fen=500)
    create_bill(session, account, "2026-08", total_fen=500, status="cancelled")
    create_bill(session, account, "2026-09", total_fen=-300, settled_fen=-300)
    part = create_bill(session, account, "2026-10", total_fen=10000, settled_fen=4000)
    found = dues(session, user.id, on=date(2026, 11, 28))
    assert _owed(found) == [(part.bill_no, 6000, 60, 10)]


def test_a_shop_pays_more_for_days_after_the_year_end(session):
    """5000.00 yuan due on 21 December, paid on 5 January: 100.00 and 75.00 yuan."""
    user, account = create_customer(session, kind="commercial")
    create_bill(
        session,
        account,
        "2025-11",
        case={"tariff": "demo-commercial-tou", "kwh": {"peak": "1000"}},
        total_fen=500000,
        due=date(2025, 12, 21),
    )
    assert dues(session, user.id, on=date(2026, 1, 5))[0].late_fee_fen == 17500


@pytest.mark.parametrize(("settled", "fee"), [(0, 1000), (90000, 100), (100000, 0), (100500, 0)])
def test_a_late_charge_carried_by_the_bill_bears_none_itself(session, settled, fee):
    """1000.00 of use and 10.00 of an older late charge: the charge is settled last."""
    user, account = create_customer(session)
    create_bill(
        session,
        account,
        total_fen=101000,
        consumption_fen=100000,
        export_fen=0,
        settled_fen=settled,
        due=date(2026, 11, 18),
    )
    (due,) = dues(session, user.id, on=date(2026, 11, 28))
    assert (due.principal_fen, due.late_fee_fen) == (101000 - settled, fee)


def test_dues_are_of_linked_accounts_only_and_can_be_narrowed(session):
    user, first = create_customer(session)
    second = create_account(session)
    create_link(session, user, second, "payer")
    neighbour, theirs = create_customer(session)
    for account in (first, second, theirs):
        create_bill(session, account, total_fen=100)
    day = date(2026, 11, 4)
    assert {due.account_no for due in dues(session, user.id, on=day)} == {
        first.account_no,
        second.account_no,
    }
    narrowed = dues(session, user.id, [second.account_no, theirs.account_no], on=day)
    assert [due.account_no for due in narrowed] == [second.account_no]
    assert dues(session, user.id, [], on=day) == []
    assert [due.account_no for due in dues(session, neighbour.id, on=day)] == [theirs.account_no]
