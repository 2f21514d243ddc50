"""The counter at the desk: cash for codes and accounts, receipts, drawers and their shifts."""

from portal.staff.counter import receiving, shifts  # noqa: F401 - their pages join the room
from portal.staff.counter.room import blueprint

__all__ = ["blueprint"]
