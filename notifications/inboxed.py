"""Messages of an inbox with the figures that they have now.

What was told stands there for a year; what it says is read anew, as for a message that is about
to be sent, so that nobody reads a sum that is long paid.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import audience, figures
from notifications.figures import Figures
from notifications.inbox import Told
from notifications.models import Notice
from notifications.notices import own_key


def figures_of(session: Session, told: Sequence[Told], language: str) -> list[Figures | None]:
    """Their figures, in order; None for what no longer holds, or is theirs to know no more.

    What was told in the inbox alone has those that were written down with it.
    """
    keys = {own_key(each.key, each.user_id): each.id for each in told}
    notices = session.scalars(select(Notice).where(Notice.key.in_(keys))).all()
    live = figures.read(session, notices, language)
    strangers = audience.strangers(session, notices)
    found = {
        keys[notice.key]: None if notice.id in strangers else now
        for notice, now in zip(notices, live, strict=True)
    }
    return [found[each.id] if each.id in found else _own(each) for each in told]


def _own(told: Told) -> Figures:
    return {name: str(value) for name, value in told.params.items()}
