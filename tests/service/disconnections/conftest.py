"""A resident who owes for long, the desk, and the moment."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from runtime import clock, events
from runtime.database import Database
from service import approvals
from service.approvals import Approval
from service.disconnections import calling_off, planning
from service.events import (
    ActionApproved,
    ActionDeclined,
    ArrangementDecided,
    ArrangementMade,
    DisconnectionCalledOff,
    DisconnectionNear,
    DisconnectionPlanned,
)
from service.models import SyncCursor
from tests.service.builders import create_bill, create_customer, create_user

NOW = datetime(2026, 11, 10, 2, tzinfo=UTC)
"""Tuesday 10 November 2026, ten in the morning in China."""
HOUR = datetime(2026, 11, 19, 2, tzinfo=UTC)
"""Thursday 19 November, ten in the morning."""


@pytest.fixture(autouse=True)
def go_to() -> Iterator[Callable[[datetime], None]]:
    """It is `NOW`; the function goes to another moment."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller.move_to


@pytest.fixture
def home(database: Database) -> SimpleNamespace:
    """¥200.00 are owed since 18 September, ¥149.51 since 18 October."""
    with database.unit_of_work() as session:
        user, account = create_customer(session)
        finance, lead = (create_user(session, staff_role=role) for role in ("finance", "lead"))
        old = create_bill(session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18))
        new = create_bill(session, account, "2026-09", total_fen=14951, due=date(2026, 10, 18))
    return SimpleNamespace(
        user=user.id,
        finance=finance.id,
        lead=lead.id,
        account=account.account_no,
        old=old.bill_no,
        new=new.bill_no,
    )


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What the other rooms hear; the rooms hear each other as they are wired."""
    heard: list[Any] = []
    listeners = {
        ActionApproved: planning.on_approved,
        ActionDeclined: planning.on_declined,
        ArrangementMade: calling_off.on_arrangement,
        ArrangementDecided: calling_off.on_decided,
        **dict.fromkeys(
            (DisconnectionPlanned, DisconnectionNear, DisconnectionCalledOff),
            lambda _session, event: heard.append(event),
        ),
    }
    with ExitStack() as stack:
        for kind, listener in listeners.items():
            stack.enter_context(events.subscribed(kind, listener))
        yield heard


@pytest.fixture
def ask(database: Database, home: SimpleNamespace) -> Callable[..., int]:
    """Plan it for `HOUR`, as finance does."""

    def asked(at: datetime = HOUR, reason: str = "多次提醒没有缴") -> int:
        with database.unit_of_work() as session:
            return planning.ask(session, home.account, at, reason, by=home.finance).id

    return asked


@pytest.fixture
def approve(database: Database, home: SimpleNamespace) -> Callable[[], None]:
    """The lead approves what waits."""

    def approved() -> None:
        with database.unit_of_work() as session:
            waiting = select(Approval.id).where(Approval.status == "asked")
            approvals.approve(session, session.scalars(waiting).one(), by=home.lead)

    return approved


@pytest.fixture
def caught_up(database: Database) -> Callable[[], None]:
    """Say that the copy holds all that the core knows now."""

    def say() -> None:
        with database.unit_of_work() as session:
            session.merge(
                SyncCursor(source="feed", checked_at=clock.now(), caught_up_at=clock.now())
            )

    return say


def days_later(days: float) -> datetime:
    return NOW + timedelta(days=days)
