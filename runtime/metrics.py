"""Figures for the operator, in Prometheus' form.

A server of several processes calls `share_figures(folder)` before any room is imported; each
process then writes to that folder and `exposition()` adds them up.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = CONTENT_TYPE_LATEST
SHARED = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds, from a quick query to the longest wait allowed."""


def counter(name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
    """A count that only grows; asking again for the same name gives the same counter."""
    return _once(name, Counter, lambda: Counter(name, meaning, labels))


def gauge(name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
    """A value that goes up and down; of several processes the last to write one is shown."""
    return _once(name, Gauge, lambda: Gauge(name, meaning, labels, multiprocess_mode="mostrecent"))


def histogram(name: str, meaning: str, labels: Sequence[str] = ()) -> Histogram:
    """Durations in seconds."""
    return _once(name, Histogram, lambda: Histogram(name, meaning, labels, buckets=BUCKETS))


def share_figures(folder: Path) -> None:
    """Let several processes share figures; call it in the parent before rooms are imported."""
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("*.db"):
        left_over.unlink(missing_ok=True)
    os.environ[SHARED] = str(folder)


def forget_process(pid: int) -> None:
    """Drop the living figures of a process that ended (gunicorn's `child_exit`)."""
    if SHARED in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposition() -> bytes:
    """All figures of all processes, as `/metrics` serves them."""
    if SHARED not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


M = TypeVar("M", Counter, Gauge, Histogram)

_known: dict[str, Counter | Gauge | Histogram] = {}


def _once(name: str, kind: type[M], make: Callable[[], M]) -> M:
    known = _known.get(name)
    if known is None:
        made = _known[name] = make()
        return made
    if not isinstance(known, kind):
        raise ValueError(f"{name} is already in use for another kind of figure.")
    return known
