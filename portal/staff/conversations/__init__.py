"""Conversations at the desk: who waits, the talks that go on, calls back."""

from portal.staff.conversations import call_backs, queue, thread  # noqa: F401 - they join the room
from portal.staff.conversations.room import blueprint

__all__ = ["blueprint"]
