"""A worker whose heart stands still begins anew instead of hanging for ever."""

import asyncio
import os
import sys
import time

import procrastinate
import pytest

from runtime import worker


def test_a_silent_worker_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[list[str]] = []
    stop = asyncio.Event()

    def execute(program: str, words: list[str]) -> None:
        begun.append([program, *words])
        stop.set()

    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr(worker, "LEAST_PATIENCE_SECONDS", 0.02)
    manager = worker._Manager(procrastinate.PsycopgConnector())
    manager.last_beat = time.monotonic() - 60
    options = worker.WorkerOptions(None, 1, 0.001, 1)
    asyncio.run(worker._begin_anew_when_silent(manager, stop, options))
    assert begun == [[sys.executable, sys.executable, *sys.argv]]


def test_a_worker_that_lives_or_was_told_to_stop_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it began anew"))
    monkeypatch.setattr(worker, "LEAST_PATIENCE_SECONDS", 30)

    async def live() -> None:
        stop = asyncio.Event()
        stop.set()
        manager = worker._Manager(procrastinate.PsycopgConnector())
        options = worker.WorkerOptions(None, 1, 0.001, 1)
        await worker._begin_anew_when_silent(manager, stop, options)

    asyncio.run(live())
