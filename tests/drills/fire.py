"""What every drill does: count, wait, and start again what fell."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from runtime.database import Database
from tests.house import House

SETTLED_WITHIN = 600


def raise_the_fallen(house: House) -> None:
    """As a supervisor does: what gave up because the database was away is started again."""
    for name, process in list(house.running.items()):
        if process.poll() is not None:
            house.start(name)


def count(database: Database, table: type, condition: object) -> int:
    """How many rows there are; none while the database is away."""
    with patiently(), database.unit_of_work() as session:
        return session.scalar(select(func.count(table.id)).where(condition)) or 0  # type: ignore
    return 0


@contextmanager
def patiently() -> Iterator[None]:
    """The database may be on its way up."""
    try:
        yield
    except (OperationalError, InterfaceError):
        return


def await_that(holds: Callable[[], bool], house: House) -> None:
    """Wait until it holds; what falls meanwhile is raised."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while not holds():
        raise_the_fallen(house)
        logs = {name: house.log(name) for name in house.lines}
        assert time.monotonic() < deadline, f"not settled in time; see {logs}"
        time.sleep(0.5)  # between two looks; what is waited for is the condition
