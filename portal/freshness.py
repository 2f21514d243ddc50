"""How old the figures are, in one place for every page that shows what the core knows."""

from datetime import datetime, timedelta

from flask import Flask, current_app, g

from runtime import clock
from service.sync import status

STALE_AFTER = timedelta(seconds=300)
"""A copy of the core that is older than this is shown with its hour."""

REMEMBERED = timedelta(seconds=5)
_MEMORY = "data_as_of"


def register(app: Flask) -> None:
    """Offer both to the templates; `stale.html` says it."""
    app.jinja_env.globals.update(data_as_of=data_as_of, stale_since=stale_since)


def data_as_of() -> datetime | None:
    """Up to when the copy holds all that the core knew; None before the first sync.

    The hour is the same for everybody and changes every second, so a process reads it at most
    every five seconds: no page pays for a query of its own. It only moves forward, so that what
    is remembered can make the figures look five seconds too old, and never too young.
    """
    read_at, known = current_app.extensions.get(_MEMORY, (None, None))
    now = clock.now()
    if read_at is None or not timedelta(0) <= now - read_at < REMEMBERED:
        known = status.data_as_of(g.session)
        current_app.extensions[_MEMORY] = (now, known)
    return known


def stale_since() -> datetime | None:
    """The hour of the figures when it is so long ago that it must be said; else None."""
    known = data_as_of()
    return known if known is not None and clock.now() - known > STALE_AFTER else None
