"""Whoever has no link to an account any more hears and reads nothing of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import composing, dispatching, inbox, inboxed, notices
from notifications.models import Message, Notice
from runtime import clock
from runtime.database import Database
from service.models import Link
from tests.notifications.senders import Sender
from tests.service.builders import create_customer

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
TOLD = {"amount": "149.51", "link": "https://denghuo.example/pay", "gateway": "wechat"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """Late at night nothing is composed."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def customer(database: Database, as_told: None) -> int:
    """Somebody who was told of a bill and of a debit under an agreement of their own."""
    with database.unit_of_work() as session:
        user, account = create_customer(session)
        for kind in ("bill.issued", "autopay.ended"):
            notices.tell(
                session,
                kind,
                key=kind,
                user_id=user.id,
                account_no=account.account_no,
                params=TOLD,
            )
        return user.id


def _leave(database: Database, user_id: int) -> None:
    with database.unit_of_work() as session:
        link = session.scalars(select(Link).where(Link.user_id == user_id)).one()
        link.ended_at = clock.now()


def _readable(session: Session, user_id: int) -> dict[str, bool]:
    told = inbox.page(session, user_id)
    figures = inboxed.figures_of(session, told, "zh")
    return {each.kind: found is not None for each, found in zip(told, figures, strict=True)}


def test_the_inbox_shows_no_figures_any_more(database: Database, customer: int) -> None:
    with database.reading() as session:
        assert _readable(session, customer) == {"bill.issued": True, "autopay.ended": True}
    _leave(database, customer)
    with database.reading() as session:
        assert _readable(session, customer) == {"bill.issued": False, "autopay.ended": True}


def test_what_waits_is_not_sent(database: Database, sender: Sender, customer: int) -> None:
    composing.compose()
    _leave(database, customer)
    dispatching.dispatch("sms", 0)
    with database.reading() as session:
        ended = session.execute(select(Notice.kind, Notice.state, Notice.reason)).all()
        sent = session.scalars(select(Message.kind).where(Message.state == "sent")).all()
    assert ("bill.issued", "withdrawn", "no_longer") in ended
    assert "bill.issued" not in sent
