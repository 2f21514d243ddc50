"""A worker, a colleague, and a repair that is on its way to a customer with a meter."""

from dataclasses import dataclass

import pytest

from runtime.database import Database
from service.models import Account
from service.requests import moving
from service.requests.models import Request
from tests.service import builders
from tests.service.requests.conftest import (  # noqa: F401 - fixtures of requests
    Customer,
    ask,
    december,
    move_in,
)

METER = "M0000042"


@dataclass(frozen=True)
class Crew:
    """Two workers and one of the desk, by their ids."""

    worker: int
    colleague: int
    desk: int


@pytest.fixture
def crew(database: Database) -> Crew:
    with database.unit_of_work() as session:
        people = [
            builders.create_user(session, name=name, staff_role=role).id
            for name, role in (("严明", "field"), ("周晓宁", "field"), ("林小满", "agent"))
        ]
    return Crew(*people)


@pytest.fixture
def customer(database: Database) -> Customer:
    return supplied(database)


def supplied(database: Database) -> Customer:
    """A customer with a meter."""
    found = move_in(database)
    with database.unit_of_work() as session:
        point = builders.create_service_point(session, session.get_one(Account, found.account_no))
        builders.create_meter(session, point, meter_no=METER)
    return found


@pytest.fixture
def job(database: Database, customer: Customer, crew: Crew) -> Request:
    """The power is off, and the worker is on the way."""
    return sent_out(database, customer, crew)


def sent_out(
    database: Database, customer: Customer, crew: Crew, key: str = "form-1", **told: str
) -> Request:
    """A repair that the desk has given to the worker."""
    made = ask(database, customer, key=key, **told)
    with database.unit_of_work() as session:
        moving.complete(session, made.request_no, "crew_sent", by=crew.desk)
        moving.assign(session, [made.request_no], crew.worker, by=crew.desk)
    return made
