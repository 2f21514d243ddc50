"""The customer comes back from the cashier: for a minute the page awaits what they did there."""

from datetime import UTC, datetime, timedelta

from flask import session

from runtime import clock

EXPECTING = timedelta(minutes=1)
"""A gateway says within seconds what was paid; later the order can be gone on with."""

_KEY = "back"


def remember(order_no: str) -> None:
    """The customer says that they have just paid this order, by word or by coming back."""
    session[_KEY] = [order_no, int(clock.now().timestamp())]


def is_fresh(order_no: str) -> bool:
    """Whether they said so a moment ago."""
    said = session.get(_KEY)
    if not said or said[0] != order_no:
        return False
    return clock.now() - datetime.fromtimestamp(said[1], UTC) < EXPECTING
