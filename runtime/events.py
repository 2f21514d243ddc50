"""Events between rooms that must not import each other.

A listener runs at once, in the publisher's transaction: what it writes, and the jobs it
defers, stand or fall with the change that it hears about. An error in a listener is an error
of the change. The wiring is written in one place, where the application is put together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.orm import Session

E = TypeVar("E")

_listeners: dict[type[Any], list[Callable[[Session, Any], None]]] = defaultdict(list)


def subscribe(event_type: type[E], listener: Callable[[Session, E], None]) -> None:
    """Call `listener` for every event of exactly this type; a second subscription is one."""
    if listener not in _listeners[event_type]:
        _listeners[event_type].append(listener)


def unsubscribe(event_type: type[E], listener: Callable[[Session, E], None]) -> None:
    """Stop calling `listener`; harmless when it was not subscribed."""
    if listener in _listeners[event_type]:
        _listeners[event_type].remove(listener)


def publish(session: Session, event: object) -> None:
    """Tell the listeners of this event's type, in the order of their subscription."""
    for listener in tuple(_listeners.get(type(event), ())):
        listener(session, event)


@contextmanager
def subscribed(event_type: type[E], listener: Callable[[Session, E], None]) -> Iterator[None]:
    """Subscribe for the length of a block."""
    subscribe(event_type, listener)
    try:
        yield
    finally:
        unsubscribe(event_type, listener)
