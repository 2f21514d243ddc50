"""A report of an outage that is known waits for its end; its customer has the last word."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, NotFound
from service.events import (
    OutageAnnounced,
    OutageChanged,
    OutageFacts,
    RequestJoined,
    RequestMoved,
)
from service.models import Account
from service.outages.models import Outage
from service.requests import asking, joining, moving, reading, sweeping, talking
from service.requests.askers import Asker
from service.requests.models import Request
from tests.service import builders
from tests.service.requests.conftest import PHONE, TOLD, Customer, ask, move_in

pytestmark = pytest.mark.usefixtures("december")

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
AREA = "东-03"


@pytest.fixture
def told():
    """What the other rooms hear."""
    heard = []

    def note(_session, event):
        heard.append(event)

    with events.subscribed(RequestJoined, note), events.subscribed(RequestMoved, note):
        yield heard


@pytest.fixture
def customer(database: Database) -> Customer:
    return at_home(database)


def at_home(database: Database, area: str = AREA) -> Customer:
    """A customer whose home lies in an area."""
    customer = move_in(database)
    with database.unit_of_work() as session:
        account = session.get_one(Account, customer.account_no)
        builders.create_service_point(session, account, area=area)
    return customer


def dark(database: Database, began: datetime = NOW - HOUR, **given) -> str:
    """The number of a failure that is going on."""
    values = {
        "kind": "unplanned",
        "areas": [AREA],
        "state": "ongoing",
        "expected_end_at": NOW + HOUR,
        "announced_at": began,
    }
    with database.unit_of_work() as session:
        return builders.create_outage(session, began, **values | given).outage_no


def end(database: Database, number: str, state: str = "restored") -> None:
    with database.unit_of_work() as session:
        row = session.get_one(Outage, number)
        row.state, row.ended_at = state, NOW


def now_is(database: Database, request: Request) -> Request:
    with database.unit_of_work() as session:
        found = reading.any_request(session, request.request_no)
        _ = found.events, found.pauses
        return found


def codes(request: Request) -> list[tuple[str, str]]:
    return [(each.code, each.who) for each in request.events]


# ---- joining -------------------------------------------------------------------------------------


def test_a_report_joins_the_outage_of_its_home_and_is_told_so(database, customer, told):
    number = dark(database)
    request = now_is(database, ask(database, customer))
    assert request.outage_no == number
    assert reading.is_joined(request)
    assert not joining.is_asked(request)
    assert (request.due_at, request.warn_at, request.state) == (None, None, "received")
    assert codes(request) == [("opened", "customer"), ("joined", "clock")]
    joined = [each for each in told if isinstance(each, RequestJoined)]
    assert joined == [
        RequestJoined(
            request.request_no, "outage_repair", customer.user_id, customer.account_no, number
        )
    ]


@pytest.mark.parametrize(
    ("told", "outage"),
    [
        ({"trouble": "line"}, {}),
        ({"trouble": "part"}, {}),
        ({}, {"areas": ["西-09"]}),
        ({}, {"state": "restored", "ended_at": NOW - HOUR / 2}),
        ({}, {"state": "announced", "began": NOW + HOUR, "expected_end_at": NOW + 2 * HOUR}),
        ({"address": "石桥头 3 栋 101"}, {}),
        ({"address": "石桥头 3 栋 101"}, {"places": ["石桥头 7–9 栋"]}),
    ],
)
def test_what_is_another_matter_place_or_time_goes_its_own_way(database, customer, told, outage):
    dark(database, **outage)
    request = now_is(database, ask(database, customer, **told))
    assert request.outage_no is None
    assert request.due_at is not None
    assert codes(request) == [("opened", "customer")]


def test_other_kinds_join_nothing(database, customer):
    dark(database)
    assert now_is(database, ask(database, customer, "meter_check")).outage_no is None


@pytest.mark.parametrize(
    ("address", "joins"),
    [
        ("石桥头 8 栋 101", True),
        ("石桥头那一片", False),
        ("石桥头 3 栋", False),
        ("梧桐里 12 栋 502", False),
    ],
)
def test_a_stranger_joins_by_the_place_in_words_when_it_is_sure(database, address, joins):
    number = dark(database, areas=["西-09"], places=["石桥头 7–9 栋"])
    stranger = Asker.of_browser("a secret", "203.0.113.0")
    with database.unit_of_work() as session:
        told = TOLD["outage_repair"] | {"address": address}
        request = asking.apply(session, stranger, "outage_repair", None, told, "k")
    assert request.outage_no == (number if joins else None)


def test_for_another_place_than_the_account_the_words_count(database, customer):
    """A daughter reports for her parents from her own account."""
    dark(database)
    number = dark(database, areas=["西-09"], places=["石桥头 7–9 栋"])
    request = ask(database, customer, address="石桥头 8 栋 101")
    assert request.outage_no == number


def test_asked_twice_it_joined_once(database, customer, told):
    dark(database)
    for _ in range(2):
        request = ask(database, customer)
    assert codes(now_is(database, request)) == [("opened", "customer"), ("joined", "clock")]
    assert len([each for each in told if isinstance(each, RequestJoined)]) == 1


def test_reports_that_came_first_join_as_the_outage_is_known(database, customer):
    neighbour, other = at_home(database), at_home(database, "西-09")
    early = ask(database, neighbour)
    mine, theirs = ask(database, customer), ask(database, other)
    line = ask(database, customer, key="form-2", trouble="line")
    in_hand = ask(database, customer, key="form-3")
    with database.unit_of_work() as session:
        agent = builders.create_user(session, staff_role="agent")
        moving.assign(session, [in_hand.request_no], agent.id, by=agent.id)
        session.execute(
            text("UPDATE service_request SET opened_at = :at WHERE request_no = :no"),
            {"at": NOW - 3 * HOUR, "no": early.request_no},
        )
    number = dark(database)
    assert joining.join_all(database, number) == 1
    assert joining.join_all(database, number) == 0
    found = {
        each.request_no: now_is(database, each).outage_no
        for each in (early, mine, theirs, line, in_hand)
    }
    assert found == {
        early.request_no: None,
        mine.request_no: number,
        theirs.request_no: None,
        line.request_no: None,
        in_hand.request_no: None,
    }
    end(database, number)
    assert joining.join_all(database, number) == 0


def test_a_plan_that_begins_by_the_clock_is_joined_too(database, customer):
    request = ask(database, customer)
    number = dark(database, NOW + HOUR / 2, state="announced", expected_end_at=NOW + 2 * HOUR)
    dark(database, NOW - 5 * HOUR, updated_at=NOW - HOUR, areas=["西-09"])
    joining.join_missed(database)
    assert now_is(database, request).outage_no is None
    with time_machine.travel(NOW + HOUR / 2 + timedelta(minutes=4), tick=False):
        joining.join_missed(database)
    assert now_is(database, request).outage_no == number


def test_many_reports_join_some_at_a_time(database, monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    requests = [ask(database, at_home(database)) for _ in range(5)]
    elsewhere = ask(database, at_home(database, "西-09"))
    number = dark(database)
    assert joining.join_all(database, number) == 5
    assert {now_is(database, each).outage_no for each in requests} == {number}
    assert now_is(database, elsewhere).outage_no is None


def test_whom_the_outage_turns_out_not_to_hit_goes_on_by_itself(database, customer, told):
    number = dark(database, areas=[AREA, "东-04"])
    stays, goes = ask(database, at_home(database, "东-04")), ask(database, customer)
    with database.unit_of_work() as session:
        session.get_one(Outage, number).areas = ["东-04"]
    told.clear()
    assert joining.join_all(database, number) == 0
    assert now_is(database, stays).outage_no == number
    found = now_is(database, goes)
    assert (found.outage_no, found.urgent, found.paused_at) == (None, True, None)
    assert found.due_at == NOW + timedelta(minutes=45)
    assert [(each.code, each.who) for each in told] == [("resumed", "clock")]


# ---- the end of the outage -----------------------------------------------------------------------


def test_nobody_is_asked_while_it_is_dark(database, customer):
    dark(database)
    ask(database, customer)
    assert joining.ask_all(database) == 0


@pytest.mark.parametrize("state", ["restored", "cancelled"])
def test_when_it_is_over_its_customer_is_asked_once(database, customer, told, state):
    number = dark(database)
    request = ask(database, customer)
    end(database, number, state)
    told.clear()
    assert joining.ask_all(database) == 1
    assert joining.ask_all(database) == 0
    assert joining.is_asked(now_is(database, request))
    assert [(each.code, each.who, each.note) for each in told] == [("paused", "clock", None)]


def test_a_planned_end_that_nobody_reported_is_one_too(database, customer):
    dark(database, kind="planned", state="announced", expected_end_at=NOW + HOUR)
    ask(database, customer)
    assert joining.ask_all(database) == 0
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        assert joining.ask_all(database) == 1


def test_yes_ends_the_request(database, customer, told):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    joining.ask_all(database)
    for _ in range(2):
        with database.unit_of_work() as session:
            joining.power_is_back(session, customer.asker, request.request_no)
    done = now_is(database, request)
    assert (done.state, done.step, done.paused_at) == ("done", "restored", None)
    assert done.outage_no == number
    assert codes(done)[-1] == ("moved", "customer")
    assert len(done.events) == 4
    assert not reading.is_joined(done)


def test_no_makes_it_an_ordinary_request_with_a_whole_time_before_it(database, customer):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    joining.ask_all(database)
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        for _ in range(2):
            with database.unit_of_work() as session:
                joining.still_dark(session, customer.asker, request.request_no)
    found = now_is(database, request)
    assert (found.outage_no, found.urgent, found.state) == (None, True, "received")
    assert found.due_at == NOW + 2 * HOUR + timedelta(minutes=45)
    assert codes(found)[-2:] == [("paused", "clock"), ("resumed", "customer")]
    assert joining.ask_all(database) == 0


def test_it_can_be_said_at_once_that_it_is_another_matter(database, customer):
    number = dark(database)
    request = ask(database, customer)
    with database.unit_of_work() as session:
        joining.still_dark(session, customer.asker, request.request_no)
    found = now_is(database, request)
    assert (found.outage_no, found.urgent) == (None, True)
    assert found.due_at == NOW + timedelta(minutes=45)
    assert joining.join_all(database, number) == 0


def test_only_its_own_customer_answers(database, customer):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    joining.ask_all(database)
    neighbour = at_home(database).asker
    for answer in (joining.power_is_back, joining.still_dark):
        with database.unit_of_work() as session, pytest.raises(NotFound):
            answer(session, neighbour, request.request_no)
    assert joining.is_asked(now_is(database, request))


def test_what_is_of_no_outage_is_not_ended_by_its_customer(database, customer):
    request = ask(database, customer)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refused:
        joining.power_is_back(session, customer.asker, request.request_no)
    assert refused.value.code == "request.moved_on"
    assert now_is(database, request).state == "received"


def test_who_says_nothing_has_power_again(database, customer):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    joining.ask_all(database)
    assert joining.end_silent(database) == 0
    with time_machine.travel(NOW + joining.SILENCE, tick=False):
        assert joining.end_silent(database) == 1
        assert joining.end_silent(database) == 0
    found = now_is(database, request)
    assert (found.state, codes(found)[-1]) == ("done", ("moved", "clock"))
    assert "reopen" in moving.deeds(found)


def test_words_about_it_do_not_take_it_out(database, customer):
    """“什么时候来电？” is a question, and no crew is sent by it."""
    dark(database)
    request = ask(database, customer)
    with database.unit_of_work() as session:
        talking.say(session, customer.asker, request.request_no, "什么时候来电？", "k")
    assert reading.is_joined(now_is(database, request))


def test_the_desk_can_take_it_out(database, customer):
    dark(database)
    request = ask(database, customer)
    with database.unit_of_work() as session:
        agent = builders.create_user(session, staff_role="agent")
        moving.resume(session, request.request_no, by=agent.id)
    found = now_is(database, request)
    assert (found.outage_no, found.paused_at) == (None, None)
    assert found.due_at == NOW + timedelta(minutes=45)


def test_what_is_opened_again_has_no_outage(database, customer):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    with database.unit_of_work() as session:
        joining.power_is_back(session, customer.asker, request.request_no)
        moving.reopen(session, customer.asker, request.request_no, "又停了")
    found = now_is(database, request)
    assert (found.outage_no, found.state) == (None, "received")
    assert found.due_at is not None


def test_a_crew_that_the_core_has_sent_is_the_end_of_waiting(database, customer):
    number = dark(database)
    request = ask(database, customer)
    with database.unit_of_work() as session:
        moving.follow_core(session, moving.locked(session, request.request_no), "accepted", NOW)
    found = now_is(database, request)
    assert (found.step, found.paused_at) == ("crew_sent", None)
    assert not reading.is_joined(found)
    end(database, number)
    assert joining.ask_all(database) == 0


# ---- news ----------------------------------------------------------------------------------------


def facts(database: Database, number: str) -> OutageFacts:
    with database.unit_of_work() as session:
        row = session.get_one(Outage, number)
        names = OutageFacts.__struct_fields__
        told = {name: getattr(row, name) for name in names}
        return OutageFacts(**told | {"areas": tuple(row.areas), "places": tuple(row.places)})


def jobs_of(database: Database, *news: tuple[object, object]) -> list[str]:
    """The jobs that are asked for by news."""
    with database.unit_of_work() as session:
        for listener, event in news:
            listener(session, event)
        return list(session.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id")))


def test_news_of_an_outage_ask_for_the_work(database):
    now = facts(database, dark(database))
    coming = facts(
        database, dark(database, NOW + HOUR, state="announced", expected_end_at=NOW + 2 * HOUR)
    )
    over = facts(database, dark(database, state="restored", ended_at=NOW))
    announced, changed = joining.on_announced, joining.on_changed
    assert jobs_of(database, (announced, OutageAnnounced(coming))) == []
    assert jobs_of(database, (announced, OutageAnnounced(over))) == []
    assert jobs_of(database, (changed, OutageChanged(coming, coming))) == []
    assert jobs_of(database, (announced, OutageAnnounced(now))) == ["requests.join"]
    assert jobs_of(database, (changed, OutageChanged(now, coming))) == ["requests.join"] * 2
    last = jobs_of(
        database, (changed, OutageChanged(over, now)), (changed, OutageChanged(over, now))
    )
    assert last == ["requests.join"] * 2 + ["requests.ask_back"]


# ---- neighbours ----------------------------------------------------------------------------------


def test_households_nearby_that_report_too(database, customer):
    mine = ask(database, customer)
    neighbours = [at_home(database) for _ in range(3)]
    for each in (*neighbours, at_home(database, "西-09")):
        ask(database, each)
    ask(database, neighbours[0], key="form-2")
    ask(database, neighbours[1], "meter_check", key="form-3")
    late = at_home(database)
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        ask(database, late)
    with database.unit_of_work() as session:
        assert joining.near(session, mine) == 3
        moving.cancel(session, neighbours[2].asker, _of(session, neighbours[2]))
        assert joining.near(session, mine) == 2


def _of(session, customer: Customer) -> str:
    found = select(Request.request_no).where(Request.user_id == customer.user_id)
    return session.scalars(found).one()


def test_a_report_without_an_account_has_no_neighbours(database, customer):
    ask(database, customer)
    stranger = Asker.of_browser("a secret", "203.0.113.0")
    with database.unit_of_work() as session:
        told = {"trouble": "no_power", "address": "梧桐里 12 栋", "phone": PHONE}
        request = asking.apply(session, stranger, "outage_repair", None, told, "k")
        assert joining.near(session, request) == 0


def test_what_has_joined_an_outage_is_no_sign_of_another(database, customer):
    neighbour = at_home(database)
    dark(database)
    ask(database, neighbour)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE outage SET state = 'restored', ended_at = now()"))
    mine = ask(database, customer)
    with database.unit_of_work() as session:
        assert joining.near(session, mine) == 0


@pytest.mark.parametrize("says", ["customer", "nothing"])
def test_what_was_not_needed_was_passed_and_kept_nothing(database, customer, says):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    joining.ask_all(database)
    if says == "customer":
        with database.unit_of_work() as session:
            joining.power_is_back(session, customer.asker, request.request_no)
    else:
        with time_machine.travel(NOW + timedelta(days=4), tick=False):
            assert joining.end_silent(database) == 1
    done = now_is(database, request)
    assert [(each.step.name, each.state, each.kept) for each in reading.timeline(done)] == [
        ("received", "done", None),
        ("crew_sent", "passed", None),
        ("arrived", "passed", None),
        ("restored", "done", None),
    ]
    assert set(reading.reached(done)) == {"received", "restored"}
    assert [each.is_by_word for each in reading.timeline(done)] == [False, False, False, True]


def test_while_it_waits_nothing_is_promised(database, customer):
    dark(database)
    request = now_is(database, ask(database, customer))
    assert {each.promised_at for each in reading.timeline(request)} == {None}


def test_the_course_before_it_was_opened_again_is_kept(database, customer):
    number = dark(database)
    request = ask(database, customer)
    end(database, number)
    with database.unit_of_work() as session:
        joining.power_is_back(session, customer.asker, request.request_no)
    with time_machine.travel(NOW + HOUR, tick=False), database.unit_of_work() as session:
        moving.reopen(session, customer.asker, request.request_no, "又没电了")
    found = now_is(database, request)
    (before,) = reading.earlier(found)
    assert (before.number, before.since, before.until) == (0, NOW, NOW + HOUR)
    assert [each.step.name for each in before.steps] == ["received", "restored"]
    assert (before.end.code, before.end.who) == ("moved", "customer")
    assert [each.state for each in reading.timeline(found)] == ["done", "now", "ahead", "ahead"]
