"""Handing a chunk over: some at the same time, no longer than a while, no connection held."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from time import monotonic

from notifications.channels.base import Busy, Parcel, Provider, Refused, Unclear
from notifications.faults import place
from notifications.health import IN_A_ROW
from notifications.settings import DispatchSettings
from runtime import clock
from runtime.logs import get_logger
from runtime.settings import load

CHUNK_SECONDS = 10.0
"""After so long nothing of a chunk is begun any more: others wait for their turn."""

_log = get_logger(__name__)


class Ending(StrEnum):
    """How handing over ended; UNTRIED never began."""

    SENT = "sent"
    REFUSED = "refused"
    BUSY = "busy"
    UNCLEAR = "unclear"
    UNTRIED = "untried"


@dataclass(frozen=True)
class Ready:
    """A message that was claimed (`claimed_at` says by whom) and can be handed over."""

    message_id: int
    claimed_at: datetime
    provider: Provider
    parcel: Parcel


@dataclass(frozen=True)
class Outcome:
    """What became of it: the provider's number when it was sent, else the reason."""

    ready: Ready
    ending: Ending
    number: str = ""
    reason: str = ""


def hand_over(chunk: Sequence[Ready]) -> list[Outcome]:
    """Hand a chunk over; the outcomes are in the order in which they came."""
    settings = load(DispatchSettings)
    turn = _Turn(timedelta(seconds=settings.message_lease_seconds))
    if len(chunk) == 1:
        return [turn.hand(chunk[0])]
    with ThreadPoolExecutor(min(settings.dispatch_threads, len(chunk))) as threads:
        list(threads.map(turn.take, chunk))
    return turn.outcomes


class _Turn:
    """A chunk's time: it ends early for a provider that fails again and again."""

    def __init__(self, lease: timedelta) -> None:
        self.outcomes: list[Outcome] = []
        self._lease = lease
        self._until = monotonic() + CHUNK_SECONDS
        self._failures: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, ready: Ready) -> None:
        name = ready.provider.name
        may = monotonic() < self._until and self._failures[name] < IN_A_ROW
        outcome = self.hand(ready) if may else Outcome(ready, Ending.UNTRIED)
        with self._lock:
            self.outcomes.append(outcome)
            if outcome.ending in (Ending.BUSY, Ending.UNCLEAR):
                self._failures[name] += 1
            elif outcome.ending is not Ending.UNTRIED:
                self._failures[name] = 0

    def hand(self, ready: Ready) -> Outcome:
        """Whoever was held up for half of the lease lets it be: others may have it by now."""
        if clock.now() - ready.claimed_at > self._lease / 2:
            return Outcome(ready, Ending.UNTRIED)
        return _hand(ready)


def _hand(ready: Ready) -> Outcome:
    try:
        return Outcome(ready, Ending.SENT, number=_sent(ready.provider.send, ready.parcel))
    except Refused as error:
        return Outcome(ready, Ending.REFUSED, reason=error.reason)
    except Busy as error:
        return Outcome(ready, Ending.BUSY, reason=error.reason)
    except Unclear as error:
        return Outcome(ready, Ending.UNCLEAR, reason=error.reason)


def _sent(send: Callable[[Parcel], str], parcel: Parcel) -> str:
    """An answer that nobody understands says nothing about what was taken."""
    try:
        return send(parcel)
    except (Refused, Busy, Unclear):
        raise
    except Exception as error:
        _log.error("provider_broke", reference=parcel.reference, fault=place(error))
        raise Unclear(type(error).__name__) from error
