"""`denghuo demo`: a whole utility on one machine, from nothing to a page that shows a bill."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from denghuo.demo.furnish import command, farewell, furnish
from denghuo.house import (
    HouseError,
    Place,
    await_answer,
    log_file,
    processes,
    require_free_ports,
    start_database,
)
from runtime.secrets import ensure_secrets
from runtime.settings import Settings, SettingsError, load
from runtime.tether import Tether

STOPPED_BY_HAND = (130, 143)

_started = time.monotonic()


def say(text: str) -> None:
    """A line of progress with the seconds since the start."""
    click.echo(f"{time.monotonic() - _started:5.1f} s  {text}")


@click.command()
def demo() -> None:
    """Start everything: database, core, sandbox, worker, portal, and a utility to look at."""
    place = _place()
    os.environ.setdefault("DENGHUO_PUBLIC_URL", place.portal)  # links of what is furnished here
    try:
        require_free_ports(place)
        with _database(place):
            _prepare(place)
            sys.exit(_run(place))
    except (HouseError, SettingsError) as problem:
        raise click.ClickException(str(problem)) from problem
    except subprocess.CalledProcessError as problem:
        raise click.ClickException(
            f"`{' '.join(problem.cmd)}` did not succeed; its words stand above."
        ) from problem


def _place() -> Place:
    def port(name: str, default: int) -> int:
        return int(os.environ.get(f"DENGHUO_{name}_PORT", default))

    return Place(
        load(Settings).var.resolve(),
        portal_port=port("PORTAL", 8000),
        core_port=port("CORE", 8300),
        sandbox_port=port("SANDBOX", 8400),
        metrics_port=port("METRICS", 8001),
        worker_port=port("WORKER", 8002),
        assistant_port=port("ASSISTANT", 8500),
        actions_port=port("ACTIONS", 8501),
        sandbox_smtp_port=port("SANDBOX_SMTP", 8425),
    )


@contextmanager
def _database(place: Place) -> Iterator[None]:
    """The private PostgreSQL for as long as the demo lives, unless the operator named another."""
    ensure_secrets(place.var)
    if load(Settings).database_url:
        say("Database: the one that DATABASE_URL names")
        yield
        return
    say("Database: a private PostgreSQL in var/postgres")
    server = start_database(place)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def _prepare(place: Place) -> None:
    command(place, "sandbox", "keys", "--dir", str(place.var / "secrets"))
    say("Tables brought to their newest form")
    command(place, "migrate")


def _run(place: Place) -> int:
    """All processes, until one of them ends or Ctrl-C; returns the exit code."""
    watch = Watch()
    manager = Manager(watch)
    manager._process_ctor = Tethered
    for name, line in processes().items():
        log = log_file(place, name)
        manager.add_process(name, f"{line} >> '{log}' 2>&1", env=place.environment())
    threading.Thread(target=_furnish_or_end, args=(place,), daemon=True).start()
    manager.loop()
    if watch.first_end and manager.returncode not in STOPPED_BY_HAND:
        say(f"Ended by itself: {watch.first_end}. Its words are in {place.var / 'log'}")
    say("Everything that was started has been stopped")
    return 0 if manager.returncode in STOPPED_BY_HAND else 1


class Tethered(Process):
    """A process that ends with the demo even when the demo is killed.

    honcho runs each command from a process of its own between the demo and the command, so both
    links of the chain are tied.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._to_the_demo = Tether(signal.SIGKILL)

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Run the command; honcho calls this in the process between."""
        self._to_the_demo()
        self._child_ctor = partial(Popen, preexec_fn=Tether(signal.SIGTERM))
        super().run(events, ignore_signals)


class Watch(Printer):
    """Keeps the screen for progress, and remembers which process was the first to end."""

    def __init__(self) -> None:
        super().__init__()
        self.first_end = ""

    def write(self, message: Message) -> None:
        """Take a line of honcho's; the processes themselves write to var/log."""
        if " stopped (rc=" in message.data and not self.first_end:
            self.first_end = message.data.strip()


def _furnish_or_end(place: Place) -> None:
    try:
        farewell(place, furnish(place, say))
        _await_assistant(place)
    except (HouseError, SettingsError, subprocess.CalledProcessError) as problem:
        click.echo(f"The demo could not be made ready: {problem}", err=True)
        os.kill(os.getpid(), signal.SIGTERM)


def _await_assistant(place: Place) -> None:
    """Say when the assistant has learnt; the first time it is installed and taught for minutes."""
    try:
        await_answer(f"{place.assistant}/healthz", seconds=3600)
    except HouseError:
        say(f"The assistant did not come; its words are in {place.var / 'log' / 'assistant.log'}")
    else:
        say("The assistant has learnt and answers in the chat")
