"""A corrected bill takes the old one's place; the difference is booked and no fen is lost."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import ledger, settlement
from core.billing.anomalies import drop
from core.billing.postings import Payment, post
from core.billing.rebills import rebill
from core.billing.reversals import Withdrawal, reverse
from core.billing.runs import run_bills
from core.models import Account, Bill, LateCharge, LedgerEntry, Meter, Posting, ServicePoint
from core.settings import BillingSettings
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from tests.core.builders import all_changes, create_bill, create_home, record_use

RULES = BillingSettings()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
IN_TIME = datetime(2026, 10, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def home(database: Database) -> tuple[Account, Meter]:
    """288 kWh in September: 143.03 yuan, issued on 2 October."""
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
        record_use(session, meter, "2026-09")
    run_bills(database, "2026-09", date(2026, 10, 2), RULES)
    return account, meter


def september(session: Session, revision: int = 0) -> Bill:
    query = select(Bill).where(Bill.period == "2026-09", Bill.revision == revision)
    return session.scalars(query).one()


def pay(session: Session, account: Account, amount_fen: int, at: datetime = IN_TIME) -> None:
    post(session, Payment(account.account_no, amount_fen, "wechat", "O", at), f"key-{amount_fen}")


def corrected(session: Session, meter: Meter, quarter_wh: int) -> Bill:
    """The month with other readings, billed again."""
    record_use(session, meter, "2026-09", quarter_wh)
    return rebill(session, september(session).bill_no, RULES)[0]


def test_less_use_gives_back_what_was_paid_too_much(
    session: Session, home: tuple[Account, Meter]
) -> None:
    """96 Wh a quarter-hour are 276.48 kWh: 240 at 0.4883 and 36.48 at 0.5383, 136.83 yuan."""
    account, meter = home
    pay(session, account, 14_303)
    new = corrected(session, meter, 96)
    old = september(session)
    assert (new.total_fen, new.settled_fen, new.revision) == (13_683, 13_683, 1)
    assert (old.status, old.settled_fen) == ("cancelled", 0)
    assert ledger.balance_fen(session, account.id) == -620
    assert settlement.credit_fen(session, account.id) == 620


def test_more_use_is_owed_with_a_due_date_of_its_own(
    session: Session, home: tuple[Account, Meter]
) -> None:
    """104 Wh a quarter-hour are 299.52 kWh, 149.23 yuan."""
    account, meter = home
    pay(session, account, 14_303)
    new = corrected(session, meter, 104)
    assert (new.total_fen, new.settled_fen, new.settled_at) == (14_923, 14_303, None)
    assert (new.issued_at, new.due) == (NOW, date(2026, 12, 5))
    assert ledger.balance_fen(session, account.id) == 620


def test_the_ledger_holds_the_difference_and_what_it_is_about(
    session: Session, home: tuple[Account, Meter]
) -> None:
    _, meter = home
    new = corrected(session, meter, 104)
    old = september(session)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "rebill")).one()
    assert (entry.amount_fen, entry.reference, entry.reason) == (620, new.bill_no, old.bill_no)


def test_the_feed_tells_the_old_bill_cancelled_and_the_new_one(
    session: Session, home: tuple[Account, Meter]
) -> None:
    _, meter = home
    new = corrected(session, meter, 104)
    *_, cancelled, issued, balance = all_changes(session)
    assert (cancelled["key"], cancelled["data"]["status"]) == (
        september(session).bill_no,
        "cancelled",
    )
    assert (issued["key"], issued["data"]["status"]) == (new.bill_no, "issued")
    assert balance["data"]["balance_fen"] == 14_923


def test_money_too_much_settles_other_bills(session: Session, home: tuple[Account, Meter]) -> None:
    account, meter = home
    pay(session, account, 14_303)
    other = create_bill(
        session, session.scalars(select(ServicePoint)).one(), 1_000, "2026-08", issued=NOW
    )
    corrected(session, meter, 96)
    assert other.settled_fen == 620


def test_what_was_given_back_of_a_charge_that_lapses_is_owed_again(
    session: Session, home: tuple[Account, Meter]
) -> None:
    """It stood on a held bill when the money went back, so it was never asked for."""
    account, meter = home
    pay(session, account, 14_303, datetime(2026, 11, 1, tzinfo=UTC))
    held = create_bill(session, session.scalars(select(ServicePoint)).one(), 215, "2026-10")
    (charge,) = session.scalars(select(LateCharge))
    charge.billed_on_id = held.id
    posting = session.scalars(select(Posting)).one()
    reverse(session, Withdrawal(posting.posting_no, 14_303, "test", posting.order_no), "back")
    assert (charge.fee_fen, charge.returned_fen) == (215, 212)
    drop(session, held)
    before = ledger.balance_fen(session, account.id)
    corrected(session, meter, 100)
    assert session.scalars(select(LateCharge)).all() == []
    assert ledger.balance_fen(session, account.id) == before + 212


def test_late_charges_that_wait_lapse_and_those_taken_stay(
    session: Session, home: tuple[Account, Meter]
) -> None:
    account, meter = home
    pay(session, account, 4_000, datetime(2026, 10, 27, 4, tzinfo=UTC))
    pay(session, account, 10_303 + 103, datetime(2026, 10, 27, 5, tzinfo=UTC))
    assert session.scalars(select(LateCharge.taken).order_by(LateCharge.id)).all() == [False, True]
    corrected(session, meter, 96)
    assert session.scalars(select(LateCharge.fee_fen)).all() == [103]


def test_only_the_newest_bill_of_a_month_is_billed_again(
    session: Session, home: tuple[Account, Meter]
) -> None:
    _, meter = home
    new = corrected(session, meter, 96)
    with pytest.raises(Conflict) as refused:
        rebill(session, september(session).bill_no, RULES)
    assert refused.value.params["live_bill_no"] == new.bill_no
    (newest,) = rebill(session, new.bill_no, RULES)
    assert (newest.revision, newest.total_fen) == (2, 13_683)


def test_an_unknown_bill_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        rebill(session, "202609NONE00", RULES)


def test_a_month_that_cannot_be_billed_keeps_its_bill(database: Database) -> None:
    with database.unit_of_work() as session:
        account, point, _ = create_home(session)
        bill = create_bill(session, point, 1_000)
    with pytest.raises(Refused) as refused, database.unit_of_work() as session:
        rebill(session, bill.bill_no, RULES)
    assert refused.value.code == "bill.rebill_failed"
    with database.unit_of_work() as session:
        assert september(session).status == "issued"
        assert ledger.balance_fen(session, account.id) == 1_000


def test_a_payment_that_names_the_old_bill_settles_the_new_one(
    session: Session, home: tuple[Account, Meter]
) -> None:
    account, meter = home
    new = corrected(session, meter, 96)
    named = (september(session).bill_no,)
    done = post(session, Payment(account.account_no, 13_683, "wechat", "O", NOW, named), "key")
    assert done.posting.allocations[0]["bill_no"] == new.bill_no
    assert new.settled_at == NOW


def test_on_a_yearly_tariff_the_months_after_it_are_billed_again(database: Database) -> None:
    """96 kWh less in August put September 96 kWh lower in the tiers of the year."""
    periods = ("2026-07", "2026-08", "2026-09")
    with database.unit_of_work() as session:
        account, _, meter = create_home(session, "zj-residential")
        for period in periods:
            record_use(session, meter, period, 400)
    for period in periods:
        run_bills(database, period, date(2026, 10, 2), RULES)
    with database.unit_of_work() as session:
        record_use(session, meter, "2026-08", 300)
        august = session.scalars(select(Bill.bill_no).where(Bill.period == "2026-08")).one()
        made = rebill(session, august, RULES)
        assert [(bill.period, bill.revision) for bill in made] == [("2026-08", 1), ("2026-09", 1)]
        assert made[1].case["year_to_date_kwh"] == "2083.20"
        live = session.scalars(select(Bill).where(Bill.status == "issued")).all()
        assert ledger.balance_fen(session, account.id) == sum(bill.total_fen for bill in live)
