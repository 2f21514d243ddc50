"""The card of what the reader is told, as its page says it."""

from flask import g, url_for

from notifications.preferences import choosing
from portal.chat.cards.money import Shown
from portal.chat.kinds import NoticesCard
from portal.current import visitor
from portal.preferences import words


def notices(_card: NoticesCard) -> Shown:
    """A line for each topic, and the hours; nothing for who has not signed in."""
    person = visitor()
    if person is None:
        return None
    chosen = choosing.chosen(g.session, person.id)
    return {
        "lines": words.summary(chosen),
        "begin": words.clock(chosen.wishes.quiet_from),
        "end": words.clock(chosen.wishes.quiet_until),
        "address": url_for("preferences.index"),
    }
