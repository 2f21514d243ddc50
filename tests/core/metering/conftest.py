"""The metering tests stand in November 2026."""

from collections.abc import Iterator

import pytest
import time_machine


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        yield
