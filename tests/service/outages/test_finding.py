"""What is off and whom it hits: for everybody, for one person, for the rooms."""

from datetime import UTC, date, datetime, timedelta

import pytest

from runtime import clock
from runtime.errors import NotFound
from service.outages import finding
from service.outages.finding import Phase
from tests.portal.places import queries
from tests.service.builders import (
    create_account,
    create_customer,
    create_link,
    create_outage,
    create_service_point,
    create_user,
)

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _numbers(found):
    return [each.outage_no for each in found]


def _fault(session, began, **fields):
    given = {"kind": "unplanned", "reason_code": "fault", "state": "ongoing"}
    return create_outage(session, began, **given | {"expected_end_at": None} | fields)


@pytest.mark.parametrize(
    ("fields", "phase", "by_plan", "overdue"),
    [
        ({}, Phase.COMING, False, False),
        ({"starts_at": NOW}, Phase.NOW, True, False),
        ({"starts_at": NOW - HOUR}, Phase.NOW, True, False),
        ({"starts_at": NOW - HOUR, "expected_end_at": NOW}, Phase.OVER, True, False),
        ({"starts_at": NOW - HOUR, "expected_end_at": None}, Phase.NOW, True, False),
        ({"starts_at": NOW - 25 * HOUR, "expected_end_at": None}, Phase.OVER, True, False),
        ({"starts_at": NOW - HOUR, "state": "ongoing"}, Phase.NOW, False, False),
        (
            {"starts_at": NOW - HOUR, "state": "ongoing", "expected_end_at": NOW},
            Phase.NOW,
            False,
            True,
        ),
        ({"starts_at": NOW - HOUR, "state": "restored", "ended_at": NOW}, Phase.OVER, False, False),
        ({"state": "cancelled", "ended_at": NOW}, Phase.CANCELLED, False, False),
    ],
)
def test_a_phase_follows_from_what_was_said_and_the_clock(session, fields, phase, by_plan, overdue):
    given = {"starts_at": NOW + HOUR, "expected_end_at": NOW + 3 * HOUR} | fields
    row = create_outage(session, given.pop("starts_at"), **given)
    view = finding.find(session, row.outage_no, NOW)
    assert (view.phase, view.by_plan, view.overdue) == (phase, by_plan, overdue)
    awaited = phase in (Phase.NOW, Phase.COMING)
    assert _numbers(finding.current_and_coming(session, NOW)) == [row.outage_no] * awaited
    assert _numbers(finding.recent(session, NOW)) == [row.outage_no] * (not awaited)


def test_what_is_off_stands_before_what_comes_and_the_list_is_bounded(session):
    later = create_outage(session, NOW + 48 * HOUR)
    sooner = create_outage(session, NOW + HOUR)
    dark = _fault(session, NOW - 2 * HOUR)
    found = finding.current_and_coming(session, NOW)
    assert _numbers(found) == [dark.outage_no, sooner.outage_no, later.outage_no]
    assert _numbers(finding.current_and_coming(session, NOW, limit=2)) == [
        dark.outage_no,
        sooner.outage_no,
    ]
    assert len(finding.current_and_coming(session, NOW, limit=-5)) == 1


def test_what_nobody_ended_for_months_is_history(session):
    """A bound on what an answer reads, and on what a forgotten record says."""
    forgotten = _fault(session, NOW - timedelta(days=91))
    long_lasting = _fault(session, NOW - timedelta(days=89))
    assert _numbers(finding.current_and_coming(session, NOW)) == [long_lasting.outage_no]
    assert finding.find(session, forgotten.outage_no, NOW).state == "ongoing"
    assert finding.recent(session, NOW) == []


def test_recent_is_a_week_the_last_end_in_front(session):
    def ended(hours):
        return create_outage(
            session,
            NOW - (hours + 2) * HOUR,
            state="restored",
            ended_at=NOW - hours * HOUR,
        )

    week, long_ago, lately = ended(7 * 24 - 1), ended(7 * 24), ended(1)
    called_off = create_outage(session, NOW + 72 * HOUR, state="cancelled", ended_at=NOW - 2 * HOUR)
    assert _numbers(finding.recent(session, NOW)) == [
        lately.outage_no,
        called_off.outage_no,
        week.outage_no,
    ]
    assert long_ago.outage_no in _numbers(finding.recent(session, NOW, timedelta(days=8)))


def test_an_unknown_outage_is_not_found(session):
    with pytest.raises(NotFound) as refused:
        finding.find(session, "T000000000404")
    assert refused.value.code == "outage.not_found"


# ---- whose it is --------------------------------------------------------------------------------


def test_a_person_hears_of_their_own_accounts_alone(session):
    user, home = create_customer(session)
    create_service_point(session, home, area="东-03")
    flat = create_account(session)
    create_service_point(session, flat, area="东-04")
    create_link(session, user, flat, "payer")
    neighbour, theirs = create_customer(session)
    create_service_point(session, theirs, area="东-03")
    both = create_outage(session, NOW + HOUR, areas=["东-03", "东-04"])
    dark = _fault(session, NOW - HOUR, areas=["东-04"])
    create_outage(session, NOW + HOUR, areas=["西-01"])
    own = finding.for_user(session, user.id, NOW)
    assert [(each.outage.outage_no, each.account_nos) for each in own] == [
        (dark.outage_no, (flat.account_no,)),
        (both.outage_no, tuple(sorted((home.account_no, flat.account_no)))),
    ]
    (only,) = finding.for_user(session, neighbour.id, NOW)
    assert only.account_nos == (theirs.account_no,)
    assert finding.for_user(session, create_user(session).id, NOW) == []


def test_an_account_that_was_let_go_or_closed_is_not_hit(session):
    user, home = create_customer(session)
    create_service_point(session, home)
    create_outage(session, NOW + HOUR)
    assert len(finding.for_user(session, user.id, NOW)) == 1
    home.closed = clock.civil_date(NOW)
    session.flush()
    assert finding.for_user(session, user.id, NOW) == []
    home.closed = None
    gone, flat = create_customer(session)
    create_service_point(session, flat)
    link = create_link(session, create_user(session), flat)
    link.ended_at = NOW
    session.flush()
    assert finding.for_user(session, link.user_id, NOW) == []
    assert len(finding.for_user(session, gone.id, NOW)) == 1


def test_two_service_points_of_an_account_are_one_account(session):
    user, firm = create_customer(session)
    for area in ("西-05", "西-05", "西-06"):
        create_service_point(session, firm, area=area)
    create_outage(session, NOW + HOUR, areas=["西-05", "西-06"])
    (own,) = finding.for_user(session, user.id, NOW)
    assert own.account_nos == (firm.account_no,)


def test_one_account_and_never_that_of_others(session):
    user, home = create_customer(session)
    create_service_point(session, home, area="东-03")
    flat = create_account(session)
    create_service_point(session, flat, area="东-04")
    create_link(session, user, flat)
    _, theirs = create_customer(session)
    create_service_point(session, theirs, area="东-03")
    row = create_outage(session, NOW + HOUR, areas=["东-03"])
    assert _numbers(finding.for_account(session, user.id, home.account_no, NOW)) == [row.outage_no]
    assert finding.for_account(session, user.id, flat.account_no, NOW) == []
    with pytest.raises(NotFound):
        finding.for_account(session, user.id, theirs.account_no, NOW)


def test_many_accounts_are_one_question(session):
    user = create_user(session)
    for number in range(12):
        account = create_account(session)
        create_service_point(session, account, area=f"东-{number % 3:02}")
        create_link(session, user, account)
    for number in range(3):
        create_outage(session, NOW + HOUR, areas=[f"东-{number:02}"])
    with queries() as asked:
        own = finding.for_user(session, user.id, NOW)
    assert [len(each.account_nos) for each in own] == [4, 4, 4]
    assert len(asked) == 1


def test_what_an_account_is_dark_by_now(session):
    _, home = create_customer(session)
    create_service_point(session, home)
    assert finding.hitting(session, home.account_no, NOW) is None
    create_outage(session, NOW + HOUR)
    assert finding.hitting(session, home.account_no, NOW) is None
    dark = _fault(session, NOW - HOUR)
    hit = finding.hitting(session, home.account_no, NOW)
    assert hit is not None
    assert hit.outage_no == dark.outage_no
    dark.state, dark.ended_at = "restored", NOW
    session.flush()
    assert finding.hitting(session, home.account_no, NOW) is None


def test_whom_it_hits_for_those_who_tell_them(session):
    for area, closed in (("东-03", None), ("东-03", clock.civil_date(NOW)), ("东-04", None)):
        account = create_account(session, closed=closed)
        create_service_point(session, account, area=area)
    row = create_outage(session, NOW + HOUR, areas=["东-03"])
    assert len(finding.affected_accounts(session, row.outage_no)) == 1


# ---- by words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("梧桐里", True),
        ("梧桐里 12 栋 502", True),
        ("我家在梧桐里，停电了", True),
        ("梧桐", True),
        ("　梧桐里　", True),
        ("江城东-03", True),
        ("江城东０３", True),
        ("江城东", True),
        ("江城东-05", False),
        ("临江苑", False),
        ("12", False),
        ("03", False),
        ("没有这条路", False),
        ("Wutong", False),
    ],
)
def test_words_find_a_street_or_an_area(session, said, found):
    row = create_outage(session, NOW + HOUR, areas=["江城东-03"], places=["梧桐里 9–12 栋"])
    near = finding.near(session, said, NOW)
    assert (_numbers(near.outages), near.sought) == ([row.outage_no] * found, True)


@pytest.mark.parametrize(
    ("said", "place", "found", "sure"),
    [
        ("听雨轩 5 栋 302", "听雨轩 11–16 栋", False, False),
        ("听雨轩 12 栋 302", "听雨轩 11–16 栋", True, True),
        ("听雨轩十二栋", "听雨轩 11–16 栋", True, True),
        ("听雨轩五栋", "听雨轩 11–16 栋", False, False),
        ("听雨轩3幢停电了", "听雨轩 11–16 栋", False, False),
        ("听雨轩12号楼", "听雨轩 11栋-16栋", True, True),
        ("听雨轩 building 5", "听雨轩 11–16 栋", False, False),
        ("听雨轩 building 12", "听雨轩 11–16 栋", True, True),
        ("听雨轩 13 栋", "听雨轩 11、13 栋", True, True),
        ("听雨轩 12 栋", "听雨轩 11、13 栋", False, False),
        ("听雨轩", "听雨轩 11–16 栋", True, False),
        ("听雨轩 302 号", "听雨轩 11–16 栋", True, False),
        ("听雨轩 12 栋 5 号", "听雨轩 11–16 栋", True, True),
        ("听雨轩 5 栋", "听雨轩", True, True),
        ("柳荫路 8 号 2 栋", "柳荫路 1–40 号", True, True),
        ("柳荫路 88 号", "柳荫路 1–40 号", False, False),
    ],
)
def test_buildings_that_both_name_must_meet(session, said, place, found, sure):
    create_outage(session, NOW + HOUR, areas=["江城东-05"], places=["码头路 2 号", place])
    near = finding.near(session, said, NOW).outages
    assert len(near) == found
    assert [finding.is_surely_at(each, said) for each in near] == [sure] * found


def test_an_area_that_is_named_is_hit_as_a_whole(session):
    create_outage(session, NOW + HOUR, areas=["江城东-05"], places=["听雨轩 11–16 栋"])
    (found,) = finding.near(session, "江城东-05", NOW).outages
    assert finding.is_surely_at(found, "江城东-05")


@pytest.mark.parametrize(
    ("hours", "days", "on"),
    [
        (24, (21, 21), True),
        (24, (20, 20), False),
        (24, (22, 30), False),
        (24, (16, 22), True),
        (35, (22, 22), True),
        (35, (21, 21), True),
    ],
)
def test_the_days_of_an_outage_are_those_of_beijing(session, hours, days, on):
    """NOW is noon of 20 November there; an outage lasts two hours."""
    create_outage(session, NOW + hours * HOUR, expected_end_at=NOW + (hours + 2) * HOUR)
    (found,) = finding.current_and_coming(session, NOW)
    first, last = (date(2026, 11, day) for day in days)
    assert finding.is_on(found, first, last) is on


@pytest.mark.parametrize("said", ["", " ", "路", "、。！"])
def test_words_in_which_there_is_nothing_to_look_for(session, said):
    create_outage(session, NOW + HOUR)
    assert finding.near(session, said, NOW) == finding.Near((), sought=False)


def test_nobody_learns_who_lives_where(session):
    """The search knows what was published, not the addresses of customers."""
    _, home = create_customer(session, address="幽静巷 8 号")
    create_service_point(session, home)
    create_outage(session, NOW + HOUR, places=["梧桐里"])
    assert finding.near(session, "幽静巷", NOW).outages == ()
