"""The published interface is the one that is served, and no request of any form breaks it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import requests
import schemathesis
from click.testing import CliRunner
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from core.app import interface
from core.cli import core
from runtime.database import Database
from tests.core.builders import create_account, create_bill, create_service_point
from tests.core.conftest import TOKEN

PUBLISHED = Path(__file__).parents[2] / "docs" / "openapi-core.json"

instants = st.integers(946_800_000, 1_767_200_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat()
)
schemathesis.openapi.format("date-time", instants)
schemathesis.openapi.format("date", st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(str))


def test_the_published_interface_is_the_one_that_is_served(core_url: str) -> None:
    published = json.loads(PUBLISHED.read_text("utf-8"))
    assert published == interface(), "run `denghuo core openapi --output docs/openapi-core.json`"
    assert published == httpx.get(f"{core_url}/openapi.json").json()
    assert published["openapi"].startswith("3.1")


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(core, ["openapi"])
    assert (done.exit_code, json.loads(done.output)) == (0, interface())


def test_every_address_is_described_with_words_and_errors() -> None:
    for path, methods in interface()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} says nothing"
            if path != "/healthz":
                assert operation["security"] == [{"HTTPBearer": []}], f"{method} {path} is open"
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    form = answer["content"]["application/json"]["schema"]
                    assert form == {"$ref": "#/components/schemas/ErrorAnswer"}, (path, status)


@pytest.fixture
def _utility(database: Database) -> None:
    """An account that is known to the examples of the interface."""
    with database.unit_of_work() as session:
        account = create_account(session, "420011875603")
        create_bill(session, create_service_point(session, account), 12_345)


config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False}})
any_request = schemathesis.openapi.from_dict(interface(), config=config)

NOT_DESCRIBED = {"/v1/readings": [schemathesis.checks.positive_data_acceptance]}
"""Checks that cannot hold: no description says which bytes are a file of readings."""


@pytest.mark.usefixtures("_utility")
@any_request.parametrize()
@settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_no_request_of_any_form_breaks_it(case: schemathesis.Case, core_url: str) -> None:
    """All checks of schemathesis, with data that fits the interface and data that does not."""
    excluded = NOT_DESCRIBED.get(case.path, [])
    if _says_less(case, core_url):
        excluded = [*excluded, schemathesis.checks.negative_data_rejection]
    case.call_and_validate(
        base_url=core_url,
        headers={"Authorization": f"Bearer {TOKEN}"},
        excluded_checks=excluded,
    )


def _says_less(case: schemathesis.Case, core_url: str) -> bool:
    """Whether a parameter that is too much has no value, so that the address does not name it."""
    given = case.as_transport_kwargs(base_url=core_url)
    address = requests.Request("GET", given["url"], params=given.get("params")).prepare().url or ""
    written = parse_qs(urlsplit(address).query, keep_blank_values=True)
    return not set(case.query or {}) <= set(written)
