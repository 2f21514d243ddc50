"""Whether somebody took a call is reported under a secret address, and kept with the answer."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from runtime.database import Database

SECRET = "known-to-the-provider"
ANSWERED = {"call_id": "c1", "client_id": "r1", "status": "answered"}


@pytest.fixture(autouse=True)
def _told(settings_env: pytest.MonkeyPatch) -> None:
    settings_env.setenv("DENGHUO_NOTIFY_SECRET", SECRET)


def kept(database: Database) -> list[dict[str, Any]]:
    with database.unit_of_work() as session:
        rows = session.scalars(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.reported'")
        )
        return [{name: row[name] for name in row if name != "at"} for row in rows]


@pytest.mark.parametrize(
    ("status", "delivered", "reason"),
    [("answered", True, ""), ("no_answer", False, "no_answer"), ("busy", False, "busy")],
)
def test_a_report_is_kept(
    client: FlaskClient, database: Database, status: str, delivered: bool, reason: str
) -> None:
    answer = client.post(f"/notify/voice/{SECRET}", json=ANSWERED | {"status": status})
    assert answer.status_code == 200
    assert kept(database) == [
        {"provider": "voice", "number": "c1", "delivered": delivered, "reason": reason}
    ]


def test_a_call_that_still_rings_is_no_news(client: FlaskClient, database: Database) -> None:
    answer = client.post(f"/notify/voice/{SECRET}", json=ANSWERED | {"status": "calling"})
    assert (answer.status_code, kept(database)) == (200, [])


@pytest.mark.parametrize("secret", ["guessed", "x" * 500])
def test_who_does_not_know_the_secret_finds_nothing(
    client: FlaskClient, database: Database, secret: str
) -> None:
    assert client.post(f"/notify/voice/{secret}", json=ANSWERED).status_code == 404
    assert kept(database) == []


def test_without_a_secret_of_ours_nobody_knows_it(
    client: FlaskClient, database: Database, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_NOTIFY_SECRET", "")
    assert client.post("/notify/voice/", json=ANSWERED).status_code == 404
    assert client.post(f"/notify/voice/{SECRET}", json=ANSWERED).status_code == 404
    assert kept(database) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"call_id": 7}',
        b'{"call_id": "c", "status": "sleeping"}',
        b'{"call_id": "\xff", "status": "answered"}',
        b'{"call_id": "\\u0000", "status": "answered"}',
        b'{"x": ' + b"[" * 4000,
    ],
    ids=["empty", "list", "number", "status", "letters", "nothing", "depth"],
)
def test_what_cannot_be_read_is_refused(
    client: FlaskClient, database: Database, body: bytes
) -> None:
    assert client.post(f"/notify/voice/{SECRET}", data=body).status_code == 400
    assert kept(database) == []
