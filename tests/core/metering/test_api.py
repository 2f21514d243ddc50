"""`POST /v1/readings`."""

import gzip

import pytest
from httpx import Client
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import IngestFile, MeterDay
from core.settings import CoreSettings
from runtime.database import Database
from tests.core.builders import create_account, create_meter, create_service_point
from tests.core.metering import feeds

CSV = "meter_no,start,kwh\nM1,2026-11-03 08:00,0.25\nM1,2026-11-03 08:15,-1\n"


@pytest.fixture(autouse=True)
def meter(database: Database) -> None:
    with database.unit_of_work() as session:
        create_meter(session, create_service_point(session, create_account(session)), meter_no="M1")


def test_a_file_is_taken_and_each_refused_row_told(client: Client, session: Session) -> None:
    answer = client.post("/v1/readings", params={"name": "nov.csv"}, content=CSV)
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("file") == session.scalar(select(IngestFile.sha256))
    assert body == {
        "name": "nov.csv",
        "format": "csv",
        "repeated": False,
        "readings": 2,
        "accepted": 1,
        "changed_days": 1,
        "rejected_count": 1,
        "rejected": [
            {"row": 3, "reason": "The value is negative; a meter counts import and export apart."}
        ],
    }


def test_sending_it_again_is_harmless(client: Client) -> None:
    text = gzip.compress(feeds.quarter_hours(5).encode())
    assert client.post("/v1/readings", content=text).json()["changed_days"] == 1
    again = client.post("/v1/readings", content=text).json()
    assert (again["repeated"], again["changed_days"]) == (True, 0)


def test_the_caller_names_the_meter_of_a_feed_that_does_not(client: Client) -> None:
    text = feeds.quarter_hours(5, title="Front meter")
    answer = client.post("/v1/readings", params={"meter": "M1"}, content=text)
    assert answer.json()["accepted"] == 1


def test_a_file_that_cannot_be_read_is_one_sentence(client: Client, session: Session) -> None:
    answer = client.post("/v1/readings", content=feeds.quarter_hours(5)[:-30])
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "The XML is broken or cut off at line 1."
    assert session.scalar(select(func.count()).select_from(IngestFile)) == 0
    assert session.scalar(select(func.count()).select_from(MeterDay)) == 0


def test_too_large_a_file_is_refused(client: Client, core_settings: CoreSettings) -> None:
    limit = core_settings.core_readings_megabytes
    answer = client.post("/v1/readings", content=b"x" * ((limit << 20) + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == f"The file is larger than {limit} MB; part it."


def test_without_the_token_nothing_is_taken(client: Client, session: Session) -> None:
    answer = client.post("/v1/readings", content=CSV, headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert session.scalar(select(func.count()).select_from(MeterDay)) == 0
