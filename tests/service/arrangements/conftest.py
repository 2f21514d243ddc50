"""A customer in arrears, the desk, and the moment."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from runtime import clock, events
from runtime.database import Database
from service.arrangements import deciding
from service.events import (
    ActionApproved,
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    ArrangementMade,
    InstalmentDue,
    PaymentPosted,
)
from service.models import Bill, SyncCursor
from tests.service.builders import create_bill, create_customer, create_posting, create_user

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
"""Friday 11 December 2026, ten in the morning in China."""
TOLD = (ArrangementMade, ArrangementDecided, ArrangementKept, ArrangementBroken, InstalmentDue)


@pytest.fixture(autouse=True)
def travel() -> Iterator[Callable[[int], None]]:
    """It is `NOW`; the function goes on by days."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda days: traveller.shift(timedelta(days=days))


@pytest.fixture
def home(database: Database) -> SimpleNamespace:
    """A resident who owes ¥200.00 since 18 September and ¥149.51 since 18 November."""
    with database.unit_of_work() as session:
        user, account = create_customer(session)
        stranger, _other = create_customer(session)
        finance, lead = (create_user(session, staff_role=role) for role in ("finance", "lead"))
        old = create_bill(session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18))
        new = create_bill(session, account, "2026-10", total_fen=14951, due=date(2026, 11, 18))
    return SimpleNamespace(
        user=user.id,
        stranger=stranger.id,
        finance=finance.id,
        lead=lead.id,
        account=account.account_no,
        old=old.bill_no,
        new=new.bill_no,
    )


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What the other rooms hear; what is approved is done."""
    heard: list[Any] = []
    with ExitStack() as stack:
        for kind in TOLD:
            stack.enter_context(
                events.subscribed(kind, lambda _session, event: heard.append(event))
            )
        stack.enter_context(events.subscribed(ActionApproved, deciding.on_approved))
        yield heard


@pytest.fixture
def pay(database: Database) -> Callable[..., PaymentPosted]:
    """Let the core settle so much of bills, and tell of the posting; nothing listens by itself."""

    def paid(late_fen: int = 0, **settled: int) -> PaymentPosted:
        """The late charge is that of the first bill."""
        with database.unit_of_work() as session:
            parts = []
            for bill_no, fen in settled.items():
                bill = session.get_one(Bill, bill_no)
                bill.settled_fen += fen
                taken = 0 if parts else late_fen
                parts.append({"bill_no": bill_no, "principal_fen": fen, "late_fee_fen": taken})
            account = SimpleNamespace(account_no=bill.account_no)
            posting = create_posting(
                session,
                account,
                sum(settled.values()) + late_fen,
                posted_at=clock.now(),
                allocations=parts,
            )
            return PaymentPosted(
                posting.posting_no,
                posting.account_no,
                posting.order_no,
                posting.amount_fen,
                posting.posted_at,
            )

    return paid


@pytest.fixture
def caught_up(database: Database) -> Callable[[], None]:
    """Say that the copy holds all that the core knows now."""

    def say() -> None:
        with database.unit_of_work() as session:
            session.merge(
                SyncCursor(source="feed", checked_at=clock.now(), caught_up_at=clock.now())
            )

    return say
