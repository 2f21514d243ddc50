"""The published interface is the one that is served, and no request of any form breaks it."""

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from werkzeug.serving import make_server

from portal.assistant.interface import OPERATIONS, interface
from runtime.database import Database
from service.conversations import Conversation
from tests.portal.assistant.conftest import PUBLISHED, TOKEN, Asker, validator

REF = "a-conversation-of-tests0"


def test_the_published_interface_is_the_one_that_is_served() -> None:
    told = "run `python -m portal.assistant.interface > docs/openapi-assistant.json`"
    assert interface() == PUBLISHED, told
    assert PUBLISHED["openapi"].startswith("3.1")


def test_every_path_is_a_route_and_every_route_a_path(app: Flask) -> None:
    served = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("assistant.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {
        (path, method) for path, methods in PUBLISHED["paths"].items() for method in methods
    }


def _examples() -> Iterator[tuple[str, Any, Any]]:
    """Name, schema and value of every example."""
    for methods in PUBLISHED["paths"].values():
        for operation in methods.values():
            bodies = [(status, each) for status, each in operation["responses"].items()]
            bodies += [("told", operation["requestBody"])] if "requestBody" in operation else []
            for where, body in bodies:
                content = body["content"]["application/json"]
                for name, example in content.get("examples", {}).items():
                    yield f"{operation['operationId']} {where} {name}", content["schema"], example


def test_every_example_is_what_its_schema_says() -> None:
    found = list(_examples())
    assert len(found) > 150
    for _name, schema, example in found:
        validator(schema).validate(example["value"])


def test_every_operation_has_words_examples_and_refusals() -> None:
    named = {name.partition(" ")[0] for name, _schema, _example in _examples()}
    assert named == {each.name for each in OPERATIONS}
    for methods in PUBLISHED["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            done = [each for each in operation["responses"] if each.startswith("2")]
            for status in [*done, "401", "404", "503"]:
                content = operation["responses"][status]["content"]["application/json"]
                assert content["examples"], (operation["operationId"], status)


@pytest.fixture
def served(app: Flask, database: Database, customer: Asker) -> Iterator[str]:
    """The portal on a port of this machine, with the conversation `REF`."""
    with database.unit_of_work() as session:
        session.query(Conversation).filter_by(ref=customer.ref).update({"ref": REF})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _bound() -> dict[str, Any]:
    """The interface of one conversation, its name no longer a parameter."""
    found: dict[str, Any] = json.loads(json.dumps(interface()).replace("{ref}", REF))
    for methods in found["paths"].values():
        for operation in methods.values():
            operation["parameters"] = [
                each for each in operation["parameters"] if each["name"] != "ref"
            ]
    return found


config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False}})
any_request = schemathesis.openapi.from_dict(_bound(), config=config)
REASONED = (400, 409, 422, 429)
"""Refusals with a reason: what fits the interface may still be nobody's, or not be possible now."""


@any_request.parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_of_any_form_breaks_it(case: schemathesis.Case, served: str) -> None:
    """All checks of schemathesis, with data that fits the interface and data that does not."""
    answer = case.call(base_url=served, headers={"Authorization": f"Bearer {TOKEN}"})
    excluded = []
    if answer.status_code in REASONED and answer.json()["code"] != "malformed":
        excluded.append(schemathesis.checks.positive_data_acceptance)
    if _says_less(case, served):
        excluded.append(schemathesis.checks.negative_data_rejection)
    case.validate_response(answer, excluded_checks=excluded)
    assert answer.status_code in (*REASONED, 200, 201, 401, 403, 404, 405, 503)


def _says_less(case: schemathesis.Case, url: str) -> bool:
    """Whether a parameter that is too much has no value, so that the address does not name it."""
    given = case.as_transport_kwargs(base_url=url)
    address = requests.Request("GET", given["url"], params=given.get("params")).prepare().url or ""
    written = parse_qs(urlsplit(address).query, keep_blank_values=True)
    return not set(case.query or {}) <= set(written)
