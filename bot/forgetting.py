"""Forgetting old dialogues: Rasa keeps every word for ever, and needs them for a session alone.

What was said stands, encrypted and for as long as it should, with the portal.
"""

import asyncio
import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

KEEP_DAYS = 30
DAY = 24 * 3600

logger = logging.getLogger(__name__)


async def forget_daily(store: Path) -> None:
    """Forget now, and once a day as long as the server runs."""
    while True:
        await asyncio.get_running_loop().run_in_executor(None, forget, store)
        await asyncio.sleep(DAY)


def forget(store: Path) -> int:
    """Delete events older than `KEEP_DAYS` from Rasa's store (SQLite); returns how many.

    A store that is busy or not made yet is tried again the next day.
    """
    try:
        with closing(sqlite3.connect(store, timeout=5)) as database, database:
            old = time.time() - KEEP_DAYS * DAY
            done = database.execute("DELETE FROM events WHERE timestamp < ?", (old,))
            return done.rowcount
    except sqlite3.OperationalError as problem:
        logger.warning("old dialogues could not be forgotten: %s", problem)
        return 0
