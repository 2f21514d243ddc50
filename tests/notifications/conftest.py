"""What tests of the way of a message share: a clock that stands, a provider that remembers."""

from collections.abc import Iterator

import pytest

from notifications import figures
from tests.notifications.senders import Sender, sending_by


@pytest.fixture
def as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is filled with what was written down with it."""
    monkeypatch.setattr(figures, "_readers", {})


@pytest.fixture
def sender() -> Iterator[Sender]:
    """The only provider of short messages; there are no other channels."""
    one = Sender()
    with sending_by(one):
        yield one
