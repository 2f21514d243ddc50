"""Doing something to every open request of a sort, some at a time."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from runtime.database import Database
from service.requests.models import Request

AT_ONCE = 200
"""Requests of one transaction, so that no lock is held for long."""


def sweep(
    database: Database, which: ColumnElement[bool], deed: Callable[[Session, Request], bool]
) -> int:
    """Do it to the open requests for which `which` holds; to how many it was done.

    What another worker looks at is passed over, and found again a little later.
    """
    query = select(Request).where(Request.closed_at.is_(None), which).order_by(Request.id)
    count, last = 0, 0
    while True:
        with database.unit_of_work() as session:
            rows = query.where(Request.id > last).limit(AT_ONCE).with_for_update(skip_locked=True)
            found = session.scalars(rows).all()
            count += sum(deed(session, each) for each in found)
        if len(found) < AT_ONCE:
            return count
        last = found[-1].id
