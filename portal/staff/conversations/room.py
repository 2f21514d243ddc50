"""The room itself, and what its pages ask: who is there, and what they may see."""

from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.security import asker_id
from portal.staff.frame import desk

STAFF = ("agent", "lead", "admin")
LEADS = ("lead", "admin")

blueprint = desk("conversations", __name__, _l("客户对话"), STAFF, icon="talk")


def leads() -> bool:
    """Whether the asker leads others, and sees their talks."""
    return current_user.staff_role in LEADS


def reach() -> int | None:
    """Whose talks and calls the asker may see: their own, or with None everybody's."""
    return None if leads() else asker_id()
