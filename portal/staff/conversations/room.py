"""The room itself, and what its pages ask: who is there, and what they may see."""

from flask_babel import lazy_gettext as _l

from portal.security import asker_id
from portal.staff.frame import AGENTS, desk, leads

blueprint = desk("conversations", __name__, _l("客户对话"), AGENTS, icon="talk")


def reach() -> int | None:
    """Whose talks and calls the asker may see: their own, or with None everybody's."""
    return None if leads() else asker_id()
