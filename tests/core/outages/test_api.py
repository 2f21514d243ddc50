"""The core over HTTP: outages announced, changed, ended and listed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
import time_machine

from runtime.database import Database
from tests.core.answers import error
from tests.core.builders import create_account, create_service_point

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
NO = "T000000000001"


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def plan(client: httpx.Client, key: str = "plan-1", **given: Any) -> httpx.Response:
    body = {
        "kind": "planned",
        "areas": ["东-03", "东-04"],
        "places": ["梧桐里 9–12 栋", "临江苑"],
        "reason_code": "maintenance",
        "reason": "10 千伏梧桐线计划检修",
        "starts_at": "2026-11-30T01:00:00Z",
        "expected_end_at": "2026-11-30T03:30:00Z",
    }
    return client.post("/v1/outages", json=body | given, headers={"Idempotency-Key": key})


def fault(client: httpx.Client, key: str = "fault-1", **given: Any) -> httpx.Response:
    body = {
        "kind": "unplanned",
        "areas": ["东-03"],
        "reason_code": "fault",
        "reason": "电缆接头故障",
        "starts_at": "2026-11-20T03:10:00Z",
    }
    return client.post("/v1/outages", json=body | given, headers={"Idempotency-Key": key})


def change(client: httpx.Client, number: str = NO, **given: Any) -> httpx.Response:
    return client.patch(f"/v1/outages/{number}", json=given)


def told_by_feed(client: httpx.Client) -> list[dict[str, Any]]:
    lines = client.get("/v1/changes").content.splitlines()
    return [each["data"] for each in map(msgspec.json.decode, lines) if each["kind"] == "outage"]


def test_a_plan_is_told_as_it_was_announced(client: httpx.Client) -> None:
    made = plan(client)
    assert made.status_code == 201
    assert made.json() == {
        "outage_no": NO,
        "kind": "planned",
        "areas": ["东-03", "东-04"],
        "places": ["梧桐里 9–12 栋", "临江苑"],
        "reason_code": "maintenance",
        "reason": "10 千伏梧桐线计划检修",
        "announced_at": "2026-11-20T04:00:00Z",
        "starts_at": "2026-11-30T01:00:00Z",
        "expected_end_at": "2026-11-30T03:30:00Z",
        "ended_at": None,
        "state": "announced",
        "updated_at": "2026-11-20T04:00:00Z",
        "service_points": 0,
    }
    assert client.get(f"/v1/outages/{NO}").json() == made.json()
    (told,) = told_by_feed(client)
    assert told == {name: made.json()[name] for name in told}
    assert set(made.json()) - set(told) == {"service_points"}


def test_an_outage_is_announced_once(client: httpx.Client) -> None:
    first, again = plan(client), plan(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert error(plan(client, areas=["东-05"])) == (409, "idempotency.key_reused")
    assert len(told_by_feed(client)) == 1


def test_what_has_begun_is_ongoing_at_once_and_may_have_no_end_yet(client: httpx.Client) -> None:
    made = fault(client).json()
    assert (made["state"], made["expected_end_at"], made["places"]) == ("ongoing", None, [])


def test_from_announcement_to_restoration(client: httpx.Client) -> None:
    plan(client)
    assert change(client, state="ongoing").json()["state"] == "ongoing"
    late = change(client, expected_end_at="2026-11-30T05:00:00Z").json()
    assert late["expected_end_at"] == "2026-11-30T05:00:00Z"
    with time_machine.travel(datetime(2026, 11, 30, 4, 45, tzinfo=UTC), tick=False):
        over = change(client, state="restored").json()
        assert (over["state"], over["ended_at"]) == ("restored", "2026-11-30T04:45:00Z")
        assert change(client, state="restored").json() == over
        assert error(change(client, reason="别的原因")) == (409, "outage.over")
    assert [each["state"] for each in told_by_feed(client)] == [
        "announced",
        "ongoing",
        "ongoing",
        "restored",
    ]


def test_the_same_again_changes_and_tells_nothing(client: httpx.Client) -> None:
    plan(client)
    again = change(client, areas=["东-03", "东-04"], state="announced")
    assert again.json() == client.get(f"/v1/outages/{NO}").json()
    assert change(client).status_code == 200
    assert len(told_by_feed(client)) == 1


def test_a_plan_that_is_called_off_has_ended_when_it_was(client: httpx.Client) -> None:
    plan(client)
    over = change(client, state="cancelled").json()
    assert (over["state"], over["ended_at"]) == ("cancelled", "2026-11-20T04:00:00Z")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"state": "cancelled"}, "outage.cannot_move"),
        ({"state": "announced"}, "outage.cannot_move"),
        ({"ended_at": "2026-11-20T03:30:00Z"}, "outage.not_over"),
        ({"state": "restored", "ended_at": "2026-11-20T05:00:00Z"}, "outage.in_future"),
        ({"state": "restored", "ended_at": "2026-11-20T03:00:00Z"}, "outage.ends_before_start"),
        ({"expected_end_at": "2026-11-20T03:00:00Z"}, "outage.ends_before_start"),
        ({"reason_code": "maintenance"}, "outage.other_reason"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    client: httpx.Client, given: dict[str, Any], code: str
) -> None:
    before = fault(client).json()
    assert error(change(client, **given)) == (409, code)
    assert client.get(f"/v1/outages/{NO}").json() == before
    assert len(told_by_feed(client)) == 1


def test_maintenance_is_announced_seven_days_ahead(client: httpx.Client) -> None:
    soon = {"starts_at": "2026-11-27T03:59:59Z", "expected_end_at": "2026-11-27T06:00:00Z"}
    assert error(plan(client, **soon)) == (409, "outage.short_notice")
    assert plan(client, reason_code="temporary_maintenance", **soon).status_code == 201
    just_in_time = soon | {"starts_at": "2026-11-27T04:00:00Z"}
    assert plan(client, "plan-2", **just_in_time).status_code == 201


def test_maintenance_is_moved_forward_only_with_notice_and_back_at_any_time(
    client: httpx.Client,
) -> None:
    plan(client)
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False):
        assert error(change(client, starts_at="2026-11-29T01:00:00Z")) == (
            409,
            "outage.short_notice",
        )
        later = {"starts_at": "2026-12-01T01:00:00Z", "expected_end_at": "2026-12-01T03:30:00Z"}
        assert change(client, **later).json()["starts_at"] == "2026-12-01T01:00:00Z"


def test_what_came_at_short_notice_cannot_be_called_maintenance_later(
    client: httpx.Client,
) -> None:
    soon = {"starts_at": "2026-11-21T01:00:00Z", "expected_end_at": "2026-11-21T03:00:00Z"}
    sudden = plan(client, reason_code="temporary_maintenance", **soon).json()
    assert error(change(client, reason_code="maintenance")) == (409, "outage.short_notice")
    assert client.get(f"/v1/outages/{NO}").json() == sudden
    early = plan(client, "plan-2", reason_code="upgrade").json()["outage_no"]
    with time_machine.travel(datetime(2026, 11, 29, tzinfo=UTC), tick=False):
        assert change(client, early, reason_code="maintenance").status_code == 200


def test_a_plan_says_when_the_power_comes_back(client: httpx.Client) -> None:
    assert error(plan(client, expected_end_at=None))[0] == 422
    assert error(plan(client, areas=[]))[0] == 422
    assert error(plan(client, reason_code="fault"))[0] == 422
    backwards = plan(client, expected_end_at="2026-11-30T01:00:00Z")
    assert error(backwards) == (409, "outage.ends_before_start")


def test_it_hits_the_service_points_of_its_areas(client: httpx.Client, database: Database) -> None:
    with database.unit_of_work() as session:
        for number, area in enumerate(["东-03", "东-04", "东-03", "西-01"]):
            account = create_account(session, f"42000000000{number}")
            create_service_point(session, account, service_point_no=f"SP{number}", area=area)
    assert plan(client).json()["service_points"] == 3
    assert fault(client).json()["service_points"] == 2
    hits = client.get(f"/v1/outages/{NO}/service-points").json()
    assert [(hit["service_point_no"], hit["area"]) for hit in hits] == [
        ("SP0", "东-03"),
        ("SP1", "东-04"),
        ("SP2", "东-03"),
    ]
    assert hits[0]["account_no"] == "420000000000"
    rest = client.get(f"/v1/outages/{NO}/service-points", params={"after": "SP1", "limit": 1})
    assert [hit["service_point_no"] for hit in rest.json()] == ["SP2"]
    assert error(client.get("/v1/outages/T000000000009/service-points")) == (
        404,
        "outage.not_found",
    )


def test_a_list_by_state_and_area_the_newest_in_front(client: httpx.Client) -> None:
    plan(client)
    fault(client)
    fault(client, "fault-2", areas=["西-01"])

    def numbers(**params: Any) -> list[int]:
        told = client.get("/v1/outages", params=params).json()
        return [int(each["outage_no"][1:]) for each in told]

    assert numbers() == [3, 2, 1]
    assert numbers(state="ongoing") == [3, 2]
    assert numbers(area="东-03") == [2, 1]
    assert numbers(area="东-03", state="announced") == [1]
    assert numbers(before="T000000000003", limit=1) == [2]
    assert numbers(area="没有") == []


def test_an_unknown_outage_is_not_found(client: httpx.Client) -> None:
    assert error(client.get(f"/v1/outages/{NO}")) == (404, "outage.not_found")
    assert error(change(client, state="restored")) == (404, "outage.not_found")
