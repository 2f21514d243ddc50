"""Three choices in the place of many, for the simplified view."""

from sqlalchemy.orm import Session

from notifications.channels.base import Channel
from notifications.preferences import choosing, topics
from notifications.preferences.choosing import Chosen
from runtime.errors import Refused

EVERYTHING, IMPORTANT, CALL = "all", "important", "call"
MINOR = frozenset({"bill", "payment", "usage"})
"""What can be read some other day."""


def choose(session: Session, user_id: int, way: str) -> None:
    """Set everything by one of the three. Raises Refused("preference.unknown")."""
    if way not in (EVERYTHING, IMPORTANT, CALL):
        raise Refused("preference.unknown")
    choosing.as_usual(session, user_id, but=MINOR if way == IMPORTANT else ())
    if way == CALL:
        others = (each.value for each in topics.USUAL if each is not Channel.VOICE)
        choosing.set_order(session, user_id, [Channel.VOICE.value, *others])


def of(chosen: Chosen) -> str:
    """Which of the three holds; empty when the person has set something of their own."""
    on = {pair for pair in chosen.on if pair[0] != topics.NEWS}
    every = {pair for pair in choosing.pairs() if pair[0] != topics.NEWS}
    if on == every:
        return CALL if chosen.order[0] == Channel.VOICE else EVERYTHING
    return IMPORTANT if on == {pair for pair in every if pair[0] not in MINOR} else ""
