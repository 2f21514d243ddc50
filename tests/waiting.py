"""Waiting for what another process does, without guessing how long it takes."""

import os
import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], seconds: float = 30, pause: float = 0.02) -> None:
    """Return as soon as `condition` holds; fail when it does not in time. `pause` between looks."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {condition}"
        time.sleep(pause)


def until_done(work: Callable[[], object], not_yet: type[Exception]) -> None:
    """Do it again, as its job would be, until it no longer raises `not_yet`."""

    def done() -> bool:
        try:
            work()
        except not_yet:
            return False
        return True

    eventually(done)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def signal_process(pid: int, number: int) -> None:
    """Send a signal; harmless when the process is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
