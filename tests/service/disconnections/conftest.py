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
from service.disconnections import calling_off, note_told, note_warned, planning, watching
from service.disconnections.models import Disconnection
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
BEFORE = HOUR - timedelta(minutes=30)
"""When residents are warned."""


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


@pytest.fixture
def planned(told: list[Any], ask: Callable[..., int], approve: Callable[[], None]) -> int:
    """Approved, and nothing told yet but the notice."""
    number = ask()
    approve()
    told.clear()
    return number


@pytest.fixture
def noticed(database: Database, planned: int) -> int:
    """Its customer has the notice."""
    with database.unit_of_work() as session:
        assert note_told(session, planned, NOW) is True
    return planned


@pytest.fixture
def at(
    database: Database, go_to: Callable[[datetime], None], caught_up: Callable[[], None]
) -> Callable[[datetime], None]:
    """Go to a moment, and let the job look."""

    def gone(moment: datetime) -> None:
        go_to(moment)
        caught_up()
        watching.watch(database)

    return gone


def warned(database: Database, number: int, minutes: int = 30, at: datetime | None = None) -> bool:
    """The warning has gone out, now unless a moment is named."""
    with database.unit_of_work() as session:
        return note_warned(session, number, minutes, at or clock.now())


def state(database: Database) -> tuple[str, str | None]:
    """The state of the one there is, and why it was called off."""
    with database.unit_of_work() as session:
        found = session.scalars(select(Disconnection)).one()
        return found.state, found.why


def off(
    number: int,
    home: SimpleNamespace,
    why: str,
    was: str = "noticed",
    told: bool = True,
    by: int | None = None,
) -> DisconnectionCalledOff:
    """What the others hear when it is called off."""
    return DisconnectionCalledOff(number, home.account, HOUR, was, told, why, by)


def days_later(days: float) -> datetime:
    return NOW + timedelta(days=days)
