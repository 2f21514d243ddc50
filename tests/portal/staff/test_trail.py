"""A look is in the trail before anything is shown."""

import pytest
from flask import Flask
from flask_login import login_user
from sqlalchemy import select

from portal.current import Visitor
from portal.staff import trail
from runtime import clock
from runtime.database import Database
from runtime.errors import Refused
from service.audit import AuditEntry
from service.people.sessions import SignedIn
from tests.portal.conftest import create_user


@pytest.fixture
def agent(app: Flask, database: Database):  # type: ignore[no-untyped-def]
    """The agent's own request for a page, from an address."""
    user = create_user(database)
    with app.test_request_context("/desk", environ_base={"REMOTE_ADDR": "192.0.2.7"}):
        login_user(Visitor(_signed_in(user.id)))
        yield user


def _signed_in(user_id: int) -> SignedIn:
    return SignedIn(1, user_id, "", None, None, "system", False, "agent", clock.now())


def test_a_look_is_written_down(agent, database: Database) -> None:  # type: ignore[no-untyped-def]
    trail.seen("420011875603", "来电问账单", about="conversation 4")
    with database.unit_of_work() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.user_id, entry.deed, entry.subject) == (agent.id, "seen", "420011875603")
    assert (entry.reason, entry.about) == ("来电问账单", "conversation 4")
    assert entry.address == "192.0.2.7"


def test_without_a_why_there_is_no_look(agent, database: Database) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused, match=r"trail\.reason_needed"):
        trail.seen("420011875603", "")
    with database.unit_of_work() as session:
        assert session.scalars(select(AuditEntry)).all() == []
