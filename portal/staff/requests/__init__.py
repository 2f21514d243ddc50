"""Requests at the desk: the queues, a case, files of them."""

from portal.staff.requests import bulk, case, deeds, export, keeping, queue  # noqa: F401 - they join the room
from portal.staff.requests.room import blueprint

__all__ = ["blueprint"]
