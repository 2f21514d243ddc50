"""Money is posted once, goes where the rules say, and the balance is always the ledger's sum."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing import late, ledger
from core.billing.postings import Payment, Posted, post
from core.models import Account, LateCharge, LedgerEntry, Posting, ServicePoint
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from tests.core.builders import all_changes, create_account, create_bill, create_service_point

IN_TIME = datetime(2026, 10, 10, 4, tzinfo=UTC)
DUE = date(2026, 10, 16)


def payment(account: Account, amount_fen: int, paid_at: datetime = IN_TIME, *bills: str) -> Payment:
    return Payment(account.account_no, amount_fen, "wechat", "ORDER-1", paid_at, bills)


def days_late(days: int) -> datetime:
    """Noon in China, so many days after the due day."""
    return datetime(DUE.year, DUE.month, DUE.day, 4, tzinfo=UTC) + timedelta(days=days)


@pytest.fixture
def account(session: Session) -> Account:
    return create_account(session)


@pytest.fixture
def point(session: Session, account: Account) -> ServicePoint:
    return create_service_point(session, account)


def test_a_payment_of_the_whole_settles_the_bill(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 12_345)
    done = post(session, payment(account, 12_345), "key-1")
    assert done.replayed is False
    assert done.posting.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 12_345, "late_fee_fen": 0}
    ]
    assert (done.posting.credit_fen, bill.settled_fen, bill.settled_at) == (0, 12_345, IN_TIME)
    assert ledger.balance_fen(session, account.id) == 0


def test_a_part_is_settled_and_the_rest_stays_owed(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 12_345)
    post(session, payment(account, 345), "key-1")
    assert (bill.settled_fen, bill.settled_at) == (345, None)
    assert ledger.balance_fen(session, account.id) == 12_000


def test_the_bill_due_first_is_settled_first(
    session: Session, account: Account, point: ServicePoint
) -> None:
    later = create_bill(session, point, 1000, "2026-09")
    earlier = create_bill(session, point, 1000, "2026-08", due=date(2026, 10, 12))
    done = post(session, payment(account, 1500), "key-1")
    assert [each["bill_no"] for each in done.posting.allocations] == [
        earlier.bill_no,
        later.bill_no,
    ]
    assert (earlier.settled_fen, later.settled_fen) == (1000, 500)


def test_a_named_bill_goes_before_all_others(
    session: Session, account: Account, point: ServicePoint
) -> None:
    first = create_bill(session, point, 1000, "2026-08", due=date(2026, 10, 12))
    named = create_bill(session, point, 1000, "2026-09")
    post(session, payment(account, 1200, IN_TIME, named.bill_no), "key-1")
    assert (named.settled_fen, first.settled_fen) == (1000, 200)


def test_what_is_left_becomes_credit(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 1000)
    done = post(session, payment(account, 5000), "key-1")
    assert done.posting.credit_fen == 4000
    assert ledger.balance_fen(session, account.id) == -4000


@pytest.mark.parametrize(
    ("name", "bills"), [("unknown", ["NO-SUCH-BILL"]), ("of another account", ["OTHERS"])]
)
def test_a_bill_that_is_not_the_accounts_is_refused(
    session: Session, account: Account, name: str, bills: list[str]
) -> None:
    stranger = create_service_point(session, create_account(session))
    create_bill(session, stranger, 1000, bill_no="OTHERS")
    with pytest.raises(Refused) as refused:
        post(session, payment(account, 1000, IN_TIME, *bills), "key-1")
    assert (refused.value.code, refused.value.params["bill_no"]) == (
        "posting.bill_unknown",
        bills[0],
    )


def test_an_unknown_account_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        post(session, Payment("999999999999", 1, "wechat", "O", IN_TIME), "key-1")


# ---- late charges -------------------------------------------------------------------------------


def test_ten_days_late_costs_a_home_one_per_cent(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 10_000)
    done = post(session, payment(account, 10_100, days_late(10)), "key-1")
    assert done.posting.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 10_000, "late_fee_fen": 100}
    ]
    assert done.posting.credit_fen == 0
    assert ledger.balance_fen(session, account.id) == 0


def test_a_firm_pays_more_for_days_of_the_next_year(session: Session, account: Account) -> None:
    """The worked example of TARIFFS 10: due 21 December, paid 5 January."""
    point = create_service_point(session, account, "demo-commercial-tou")
    create_bill(session, point, 500_000, tariff="demo-commercial-tou", due=date(2025, 12, 21))
    paid = datetime(2026, 1, 5, 4, tzinfo=UTC)
    done = post(session, payment(account, 517_500, paid), "key-1")
    assert done.posting.allocations[0]["late_fee_fen"] == 17_500
    assert done.posting.credit_fen == 0


@pytest.mark.parametrize(
    ("paid_at", "fee_fen"),
    [
        (datetime(2026, 10, 16, 15, 59, 59, tzinfo=UTC), 0),  # 23:59:59 of the due day in China
        (datetime(2026, 10, 16, 16, 0, 0, tzinfo=UTC), 10),  # midnight: the first day late
        (datetime(2026, 10, 17, 15, 59, 59, tzinfo=UTC), 10),
    ],
)
def test_the_civil_day_of_payment_counts(
    session: Session, account: Account, point: ServicePoint, paid_at: datetime, fee_fen: int
) -> None:
    create_bill(session, point, 10_000)
    done = post(session, payment(account, 20_000, paid_at), "key-1")
    assert done.posting.allocations[0]["late_fee_fen"] == fee_fen


def test_the_charge_is_on_what_is_still_owed(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 10_000)
    post(session, payment(account, 6_000), "in time")
    done = post(session, payment(account, 4_040, days_late(10)), "late")
    assert done.posting.allocations[0]["late_fee_fen"] == 40
    assert ledger.balance_fen(session, account.id) == 0


def test_a_charge_the_money_does_not_reach_waits_whole(
    session: Session, account: Account, point: ServicePoint
) -> None:
    """99 of a charge of 100 stay as credit; the charge waits for the next bill."""
    bill = create_bill(session, point, 10_000)
    done = post(session, payment(account, 10_099, days_late(10)), "key-1")
    assert (done.posting.allocations[0]["late_fee_fen"], done.posting.credit_fen) == (0, 99)
    charge = late.waiting(session, [point.id])[point.id]
    assert (charge.bill_id, charge.arrears_fen, charge.fee_fen) == (bill.id, 10_000, 100)
    assert (charge.due, charge.paid, charge.taken) == (DUE, date(2026, 10, 26), False)
    assert ledger.balance_fen(session, account.id) == -99


def test_each_part_paid_late_has_its_own_charge(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 10_000)
    post(session, payment(account, 4_000, days_late(5)), "key-1")
    post(session, payment(account, 6_060, days_late(10)), "key-2")
    charges = session.execute(
        select(LateCharge.arrears_fen, LateCharge.fee_fen, LateCharge.taken).order_by(LateCharge.id)
    ).all()
    assert [tuple(charge) for charge in charges] == [(4_000, 20, False), (6_000, 60, True)]


def test_a_late_charge_on_a_bill_bears_no_charge_itself(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 10_500, consumption_fen=10_000, late_fen=500)
    done = post(session, payment(account, 10_600, days_late(10)), "key-1")
    assert done.posting.allocations[0]["late_fee_fen"] == 100
    assert done.posting.credit_fen == 0


# ---- once and only once -------------------------------------------------------------------------


def test_a_repeated_request_gives_the_first_posting(
    session: Session, account: Account, point: ServicePoint
) -> None:
    create_bill(session, point, 1000)
    first = post(session, payment(account, 400), "key-1")
    again = post(session, payment(account, 400), "key-1")
    assert again.replayed is True
    assert again.posting.posting_no == first.posting.posting_no == "P000000000001"
    assert ledger.balance_fen(session, account.id) == 600


@pytest.mark.parametrize(
    "other",
    [{"amount_fen": 401}, {"channel": "alipay"}, {"order_no": "2"}, {"paid_at": days_late(0)}],
)
def test_the_same_key_with_another_payment_is_a_conflict(
    session: Session, account: Account, other: dict[str, Any]
) -> None:
    given = {"amount_fen": 400, "channel": "wechat", "order_no": "1", "paid_at": IN_TIME}
    post(session, Payment(account_no=account.account_no, **given), "key-1")
    with pytest.raises(Conflict):
        post(session, Payment(account_no=account.account_no, **(given | other)), "key-1")


def test_the_same_instant_in_another_zone_is_the_same_payment(
    session: Session, account: Account
) -> None:
    post(session, payment(account, 400), "key-1")
    beijing = datetime.fromisoformat("2026-10-10T12:00:00+08:00")
    assert post(session, payment(account, 400, beijing), "key-1").replayed is True


def test_twenty_at_once_post_once(database: Database) -> None:
    with database.unit_of_work() as session:
        account = create_account(session)
        create_bill(session, create_service_point(session, account), 1000)
    results: list[Posted] = []

    def pay() -> None:
        with database.unit_of_work() as session:
            results.append(post(session, payment(account, 1000), "the-key"))

    threads = [threading.Thread(target=pay) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert len({done.posting.posting_no for done in results}) == 1
    assert [done.replayed for done in results].count(False) == 1
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Posting)) == 1
        assert ledger.balance_fen(session, account.id) == 0


def test_one_key_for_two_accounts_at_once_posts_once(database: Database) -> None:
    with database.unit_of_work() as session:
        accounts = [create_account(session) for _ in range(8)]
    conflicts: list[Conflict] = []

    def pay(account: Account) -> None:
        try:
            with database.unit_of_work() as session:
                post(session, payment(account, 1000), "the-key")
        except Conflict as conflict:
            conflicts.append(conflict)

    threads = [threading.Thread(target=pay, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conflicts) == 7
    with database.unit_of_work() as session:
        assert session.scalar(select(func.sum(LedgerEntry.amount_fen))) == -1000


# ---- ledger and feed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement", ["UPDATE core.ledger_entry SET amount_fen = 0", "DELETE FROM core.ledger_entry"]
)
def test_the_ledger_cannot_be_changed(
    session: Session, account: Account, point: ServicePoint, statement: str
) -> None:
    create_bill(session, point, 1000)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def test_the_feed_tells_bills_posting_and_balance_whole(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 1000)
    posting = post(session, payment(account, 400), "key-1").posting
    told = [(each["kind"], each["key"]) for each in all_changes(session)]
    assert told == [
        ("bill", bill.bill_no),
        ("posting", posting.posting_no),
        ("balance", account.account_no),
    ]
    data = {each["kind"]: each["data"] for each in all_changes(session)}
    assert data["bill"]["settled_fen"] == 400
    assert data["bill"]["due"] == "2026-10-16"
    assert data["bill"]["service_point_no"] == point.service_point_no
    assert data["posting"]["allocations"] == posting.allocations
    assert data["posting"]["paid_at"] == "2026-10-10T04:00:00Z"
    assert data["balance"]["balance_fen"] == 600


def test_a_repeated_request_says_nothing_to_the_feed(session: Session, account: Account) -> None:
    post(session, payment(account, 400), "key-1")
    before = len(all_changes(session))
    post(session, payment(account, 400), "key-1")
    assert len(all_changes(session)) == before
