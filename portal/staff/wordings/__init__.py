"""`/desk/wordings`: what people are told, in words that two people can change."""

from portal.staff.wordings import looking, writing
from portal.staff.wordings.room import blueprint

__all__ = ["blueprint", "looking", "writing"]
