"""The trail as the rooms of the desk write it: who looked at what, and the words of each deed."""

from flask_babel import lazy_gettext as _l

from portal.security import asker_address, asker_id
from portal.unit import database
from service import audit

DEEDS = {
    audit.SEEN: _l("看了"),
}
"""The words of a deed in the list of the trail; a room that records a new one adds it here."""


def seen(subject: str, reason: str, about: str = "") -> None:
    """Write down that the asker looks at `subject`, before they see it.

    For pages that only look: their own connection cannot write. What the page shows is not
    shown when this fails. Arguments and refusals are those of `audit.record`.
    """
    with database().unit_of_work() as own:
        own.info[audit.ADDRESS] = asker_address()
        audit.record(
            own, by=asker_id(), deed=audit.SEEN, subject=subject, reason=reason, about=about
        )
