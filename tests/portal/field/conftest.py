"""A field worker signed in, with a job at a customer who has a meter."""

import json
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from runtime.database import Database
from service.models import User
from service.people.users import find_by_phone
from service.requests.models import Request
from tests.portal.conftest import december, form_token, staff  # noqa: F401 - a fixture
from tests.service.field.conftest import Crew, sent_out, supplied
from tests.service.requests.conftest import Customer

WORKER, COLLEAGUE, AGENT = "18800000011", "18800000012", "18800000013"
KEY = "a-key-of-the-phone-1"


@dataclass(frozen=True)
class Field:
    """The worker's browser, a colleague's, who they are, and the job."""

    client: FlaskClient
    colleague: FlaskClient
    crew: Crew
    customer: Customer
    request_no: str

    @property
    def page(self) -> str:
        return f"/field/jobs/{self.request_no}"

    def ticket(self) -> str:
        """The one of the page of the job."""
        page = self.client.get(self.page).get_data(as_text=True)
        return page.split('name="ticket" value="')[1].split('"')[0]

    def send(
        self, *, script: bool = True, client: FlaskClient | None = None, **fields: object
    ) -> TestResponse:
        """Send the form of the job, as the phone's queue does or as a browser without scripts."""
        client = client or self.client
        values = {"csrf_token": form_token(client, "/profile"), "key": KEY, "deed": "complete"}
        headers = {"Accept": "application/json" if script else "text/html"}
        return client.post(self.page, data=values | {"step": "arrived"} | fields, headers=headers)


@pytest.fixture
def crew(app: Flask, database: Database) -> tuple[FlaskClient, FlaskClient, Crew]:
    clients = [
        staff(app, database, phone, role)
        for phone, role in ((WORKER, "field"), (COLLEAGUE, "field"), (AGENT, "agent"))
    ]
    with database.unit_of_work() as session:
        found = [find_by_phone(session, phone) for phone in (WORKER, COLLEAGUE, AGENT)]
        people = [each.id for each in found if each is not None]
        session.get_one(User, people[0]).name = "严明"
        session.get_one(User, people[1]).name = "周晓宁"
    return clients[0], clients[1], Crew(*people)


@pytest.fixture
def field(database: Database, crew: tuple[FlaskClient, FlaskClient, Crew]) -> Field:
    client, colleague, people = crew
    customer = supplied(database)
    job: Request = sent_out(database, customer, people, note="狗很凶")
    return Field(client, colleague, people, customer, job.request_no)


def answer(response: TestResponse) -> dict[str, object]:
    found: dict[str, object] = json.loads(response.get_data(as_text=True))
    return found
