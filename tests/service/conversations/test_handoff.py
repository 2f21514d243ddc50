"""Asking for a person: once, with an honest wait, in hours and after them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, Refused
from service.conversations import (
    Conversation,
    Handoff,
    ask_for_person,
    desk,
    give_up,
    history,
    open_for_browser,
    place,
    rate,
    say,
    to_rate,
)
from service.conversations.evening import evening, still_waiting
from service.conversations.hours import is_open, opens_at
from service.events import HandoffAsked
from tests.service.conversations.conftest import AT_NIGHT, PHONE, TEN_O_CLOCK

Strangers = Callable[[str], Conversation]


@pytest.fixture
def stranger(database: Database) -> Strangers:
    """Opens a conversation of a browser."""

    def opened(key: str) -> Conversation:
        with database.unit_of_work() as session:
            return open_for_browser(session, key)

    return opened


@pytest.mark.parametrize(
    ("wall", "open_", "next_"),
    [
        ("2026-12-15T07:59", False, "2026-12-15T08:00"),
        ("2026-12-15T08:00", True, None),
        ("2026-12-15T19:59", True, None),
        ("2026-12-15T20:00", False, "2026-12-16T08:00"),
        ("2026-12-31T23:30", False, "2027-01-01T08:00"),
    ],
)
def test_the_desk_keeps_its_hours(wall: str, open_: bool, next_: str | None) -> None:
    at = datetime.fromisoformat(f"{wall}+08:00")
    assert is_open(at) is open_
    expected = None if next_ is None else datetime.fromisoformat(f"{next_}+08:00")
    assert opens_at(at) == (expected and expected.astimezone(UTC))


def test_asking_twice_is_one_handoff(database: Database, talk: Conversation) -> None:
    told: list[HandoffAsked] = []
    with events.subscribed(HandoffAsked, lambda _session, event: told.append(event)):
        with database.unit_of_work() as session:
            first = ask_for_person(session, talk, "wished", "要找人")
        with database.unit_of_work() as session:
            again = ask_for_person(session, talk, "angry", "还是要找人")
    assert (first.state, first.ahead, first.minutes, first.opens_at, first.again) == (
        "waiting",
        0,
        None,
        None,
        False,
    )
    assert (again.handoff_id, again.again) == (first.handoff_id, True)
    assert told == [HandoffAsked(first.handoff_id, talk.id, talk.user_id, "waiting")]
    with database.unit_of_work() as session:
        stored = session.scalars(select(Handoff)).one()
        assert (stored.reason, stored.summary, stored.phone) == ("wished", "要找人", PHONE)
        assert [each.text for each in history(session, talk)] == ["queued"]
        assert session.get_one(Conversation, talk.id).held_by == "waiting"


def test_the_wait_is_told_from_recent_ones(
    database: Database,
    stranger: Strangers,
    staff: tuple[int, int],
    clock: time_machine.Traveller,
) -> None:
    for number, minutes in enumerate((2, 4, 9)):
        with database.unit_of_work() as session:
            asked = ask_for_person(session, stranger(f"past {number}"), "wished", "")
        clock.shift(timedelta(minutes=minutes))
        with database.unit_of_work() as session:
            assert asked.minutes is None, "two waits say nothing yet"
            desk.take(session, asked.handoff_id, staff[0])
    with database.unit_of_work() as session:
        first = ask_for_person(session, stranger("a"), "wished", "")
        clock.shift(timedelta(seconds=1))
        second = ask_for_person(session, stranger("b"), "wished", "")
        clock.shift(timedelta(seconds=1))
        third = ask_for_person(session, stranger("c"), "wished", "")
        assert [(each.ahead, each.minutes) for each in (first, second, third)] == [
            (0, 4),
            (1, 8),
            (2, 12),
        ]
        give_up(session, stranger("a"))
        stands = place(session, stranger("c"))
        assert stands is not None
        assert (stands.ahead, stands.minutes) == (1, 8)
    clock.shift(timedelta(hours=4))
    with database.unit_of_work() as session:
        stands = place(session, stranger("c"))
        assert stands is not None
        assert stands.minutes is None, "what was this morning says nothing of now"


def test_a_wait_behind_others_is_counted_by_places(
    database: Database,
    stranger: Strangers,
    staff: tuple[int, int],
    clock: time_machine.Traveller,
) -> None:
    """Three ask at once and are taken after 3, 6 and 9 minutes: three minutes a place."""
    with database.unit_of_work() as session:
        asked = [ask_for_person(session, stranger(key), "wished", "") for key in "abc"]
        for each in asked:
            session.get_one(Handoff, each.handoff_id).asked_at += timedelta(
                milliseconds=each.handoff_id
            )
    for each in asked:
        clock.shift(timedelta(minutes=3))
        with database.unit_of_work() as session:
            desk.take(session, each.handoff_id, staff[0])
    with database.unit_of_work() as session:
        assert ask_for_person(session, stranger("d"), "wished", "").minutes == 3


def test_danger_comes_first(
    database: Database, talk: Conversation, stranger: Strangers, clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        first = ask_for_person(session, stranger("a"), "asked", "")
        clock.shift(60)
        second = ask_for_person(session, talk, "asked", "问账单")
        clock.shift(60)
        third = ask_for_person(session, stranger("b"), "emergency", "电线掉在地上")
        assert [each.ahead for each in (first, second, third)] == [0, 1, 0]
        urgent = ask_for_person(session, talk, "emergency", "冒烟了")
        assert (urgent.handoff_id, urgent.ahead) == (second.handoff_id, 0)
        assert [each.handoff.summary for each in desk.queue(session)] == [
            "冒烟了",
            "电线掉在地上",
            "",
        ]
        stands = place(session, stranger("a"))
        assert stands is not None
        assert stands.ahead == 2


def test_at_night_a_call_back_to_the_own_number(
    database: Database, talk: Conversation, clock: time_machine.Traveller
) -> None:
    clock.move_to(AT_NIGHT)
    with database.unit_of_work() as session:
        asked = ask_for_person(session, talk, "wished", "想问增容")
        assert (asked.state, asked.phone, asked.minutes) == ("callback", PHONE, None)
        assert asked.opens_at == datetime(2026, 12, 16, tzinfo=UTC)
        assert session.get_one(Conversation, talk.id).held_by == "assistant"
        assert [each.text for each in history(session, talk)] == ["call_back"]
        other = ask_for_person(session, talk, "wished", "", "+86 138-0000-2099")
        assert (other.handoff_id, other.phone) == (asked.handoff_id, "13800002099")


def test_at_night_a_stranger_leaves_a_number(
    database: Database, stranger: Strangers, clock: time_machine.Traveller
) -> None:
    clock.move_to(AT_NIGHT)
    with database.unit_of_work() as session:
        with pytest.raises(Refused, match=r"handoff\.phone_needed"):
            ask_for_person(session, stranger("a"), "wished", "")
        with pytest.raises(Refused, match=r"user\.number_malformed"):
            ask_for_person(session, stranger("a"), "wished", "", "12345")
        assert session.scalar(select(func.count()).select_from(Handoff)) == 0
        assert ask_for_person(session, stranger("a"), "wished", "", PHONE).phone == PHONE
        office = ask_for_person(session, stranger("b"), "wished", "", "0571-8888 6666")
        assert (office.state, office.phone) == ("callback", "057188886666")


def test_a_call_back_becomes_a_wait_in_the_morning(
    database: Database, talk: Conversation, clock: time_machine.Traveller
) -> None:
    clock.move_to(AT_NIGHT)
    with database.unit_of_work() as session:
        asked = ask_for_person(session, talk, "wished", "想问增容")
    clock.move_to(AT_NIGHT + timedelta(hours=12))
    with database.unit_of_work() as session:
        now = ask_for_person(session, talk, "wished", "")
        assert (now.handoff_id, now.state, now.again) == (asked.handoff_id, "waiting", True)
        assert session.get_one(Conversation, talk.id).held_by == "waiting"
        assert [each.text for each in history(session, talk)] == ["call_back", "queued"]


def test_giving_up_gives_the_assistant_back(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        ask_for_person(session, talk, "wished", "")
        give_up(session, talk)
        give_up(session, talk)
        assert place(session, talk) is None
        assert session.get_one(Conversation, talk.id).held_by == "assistant"
        assert [each.text for each in history(session, talk)] == ["queued", "given_up"]
        ended = session.scalars(select(Handoff)).one()
        assert (ended.state, ended.how, ended.ended_at) == ("closed", "given_up", TEN_O_CLOCK)
        assert to_rate(session, talk) is None


def test_when_the_desk_closes_nobody_waits_on(
    database: Database, talk: Conversation, stranger: Strangers, clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        ask_for_person(session, talk, "wished", "")
        ask_for_person(session, stranger("a"), "wished", "")
    evening(0)
    with database.unit_of_work() as session:
        held = session.scalars(select(Conversation.held_by)).all()
        assert held == ["waiting", "waiting"]
    clock.move_to(AT_NIGHT)
    evening(0)
    with database.unit_of_work() as session:
        assert still_waiting(session) == []
        found = place(session, talk)
        assert found is not None
        assert (found.state, found.phone) == ("callback", PHONE)
        assert place(session, stranger("a")) is None
        assert [each.text for each in history(session, stranger("a"))] == ["queued", "desk_closed"]
        held = session.scalars(select(Conversation.held_by)).all()
        assert held == ["assistant", "assistant"]


def test_a_talk_is_rated_once_after_its_end(
    database: Database, talk: Conversation, staff: tuple[int, int], clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        asked = ask_for_person(session, talk, "wished", "")
        desk.take(session, asked.handoff_id, staff[0])
        say(session, talk, "问一下", "k1")
        with pytest.raises(Conflict, match=r"handoff\.nothing_to_rate"):
            rate(session, talk, 5)
        desk.close(session, asked.handoff_id, staff[0])
        for stars in (0, 6):
            with pytest.raises(Refused, match=r"handoff\.stars"):
                rate(session, talk, stars)
        rated = rate(session, talk, 4, " 讲得清楚 ")
        assert (rated.satisfaction, rated.comment) == (4, "讲得清楚")
        with pytest.raises(Conflict, match=r"handoff\.nothing_to_rate"):
            rate(session, talk, 1)
        assert [each.handoff.id for each in desk.rated(session)] == [asked.handoff_id]


def test_what_is_long_over_is_not_asked_about(
    database: Database, talk: Conversation, staff: tuple[int, int], clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        asked = ask_for_person(session, talk, "wished", "")
        desk.take(session, asked.handoff_id, staff[0])
        desk.hand_back(session, asked.handoff_id, staff[0])
        assert to_rate(session, talk) is not None
        clock.shift(timedelta(days=7))
        assert to_rate(session, talk) is None
