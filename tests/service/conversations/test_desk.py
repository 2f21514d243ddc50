"""The desk: one takes, one answers, both sides see what has arrived."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import func, select

from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.conversations import (
    Conversation,
    Handoff,
    Message,
    ask_for_person,
    calling,
    canned,
    desk,
    give_up,
    history,
    mark_delivered,
    mark_read,
    say,
)
from service.conversations.models import CannedReply
from service.events import HandoffEnded, HandoffTaken, StaffReplied
from tests.service.conversations.conftest import AT_NIGHT, PHONE, TEN_O_CLOCK


@pytest.fixture
def asked(database: Database, talk: Conversation, clock: time_machine.Traveller) -> int:
    """A waiting handoff, a minute after a question to the assistant."""
    with database.unit_of_work() as session:
        clock.shift(timedelta(minutes=-1))
        say(session, talk, "先问机器人", "k0")
        clock.move_to(TEN_O_CLOCK)
        return ask_for_person(session, talk, "wished", "问过账单，要找人").handoff_id


def at_once(work: Callable[[int], object], *each: int) -> list[object]:
    """Do the work for each at the same moment; what came of it, refusals by their code."""
    results: dict[int, object] = {}
    ready = Barrier(len(each))

    def run(one: int) -> None:
        ready.wait()
        try:
            results[one] = work(one)
        except Refused as refused:
            results[one] = refused.code

    threads = [Thread(target=run, args=(one,)) for one in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[one] for one in each]


def test_of_two_who_take_one_has_it(
    database: Database, asked: int, staff: tuple[int, int], talk: Conversation
) -> None:
    def take(staff_id: int) -> int | None:
        with database.unit_of_work() as session:
            return desk.take(session, asked, staff_id).staff_id

    results = at_once(take, *staff)
    winner = next(each for each in staff if each in results)
    assert sorted(map(str, results)) == sorted([str(winner), "handoff.taken"])
    assert take(winner) == winner, "a second press changes nothing"
    with database.unit_of_work() as session:
        assert [each.text for each in history(session, talk)][1:] == ["queued", "joined"]
        assert session.get_one(Conversation, talk.id).held_by == "person"
        assert desk.queue(session) == []
        assert [each.handoff.id for each in desk.held(session, winner)] == [asked]
        assert desk.held(session, sum(staff) - winner) == []


def test_taking_and_giving_up_at_once_leave_one_truth(
    database: Database, asked: int, staff: tuple[int, int], talk: Conversation
) -> None:
    def act(who: int) -> None:
        with database.unit_of_work() as session:
            if who:
                desk.take(session, asked, who)
            else:
                give_up(session, talk)

    at_once(act, 0, staff[0])
    with database.unit_of_work() as session:
        handoff = session.get_one(Handoff, asked)
        how = "closed" if handoff.taken_at else "given_up"
        assert (handoff.state, handoff.how) == ("closed", how)
        assert session.get_one(Conversation, talk.id).held_by == "assistant"


def test_the_queue_tells_who_waits(database: Database, asked: int, customer: int) -> None:
    with database.unit_of_work() as session:
        waiting = desk.queue(session)
        assert [each.handoff.id for each in waiting] == [asked]
        only = waiting[0]
        assert only.user is not None
        assert (only.user.id, only.staff, only.handoff.summary) == (
            customer,
            None,
            "问过账单，要找人",
        )
        with pytest.raises(NotFound, match=r"handoff\.not_found"):
            desk.case(session, asked + 1)
        with pytest.raises(NotFound, match=r"handoff\.not_found"):
            desk.take(session, asked + 1, customer)


def test_a_reply_is_stored_once_and_told_once(
    database: Database, asked: int, staff: tuple[int, int], talk: Conversation
) -> None:
    told: list[StaffReplied] = []

    def reply(_: int) -> int:
        with database.unit_of_work() as session:
            return desk.reply(session, asked, staff[0], "您好，我来看看", "one press").id

    with database.unit_of_work() as session:
        desk.take(session, asked, staff[0])
    with events.subscribed(StaffReplied, lambda _session, event: told.append(event)):
        first, second, third = at_once(reply, 1, 2, 3)
    assert first == second == third
    assert told == [StaffReplied(first, talk.id, talk.user_id, "web")]  # type: ignore[arg-type]
    with database.unit_of_work() as session:
        last = history(session, talk)[-1]
        assert (last.author, last.staff_id, last.text) == ("staff", staff[0], "您好，我来看看")


def test_only_who_holds_it_answers(
    database: Database, asked: int, staff: tuple[int, int], talk: Conversation
) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Conflict, match=r"handoff\.not_yours"):
            desk.reply(session, asked, staff[0], "还没接", "k1")
        desk.take(session, asked, staff[0])
        for act in (desk.hand_back, desk.close, desk.release):
            with pytest.raises(Conflict, match=r"handoff\.not_yours"):
                act(session, asked, staff[1])
        with pytest.raises(Conflict, match=r"handoff\.not_yours"):
            desk.reply(session, asked, staff[1], "别人的", "k2")
        with pytest.raises(Refused, match=r"message\.empty"):
            desk.reply(session, asked, staff[0], " ", "k3")
        give_up(session, talk)
        with pytest.raises(Conflict, match=r"handoff\.ended"):
            desk.reply(session, asked, staff[0], "晚了", "k4")
        written = select(func.count()).where(Message.author == "staff")
        assert session.scalar(written) == 0


@pytest.mark.parametrize(("end", "how"), [(desk.hand_back, "handed_back"), (desk.close, "closed")])
def test_the_end_gives_the_assistant_back(
    database: Database,
    asked: int,
    staff: tuple[int, int],
    talk: Conversation,
    end: Callable[..., None],
    how: str,
) -> None:
    told: list[object] = []
    with database.unit_of_work() as session:
        with (
            events.subscribed(HandoffTaken, lambda _session, event: told.append(event)),
            events.subscribed(HandoffEnded, lambda _session, event: told.append(event)),
        ):
            desk.take(session, asked, staff[0])
            end(session, asked, staff[0])
            end(session, asked, staff[0])
        assert told == [
            HandoffTaken(asked, talk.id, talk.user_id, "web"),
            HandoffEnded(asked, talk.id, talk.user_id, "web", how),
        ]
        found = desk.case(session, asked)
        assert (found.handoff.state, found.handoff.how) == ("closed", how)
        assert found.conversation.held_by == "assistant"
        assert history(session, talk)[-1].text == how
        with pytest.raises(Conflict, match=r"handoff\.ended"):
            desk.take(session, asked, staff[0])


def test_a_lead_puts_back_what_another_has_left(
    database: Database, asked: int, staff: tuple[int, int], talk: Conversation
) -> None:
    with database.unit_of_work() as session:
        desk.take(session, asked, staff[0])
        desk.release(session, asked, staff[1], lead=True)
        handoff = session.get_one(Handoff, asked)
        assert (handoff.state, handoff.staff_id, handoff.asked_at) == ("waiting", None, TEN_O_CLOCK)
        assert session.get_one(Conversation, talk.id).held_by == "waiting"
        left = history(session, talk)[-1]
        assert (left.text, left.staff_id) == ("released", staff[0])
        assert desk.take(session, asked, staff[1]).staff_id == staff[1]


def test_both_sides_see_what_has_arrived(
    database: Database,
    asked: int,
    staff: tuple[int, int],
    talk: Conversation,
    clock: time_machine.Traveller,
) -> None:
    with database.unit_of_work() as session:
        desk.take(session, asked, staff[0])
        say(session, talk, "在吗", "k1")
        desk.reply(session, asked, staff[0], "在的", "s1")
        question = history(session, talk)[-2]
        assert question.delivery == "sent"
        assert desk.case(session, asked).unread == 1
        assert mark_delivered(session, talk, "staff") == 1
        assert mark_read(session, talk, "staff", question.id - 1) == 0
        assert [each.delivery for each in history(session, talk)[-2:]] == ["delivered", "sent"]
        assert mark_read(session, talk, "staff") == 1
        assert mark_read(session, talk, "customer") == 1
        assert mark_read(session, talk, "customer") == 0
        before, *_, mine, theirs = history(session, talk)
        assert (mine.delivery, theirs.delivery) == ("read", "read")
        assert before.delivery == "sent", "what was said to the assistant is not the desk's"
        assert desk.case(session, asked).unread == 0


def test_calls_back_are_made_by_one(
    database: Database, talk: Conversation, staff: tuple[int, int], clock: time_machine.Traveller
) -> None:
    clock.move_to(AT_NIGHT)
    with database.unit_of_work() as session:
        number = ask_for_person(session, talk, "wished", "想问增容").handoff_id
    unclaimed = pytest.raises(Conflict, match=r"handoff\.not_yours")
    with database.unit_of_work() as session, unclaimed:
        calling.called(session, number, staff[0], "没接就说打过了")

    def take_on(staff_id: int) -> str | None:
        with database.unit_of_work() as session:
            return calling.take_on(session, number, staff_id).phone

    results = at_once(take_on, *staff)
    assert sorted(map(str, results)) == [PHONE, "handoff.taken"]
    caller = staff[results.index(PHONE)]
    other = sum(staff) - caller
    with database.unit_of_work() as session:
        with pytest.raises(Conflict, match=r"handoff\.not_yours"):
            calling.called(session, number, other)
        calling.leave(session, number, caller)
        calling.take_on(session, number, other)
        calling.called(session, number, other, " 讲清楚了 ")
        done = calling.called(session, number, other)
        assert (done.state, done.note, done.staff_id, done.ended_at) == (
            "called",
            "讲清楚了",
            other,
            AT_NIGHT,
        )
        assert calling.call_backs(session) == []
        assert [each.text for each in history(session, talk)] == ["call_back", "called"]
        with pytest.raises(Conflict, match=r"handoff\.ended"):
            calling.take_on(session, number, caller)


def test_ready_replies_are_kept(database: Database) -> None:
    with database.unit_of_work() as session:
        first = canned.add(session, " 问候 ", "您好", "Hello")
        second = canned.add(session, "再见", "再见\r\n祝好", "Goodbye")
        assert [(each.title, each.position) for each in canned.canned_replies(session)] == [
            ("问候", 0),
            ("再见", 1),
        ]
        assert second.text_zh == "再见\n祝好"
        canned.change(session, first.id, "您好", "您好！", "Hello!")
        with pytest.raises(Conflict, match=r"canned\.title_taken"):
            canned.change(session, first.id, "再见", "您好", "Hello")
        with pytest.raises(Refused, match=r"canned\.incomplete"):
            canned.add(session, "缺英文", "您好", " ")
        with pytest.raises(Refused, match=r"canned\.too_long"):
            canned.add(session, "长" * 31, "您好", "Hello")
        with pytest.raises(NotFound, match=r"canned\.not_found"):
            canned.change(session, first.id + 9, "您好", "您好", "Hello")
        canned.remove(session, second.id)
        canned.remove(session, second.id)
    with database.unit_of_work() as session:
        kept = session.scalars(select(CannedReply)).one()
        assert (kept.title, kept.text_zh, kept.text_en) == ("您好", "您好！", "Hello!")
