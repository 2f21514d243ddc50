"""Who hears of an outage: holders of accounts there, and who watches the area by choice."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from runtime import clock
from runtime.errors import NotFound, Refused
from service.outages import watching
from tests.service.builders import (
    create_account,
    create_customer,
    create_link,
    create_service_point,
    create_user,
)


def _hear(session, *areas):
    return set(session.scalars(select(watching.audience(areas).c.user_id)))


def test_holders_and_watchers_hear_once_each(session):
    owner, home = create_customer(session)
    create_service_point(session, home, area="东-03")
    helper = create_user(session)
    create_link(session, helper, home, "family_helper")
    neighbour, flat = create_customer(session)
    create_service_point(session, flat, area="东-04")
    watching.watch(session, neighbour.id, ["东-03"])
    watching.watch(session, owner.id, ["东-03"])
    assert _hear(session, "东-03") == {owner.id, helper.id, neighbour.id}
    assert _hear(session, "东-04") == {neighbour.id}
    assert _hear(session, "东-03", "东-04") == {owner.id, helper.id, neighbour.id}
    assert _hear(session, "西-01") == set()


def test_who_let_an_account_go_or_closed_it_hears_no_more(session):
    owner, home = create_customer(session)
    create_service_point(session, home, area="东-03")
    gone = create_link(session, create_user(session), home)
    gone.ended_at = datetime(2026, 1, 1, tzinfo=UTC)
    session.flush()
    assert _hear(session, "东-03") == {owner.id}
    home.closed = clock.today()
    session.flush()
    assert _hear(session, "东-03") == set()


def test_watching_is_a_choice_that_can_be_taken_back(session):
    user = create_user(session)
    for number in range(2):
        create_service_point(session, create_account(session), area=f"东-0{number}")
    watching.watch(session, user.id, ["东-00", "东-01"])
    watching.watch(session, user.id, ["东-00"])
    assert watching.watched(session, user.id) == {"东-00", "东-01"}
    watching.unwatch(session, user.id, ["东-00", "西-09"])
    assert watching.watched(session, user.id) == {"东-01"}
    assert watching.watched(session, create_user(session).id) == set()


def test_what_is_no_area_cannot_be_watched(session):
    user = create_user(session)
    create_service_point(session, create_account(session), area="东-00")
    for wrong in (["西-09"], ["东-00", "西-09"], [], ["'; --"]):
        with pytest.raises(NotFound) as refused:
            watching.watch(session, user.id, wrong)
        assert refused.value.code == "outage.area_unknown"
    assert watching.watched(session, user.id) == set()


def test_only_so_many_areas_can_be_watched(session):
    user = create_user(session)
    areas = [f"东-{number:02}" for number in range(watching.MOST + 1)]
    for area in areas:
        create_service_point(session, create_account(session), area=area)
    watching.watch(session, user.id, areas[:-1])
    with pytest.raises(Refused) as refused:
        watching.watch(session, user.id, areas[-1:])
    assert (refused.value.code, refused.value.params) == ("outage.watch_too_many", {"most": 30})
    assert len(watching.watched(session, user.id)) == watching.MOST


def test_areas_are_known_by_their_service_points(session):
    assert watching.known_areas(session) == []
    for area in ("西-05", "东-03", "东-03", "东-04"):
        create_service_point(session, create_account(session), area=area)
    assert watching.known_areas(session) == ["东-03", "东-04", "西-05"]


def test_how_many_are_dark_counts_open_accounts_once(session):
    for closed in (None, None, clock.today()):
        account = create_account(session, closed=closed)
        create_service_point(session, account, area="东-03")
        create_service_point(session, account, area="东-04")
    assert watching.households(session, ["东-03", "东-04"]) == 2
    assert watching.households(session, ["西-01"]) == 0
