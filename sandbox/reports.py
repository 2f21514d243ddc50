"""What became of messages, told to the house until it has heard: cards and calls.

Kept in the store, so that a report outlives the process; one that nobody hears is given up.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from sqlite3 import Connection

from flask import Flask

from sandbox import clock, messages
from sandbox.box import Box
from sandbox.messages import DELIVERY_SECONDS, Message

IDLE = 0.2
MOST_TRIES = 20

log = logging.getLogger("sandbox.reports")


def owe(db: Connection, message_id: int) -> None:
    """Tell what became of this message, once it is known; a second time changes nothing."""
    due = clock.now() + DELIVERY_SECONDS
    db.execute("insert or ignore into report (message, next_at) values (?, ?)", (message_id, due))


class Reporter:
    """A thread that tells; `ways` says how, by medium, and whether it was heard."""

    def __init__(self, app: Flask, box: Box, ways: Mapping[str, Callable[[Message], bool]]) -> None:
        self._app = app
        self._box = box
        self._ways = ways
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-reports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the one under way; what waits is taken up at the next start."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._tell_one():
                    continue
            except Exception:
                log.exception("A report could not be told")
            self._stopping.wait(IDLE)

    def _tell_one(self) -> bool:
        """Whether there was one to tell."""
        with self._box.store.reading() as db:
            row = db.execute(
                "select message.* from report join message on message.id = report.message"
                " where report.state = 'pending' and report.next_at <= ?"
                " order by report.next_at limit 1",
                (clock.now(),),
            ).fetchone()
        if row is None:
            return False
        message = messages.message(row)
        with self._app.app_context():
            heard = self._ways[message.medium](message)
        self._record(message.id, heard)
        return True

    def _record(self, message: int, heard: bool) -> None:
        with self._box.store.transaction() as db:
            row = db.execute("select tries from report where message = ?", (message,)).fetchone()
            if row is None:  # forgotten meanwhile
                return
            tries = row["tries"] + 1
            state = "told" if heard else "given_up" if tries >= MOST_TRIES else "pending"
            db.execute(
                "update report set tries = ?, state = ?, next_at = ? where message = ?",
                (tries, state, clock.now() + self._box.schedule.pause(tries), message),
            )
