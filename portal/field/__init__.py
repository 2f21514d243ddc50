"""`/field`: the jobs of whoever works on the spot, for a phone, with a signal or without."""

from portal.field import pages, sending, shell, slips  # noqa: F401 - their pages join the room
from portal.field.room import blueprint

__all__ = ["blueprint"]
