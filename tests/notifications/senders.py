"""Providers for tests: each remembers what it took, and fails as it is told to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from notifications.channels import registry
from notifications.channels.base import Channel, Found, Parcel, Provider, ProviderError


class Sender(Provider):
    """Takes every message, also twice; `fault` is raised instead, `lost` after it was taken."""

    channel = Channel.SMS

    def __init__(self, name: str = "one", channel: Channel = Channel.SMS) -> None:
        self.name, self.channel = name, channel  # type: ignore[misc]
        self.is_idempotent = self.reports = False  # type: ignore[misc]
        self.taken: list[Parcel] = []
        self.fault: ProviderError | None = None
        self.lost: ProviderError | None = None
        self.asked: list[str] = []
        self.says: Callable[[Parcel], Found | None] = self.recalls

    @property
    def words(self) -> list[tuple[str, str]]:
        """To whom, and what."""
        return [(each.recipient, each.words["text"]) for each in self.taken]

    def recalls(self, parcel: Parcel) -> Found | None:
        found = [each for each in self.taken if each.reference == parcel.reference]
        return Found(f"no-{parcel.reference}") if found else None

    def _send(self, parcel: Parcel) -> str:
        if self.fault:
            raise self.fault
        if not (self.is_idempotent and self.recalls(parcel)):
            self.taken.append(parcel)
        if self.lost:
            raise self.lost
        return f"no-{parcel.reference}"

    def _find(self, parcel: Parcel) -> Found | None:
        self.asked.append(parcel.reference)
        return self.says(parcel)


@contextmanager
def sending_by(*senders: Sender) -> Iterator[None]:
    """These are the providers of their channels, and there are no others."""
    for channel in Channel:
        registry.use(channel, [each for each in senders if each.channel is channel])
    yield
    for channel in Channel:
        registry.use(channel, None)
