"""`/desk/campaigns`: what many customers are told, with leave of a second person."""

from portal.staff.campaigns import audience, following, writing  # noqa: F401 - their pages
from portal.staff.campaigns.room import blueprint

__all__ = ["blueprint"]
