"""What goes into whose inbox: each thing once, to those whom it concerns, and to nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from notifications import inbox, outages, requests
from notifications.models import InboxMessage
from runtime import clock
from runtime.database import Database
from runtime.errors import NotFound
from service.events import (
    AppointmentChanged,
    OutageAnnounced,
    OutageChanged,
    OutageFacts,
    RequestDueSoon,
    RequestJoined,
    RequestLate,
    RequestMoved,
    RequestOpened,
    RequestRated,
    RequestReplied,
    StaffReplied,
)
from service.models import Link
from service.outages import watching
from service.requests import asking
from service.requests.askers import Asker
from tests.service import builders

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _december():
    with time_machine.travel(NOW, tick=False):
        yield


def told(session, user_id):
    """Kind and figures of every message to a user, the first first."""
    return [(each.kind, each.params) for each in inbox.page(session, user_id)[::-1]]


def moved(user_id, code="moved", who="staff", event_id=1, **more):
    values = {
        "request_no": "BX2612110001",
        "kind": "outage_repair",
        "user_id": user_id,
        "account_no": None,
        "was": "received",
        "state": "accepted",
        "step": "crew_sent",
        "at": NOW,
        "note": None,
    }
    return RequestMoved(**values | {"code": code, "who": who, "event_id": event_id} | more)


REQUEST = {"request_no": "BX2612110001", "request_kind": "outage_repair"}
PLAIN = {"request_no": "BX2612110001", "kind": "outage_repair", "account_no": None}


# ---- the store -----------------------------------------------------------------------------------


def test_the_same_key_is_told_once(session):
    user, other = builders.create_user(session), builders.create_user(session)
    for _ in range(2):
        inbox.put(session, user.id, "one", "request.opened", {"request_no": "BX1"})
    inbox.put(session, other.id, "one", "request.opened", {"request_no": "BX2"})
    assert told(session, user.id) == [("request.opened", {"request_no": "BX1"})]
    assert told(session, other.id) == [("request.opened", {"request_no": "BX2"})]


def test_what_is_told_cannot_be_read_in_the_table(session):
    user = builders.create_user(session)
    inbox.put(session, user.id, "one", "request.opened", {"note": "请补房产证"})
    sealed = session.connection().exec_driver_sql("SELECT params FROM inbox_message").scalar()
    assert "房产证".encode() not in bytes(sealed)


def test_pages_go_on_where_the_last_ended(session):
    user = builders.create_user(session)
    for number in range(inbox.PAGE + 5):
        inbox.put(session, user.id, str(number), "talk.replied", {"number": number})
    first = inbox.page(session, user.id)
    assert len(first) == inbox.PAGE + 1
    rest = inbox.page(session, user.id, before=first[inbox.PAGE - 1].id)
    assert [each.params["number"] for each in rest] == [4, 3, 2, 1, 0]


def test_reading_marks_one_or_all_up_to_one_of_ones_own(session):
    user, other = builders.create_user(session), builders.create_user(session)
    for person in (user, other):
        for key in "abc":
            inbox.put(session, person.id, key, "talk.replied", {})
    newest, middle, oldest = inbox.page(session, user.id)
    assert inbox.mark(session, user.id, middle.id, read=True).is_read
    assert not inbox.mark(session, user.id, middle.id, read=False).is_read
    inbox.mark_all(session, user.id, middle.id)
    assert [each.id for each in inbox.page(session, user.id, unread_only=True)] == [newest.id]
    with pytest.raises(NotFound):
        inbox.mark(session, other.id, oldest.id, read=True)
    assert len(inbox.page(session, other.id, unread_only=True)) == 3


def test_old_messages_are_forgotten(session):
    user = builders.create_user(session)
    for days in (1, 399, 401):
        inbox.put(session, user.id, str(days), "talk.replied", {}, NOW - timedelta(days=days))
    inbox.forget(session, NOW - inbox.KEPT, most=10)
    assert session.scalars(select(InboxMessage.key).order_by(InboxMessage.key)).all() == [
        "1",
        "399",
    ]


# ---- requests ------------------------------------------------------------------------------------


def test_each_step_is_told_to_whoever_asked(session):
    user = builders.create_user(session)
    opened = RequestOpened(**PLAIN, user_id=user.id, promised_at=NOW + HOUR, opened_at=NOW)
    requests.on_opened(session, opened)
    requests.on_moved(session, moved(user.id, event_id=1))
    requests.on_moved(session, moved(user.id, event_id=1))
    requests.on_moved(session, moved(user.id, "paused", event_id=2, note="请补房产证"))
    requests.on_moved(session, moved(user.id, "resumed", event_id=3))
    requests.on_moved(session, moved(user.id, "rejected", event_id=4, step=None, note="地址不对"))
    step = {"step": "crew_sent"}
    assert told(session, user.id) == [
        ("request.opened", REQUEST | {"promised_at": "2026-12-11T03:00:00+00:00"}),
        ("request.moved", REQUEST | step),
        ("request.paused", REQUEST | step | {"note": "请补房产证"}),
        ("request.resumed", REQUEST | step),
        ("request.rejected", REQUEST | {"note": "地址不对"}),
    ]


@pytest.mark.parametrize(
    "event",
    [
        moved(None),
        moved(7, who="customer", code="cancelled"),
        moved(7, who="customer", code="moved"),
        moved(7, who="customer", code="reopened"),
        moved(7, who="clock", code="warned"),
        moved(7, who="clock", code="joined"),
    ],
)
def test_what_the_customer_did_or_need_not_know_is_not_told(session, event):
    requests.on_moved(session, event)
    assert session.scalars(select(InboxMessage.kind)).all() == []


def test_a_stranger_has_no_inbox(session):
    opened = RequestOpened(**PLAIN, user_id=None, promised_at=NOW, opened_at=NOW)
    requests.on_opened(session, opened)
    requests.on_late(session, RequestLate("BX1", "outage_repair", "repair", None, None, NOW))
    requests.on_talk(session, StaffReplied(1, 1, None, "web"))
    assert session.scalars(select(InboxMessage.kind)).all() == []


def test_a_joined_report_and_the_question_at_its_end(session):
    user = builders.create_user(session)
    requests.on_joined(session, RequestJoined(**PLAIN, user_id=user.id, outage_no="T1"))
    requests.on_moved(session, moved(user.id, "paused", "clock", event_id=9))
    assert told(session, user.id) == [
        ("request.joined", REQUEST | {"outage_no": "T1"}),
        ("request.back", REQUEST | {"step": "crew_sent"}),
    ]


def test_a_report_that_joins_as_it_is_opened_promises_no_crew(session):
    user = builders.create_user(session)
    requests.on_joined(session, RequestJoined(**PLAIN, user_id=user.id, outage_no="T1"))
    opened = RequestOpened(**PLAIN, user_id=user.id, promised_at=NOW + HOUR, opened_at=NOW)
    requests.on_opened(session, opened)
    assert told(session, user.id) == [("request.joined", REQUEST | {"outage_no": "T1"})]


def test_a_report_that_joins_later_has_both(session):
    user = builders.create_user(session)
    opened = RequestOpened(**PLAIN, user_id=user.id, promised_at=NOW + HOUR, opened_at=NOW)
    requests.on_opened(session, opened)
    for _ in range(2):
        requests.on_joined(session, RequestJoined(**PLAIN, user_id=user.id, outage_no="T1"))
    assert [kind for kind, _ in told(session, user.id)] == ["request.opened", "request.joined"]


def test_what_is_late_is_told_to_the_customer_and_to_who_leads(session):
    user = builders.create_user(session)
    hand, lead, agent = (
        builders.create_user(session, staff_role=role) for role in ("agent", "lead", "agent")
    )
    builders.create_user(session, staff_role="lead", disabled_at=NOW)
    event = RequestLate("BX2612110001", "outage_repair", "repair", user.id, hand.id, NOW)
    for _ in range(2):
        requests.on_late(session, event)
    due = REQUEST | {"due_at": "2026-12-11T02:00:00+00:00"}
    assert told(session, user.id) == [("request.late", due)]
    assert told(session, hand.id) == told(session, lead.id) == [("desk.late", due)]
    assert told(session, agent.id) == []


def test_who_has_it_in_hand_is_warned(session):
    user, hand = builders.create_user(session), builders.create_user(session, staff_role="agent")
    for assignee in (None, hand.id):
        event = RequestDueSoon("BX2612110001", "outage_repair", "repair", user.id, assignee, NOW)
        requests.on_due_soon(session, event)
    due = REQUEST | {"due_at": "2026-12-11T02:00:00+00:00"}
    assert told(session, hand.id) == [("desk.due", due)]
    assert told(session, user.id) == []


def test_a_low_mark_comes_back_to_who_leads(session):
    lead, user = builders.create_user(session, staff_role="lead"), builders.create_user(session)
    for number, score in enumerate((2, 5)):
        rated = RequestRated(
            **PLAIN, user_id=user.id, rating_id=number, score=score, low=score <= 2
        )
        requests.on_rated(session, rated)
    assert told(session, lead.id) == [("desk.rated", REQUEST | {"score": 2})]


def test_an_answer_and_a_visit_that_others_have_moved(session):
    user = builders.create_user(session)
    requests.on_replied(session, RequestReplied(**PLAIN, user_id=user.id, message_id=3))
    times = {"was": NOW, "starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}
    for by in ("customer", "staff"):
        requests.on_appointment(
            session, AppointmentChanged(**PLAIN, user_id=user.id, step="arrived", by=by, **times)
        )
    over = {"was": NOW, "starts_at": None, "ends_at": None}
    requests.on_appointment(
        session, AppointmentChanged(**PLAIN, user_id=user.id, step="arrived", by="house", **over)
    )
    assert told(session, user.id) == [
        ("request.replied", REQUEST),
        ("request.visit", REQUEST | {name: at.isoformat() for name, at in times.items()}),
    ]


def test_words_of_the_desk_in_the_chat_are_one_message_until_read(session):
    user = builders.create_user(session)
    for number in (1, 2):
        requests.on_talk(session, StaffReplied(number, 1, user.id, "web"))
    assert told(session, user.id) == [("talk.replied", {})]
    inbox.mark_kind(session, user.id, requests.TALK)
    requests.on_talk(session, StaffReplied(3, 1, user.id, "web"))
    assert len(told(session, user.id)) == 2


# ---- outages -------------------------------------------------------------------------------------

FACTS = OutageFacts(
    outage_no="T000000000001",
    kind="planned",
    areas=("东-03",),
    places=("梧桐里",),
    reason_code="maintenance",
    reason="检修",
    announced_at=NOW,
    starts_at=NOW + 24 * HOUR,
    expected_end_at=NOW + 26 * HOUR,
    ended_at=None,
    state="announced",
)


def otherwise(**changed):
    return OutageFacts(**{name: getattr(FACTS, name) for name in FACTS.__struct_fields__} | changed)


@pytest.fixture
def people(database: Database):
    """Who has an account in 东-03, in 东-04, and who watches 东-03; their ids."""
    with database.unit_of_work() as session:
        home, home_account = builders.create_customer(session)
        builders.create_service_point(session, home_account, area="东-03")
        flat, flat_account = builders.create_customer(session)
        builders.create_service_point(session, flat_account, area="东-04")
        watcher = builders.create_user(session)
        watching.watch(session, watcher.id, ["东-03"])
        return home.id, flat.id, watcher.id


def heard(database: Database, *news):
    """Tell the news, run the jobs, and say what stands in whose inbox."""
    listeners = {OutageAnnounced: outages.on_announced, OutageChanged: outages.on_changed}
    for each in news:
        with database.unit_of_work() as session:
            listeners[type(each)](session, each)
        run_jobs(database)
    with database.unit_of_work() as session:
        rows = session.scalars(select(InboxMessage).order_by(InboxMessage.id))
        return [(row.user_id, row.kind) for row in rows]


def run_jobs(database):
    """What was asked for is done, as the worker would."""
    taken = "DELETE FROM procrastinate_jobs WHERE task_name = :name RETURNING args"
    with database.unit_of_work() as session:
        asked = session.scalars(text(taken), {"name": outages.tell.name}).all()
    for args in asked:
        outages.tell(**args)


def test_an_outage_is_told_to_its_area_once(database, people):
    home, _flat, watcher = people
    found = heard(database, OutageAnnounced(FACTS), OutageAnnounced(FACTS))
    assert sorted(found) == sorted([(home, "outage.announced"), (watcher, "outage.announced")])


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"state": "ongoing", "starts_at": NOW}, ["begun"]),
        ({"starts_at": NOW + 48 * HOUR, "expected_end_at": NOW + 50 * HOUR}, ["moved"]),
        ({"expected_end_at": NOW + 30 * HOUR}, ["moved"]),
        ({"state": "restored", "ended_at": NOW - HOUR}, ["over"]),
        ({"state": "cancelled", "ended_at": NOW}, ["called_off"]),
        ({"state": "restored", "ended_at": NOW - 25 * HOUR}, []),
        ({"reason": "换电缆"}, []),
        ({"starts_at": NOW - 9 * HOUR, "expected_end_at": NOW - 7 * HOUR}, []),
    ],
)
def test_a_change_is_told_as_what_it_is(database, people, after, what):
    found = heard(database, OutageChanged(otherwise(**after), FACTS))
    home = people[0]
    assert [kind for user, kind in found if user == home] == [f"outage.{each}" for each in what]


def test_who_comes_into_an_outage_and_who_is_spared(database, people):
    home, flat, watcher = people
    news = OutageChanged(otherwise(areas=("东-04",)), FACTS)
    assert sorted(heard(database, OutageAnnounced(FACTS), news)) == sorted(
        [
            (home, "outage.announced"),
            (watcher, "outage.announced"),
            (flat, "outage.announced"),
            (home, "outage.spared"),
            (watcher, "outage.spared"),
        ]
    )


def test_an_end_that_moves_twice_is_told_twice(database, people):
    home = people[0]
    later, last = (otherwise(expected_end_at=NOW + hours * HOUR) for hours in (28, 30))
    found = heard(
        database,
        OutageChanged(later, FACTS),
        OutageChanged(last, later),
        OutageChanged(last, later),
    )
    assert [kind for user, kind in found if user == home] == ["outage.moved"] * 2


def test_who_reported_it_is_asked_and_not_told(database, people):
    """They are asked whether their power is back; “it is back” beside that would be odd."""
    home, _flat, watcher = people
    with database.unit_of_work() as session:
        builders.create_outage(session, NOW - HOUR, outage_no="T000000000001", state="ongoing")
        link = session.scalars(select(Link).where(Link.user_id == home)).one()
        told = {"trouble": "no_power", "address": "梧桐里 12 栋 502", "phone": "13800138000"}
        asker = Asker.of_user(home)
        request = asking.apply(session, asker, "outage_repair", link.account_no, told, "k")
        request.outage_no, request.paused_at, request.due_at = FACTS.outage_no, NOW, None
        request.warn_at = None
    over = OutageChanged(otherwise(state="restored", ended_at=NOW), FACTS)
    assert heard(database, over) == [(watcher, "outage.over")]


def test_what_was_over_when_it_was_heard_of_is_no_news(database, people):
    old = otherwise(state="restored", ended_at=NOW, starts_at=NOW - 2 * HOUR)
    assert heard(database, OutageAnnounced(old)) == []


def test_a_job_that_runs_twice_tells_once(database, people):
    told = {"outage_no": "T1", "now": dict.fromkeys(outages.TIMES)}
    for _ in range(2):
        outages.tell("announced", ["东-03"], told, clock.now().isoformat())
    with database.unit_of_work() as session:
        assert len(session.scalars(select(InboxMessage.id)).all()) == 2
