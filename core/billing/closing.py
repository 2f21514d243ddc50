"""The end of a civil day: what is booked on it, and when nothing can be added to it any more.

The settlement file of a past day never changes. So whoever books money holds a shared lock from
before the stamp is taken until the transaction ends, and whoever writes the file waits once for
all who hold it: after that, every stamp is a later one.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database

STAMP_LOCK = 0x0DE6_DA7E
"""Key of the advisory lock under which bookings are stamped."""

PATIENCE = "5s"


def stamp(session: Session) -> datetime:
    """Now, as the instant of a booking that the caller's transaction makes."""
    session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": STAMP_LOCK})
    return clock.now()


def await_bookings(database: Database) -> None:
    """Return when every booking that was stamped before is committed or rolled back.

    Bookings that come meanwhile wait too, so this gives up after `PATIENCE`: the database then
    raises OperationalError.
    """
    with database.unit_of_work() as session:
        session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STAMP_LOCK})
