"""The customer comes back from the cashier: for a minute the page awaits what they did there."""

from datetime import UTC, datetime, timedelta

from flask import current_app, session
from itsdangerous import BadData, URLSafeTimedSerializer

from runtime import clock

EXPECTING = timedelta(minutes=1)
"""A gateway says within seconds what was paid; later the order can be gone on with."""

_KEY = "back"

TICKET = timedelta(minutes=1)
"""From the cashier's form to the page it leads to, which is the browser's next request."""


def remember(order_no: str) -> None:
    """The customer says that they have just paid this order, by word or by coming back."""
    session[_KEY] = [order_no, int(clock.now().timestamp())]


def is_fresh(order_no: str) -> bool:
    """Whether they said so a moment ago."""
    said = session.get(_KEY)
    if not said or said[0] != order_no:
        return False
    return clock.now() - datetime.fromtimestamp(said[1], UTC) < EXPECTING


def ticket(order_no: str) -> str:
    """Proof, for the next request, that the cashier has just sent the customer back."""
    return _tickets().dumps(order_no)


def is_ticket(order_no: str, given: str) -> bool:
    """Whether this is such a proof for this order, and a fresh one."""
    try:
        named = _tickets().loads(given, max_age=int(TICKET.total_seconds()))
    except BadData:
        return False
    return bool(named == order_no)


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="pay.front")
