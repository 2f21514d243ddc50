"""Customers at the desk: found, looked at for a reason, served, seen as they see themselves."""

from portal.staff.customers import (  # noqa: F401 - they join the room
    finding,
    looking,
    serving,
    viewing,
)
from portal.staff.customers.room import blueprint

__all__ = ["blueprint"]
