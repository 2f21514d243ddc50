"""Faults a tester can order: a gateway that fails, hangs or loses its answer; stamps that are off.

They are kept in the store, so that a restart does not heal them.
"""

import json
import random
import threading
import time
from dataclasses import dataclass

from sandbox import clock, conditions
from sandbox.store import Store

CHANNELS = (
    "wechat",
    "alipay",
    "unionpay",
    "sms",
    "aliyun",
    "tencent",
    "mail",
    "push",
    "voice",
    "invoices",
    "account",
)
"""`sms` are both providers of text messages at once."""
KINDS = ("error", "timeout", "lost_answer")
"""error: answers 500 at once. timeout: does nothing and answers when the outage ends.
lost_answer: does what is asked, and the answer never comes in time."""

_STEP = 0.1


@dataclass(frozen=True)
class Outage:
    """One channel out of order until an instant."""

    channel: str
    kind: str
    until: float
    share: float = 1.0

    def hits(self) -> bool:
        """Whether this call suffers it: a share of all calls does, at random."""
        return self.share >= 1 or random.random() < self.share  # noqa: S311 - guards nothing


class Faults:
    """The faults in force."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()

    def begin(self, channel: str, kind: str, seconds: float, share: float = 1.0) -> None:
        """Put a channel, or a share of its calls, out of order, in place of what it suffered."""
        outage = {"kind": kind, "until": clock.now() + seconds, "share": share}
        self._set(f"outage:{channel}", json.dumps(outage))

    def slow(self, channel: str, milliseconds: float) -> None:
        """Let a channel answer rightly, and so much later; 0 ends it."""
        self._set(f"delay:{channel}", repr(milliseconds))

    def linger(self, channel: str) -> None:
        """Take the time that was ordered."""
        if milliseconds := float(self._get(f"delay:{channel}") or 0):
            time.sleep(milliseconds / 1000)

    def end(self) -> None:
        """All channels work again, and stamps are right."""
        with self._store.transaction() as db:
            conditions.clear(db)
        self._wake()

    def outage(self, channel: str) -> Outage | None:
        """What the channel suffers now."""
        value = self._get(f"outage:{channel}")
        if value is None:
            return None
        outage = Outage(channel, **json.loads(value))
        return outage if outage.until > clock.now() else None

    def outages(self) -> list[Outage]:
        """All that is out of order now."""
        return [outage for outage in map(self.outage, CHANNELS) if outage]

    def refuses(self, channel: str) -> bool:
        """Whether the channel does nothing of what is asked; a timeout says so when it ends."""
        outage = self.outage(channel)
        if outage is None or outage.kind == "lost_answer" or not outage.hits():
            return False
        if outage.kind == "timeout":
            self._hold(channel)
        return True

    def lose(self, channel: str) -> None:
        """Keep an answer until nobody waits for it, when answers are lost."""
        outage = self.outage(channel)
        if outage and outage.kind == "lost_answer" and outage.hits():
            self._hold(channel)

    def _hold(self, channel: str) -> None:
        """Return when the channel's outage is over."""
        while outage := self.outage(channel):
            with self._changed:
                self._changed.wait(max(_STEP, outage.until - clock.now()))

    def skew(self, seconds: float) -> None:
        """Stamps on answers and notices are off by so much from now on."""
        self._set("skew", repr(seconds))

    def stamp(self) -> float:
        """The instant that is written on answers and notices."""
        return clock.now() + float(self._get("skew") or 0)

    def _get(self, name: str) -> str | None:
        with self._store.reading() as db:
            return conditions.get(db, name)

    def _set(self, name: str, value: str) -> None:
        with self._store.transaction() as db:
            conditions.put(db, name, value)
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
