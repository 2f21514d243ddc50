"""What a source of changes is: a port, so that a utility's own way of giving data is one class."""

from dataclasses import dataclass
from typing import Protocol

from service.core_client import CoreClient
from service.settings import ServiceSettings


@dataclass(frozen=True)
class Batch:
    """Changes as lines of JSON in the form of the core's feed, in the order of their numbers.

    `position` is where to go on once these are stored; it equals the position asked with when
    there is nothing new. `waiting` is how many more the source knows of.
    """

    lines: bytes
    position: str
    waiting: int


class ChangeSource(Protocol):
    """Gives changes in order, at least once, from any position it has named before.

    Every change carries a whole object and a number above those of all earlier changes of that
    object. The position "" is the beginning.
    """

    name: str

    def fetch(self, position: str) -> Batch:
        """What comes after a position. Raises `runtime.errors.Unavailable`."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class CoreFeed:
    """The change feed of the core (`GET /v1/changes`)."""

    name = "feed"

    def __init__(self, core: CoreClient, batch: int = 5000) -> None:
        self._core = core
        self._batch = batch

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "CoreFeed":
        return cls(CoreClient.from_settings(settings), settings.sync_batch)

    def fetch(self, position: str) -> Batch:
        feed = self._core.changes(int(position or 0), self._batch)
        waiting = max(0, feed.latest - feed.next_after)
        return Batch(feed.lines, str(feed.next_after) if feed.lines else position, waiting)

    def close(self) -> None:
        self._core.close()
