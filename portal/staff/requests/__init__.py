"""Requests at the desk: the queues, a case, files of them."""

from portal.staff.requests import (  # noqa: F401 - they join the room
    bulk,
    case,
    deeds,
    export,
    keeping,
    papers,
    queue,
)
from portal.staff.requests.room import blueprint

__all__ = ["blueprint"]
