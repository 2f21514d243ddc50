"""`/desk/arrears`: who owes for how long, what is arranged, and disconnections by two people."""

from portal.staff.arrears import deeds, looking
from portal.staff.arrears.room import blueprint

__all__ = ["blueprint", "deeds", "looking"]
