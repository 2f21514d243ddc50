"""A conversation is one's own, one at a time, and moves without losing itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from runtime import events
from runtime.database import Database
from runtime.errors import NotFound
from service.conversations import (
    Conversation,
    Handoff,
    Message,
    adopt,
    ask_for_person,
    by_ref,
    find_for_browser,
    history,
    open_for_browser,
    open_for_user,
    open_handoff,
    say,
)
from service.events import ConversationAdopted
from tests.service.conversations.conftest import person

KEY = "a secret of one browser"


def texts(database: Database, conversation: Conversation) -> list[str]:
    with database.unit_of_work() as session:
        return [each.text for each in history(session, conversation)]


def test_a_user_has_one_live_conversation(database: Database, customer: int) -> None:
    def opened(_: int) -> int:
        with database.unit_of_work() as session:
            return open_for_user(session, customer, "en", "wechat").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(opened, range(8)))) == 1
    with database.unit_of_work() as session:
        found = session.scalars(select(Conversation)).one()
        assert (found.language, found.channel, found.held_by) == ("en", "wechat", "assistant")
        assert len(found.ref) == 24


def test_a_browser_finds_its_conversation_by_its_secret_alone(database: Database) -> None:
    with database.unit_of_work() as session:
        mine = open_for_browser(session, KEY)
        assert open_for_browser(session, KEY).id == mine.id
        assert open_for_browser(session, "another").id != mine.id
        assert mine.browser_sha256 is not None
        assert KEY.encode() not in mine.browser_sha256


def test_web_and_wechat_are_one_conversation(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        say(session, talk, "在网页上说", "k1", "web")
        there = open_for_user(session, talk.user_id or 0, "zh", "wechat")
        say(session, there, "在微信里说", "k2", "wechat")
        assert by_ref(session, talk.ref).channel == "wechat"
    assert texts(database, talk) == ["在网页上说", "在微信里说"]


def test_signing_in_keeps_what_was_said_before(database: Database, customer: int) -> None:
    with database.unit_of_work() as session:
        before = open_for_browser(session, KEY)
        say(session, before, "上个月电费多少", "k1")
        own = adopt(session, before.ref, customer)
        assert (own.id, own.user_id, own.ref) == (before.id, customer, before.ref)
        assert adopt(session, before.ref, customer).id == own.id
        assert find_for_browser(session, KEY) is None, "signed out, the browser knows nothing more"
        assert open_for_browser(session, KEY).id != own.id


def test_adopted_into_a_live_one_nothing_is_lost(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        say(session, talk, "一", "k1")
        stranger = open_for_browser(session, KEY, "en")
        say(session, stranger, "二", "k1")
        say(session, talk, "三", "k2")
        say(session, stranger, "四", "k9")
    told: list[ConversationAdopted] = []
    with (
        events.subscribed(ConversationAdopted, lambda _session, event: told.append(event)),
        database.unit_of_work() as session,
    ):
        assert adopt(session, stranger.ref, talk.user_id or 0).id == talk.id
        assert adopt(session, talk.ref, talk.user_id or 0).id == talk.id
    assert told == [ConversationAdopted(stranger.id, talk.id, talk.user_id or 0)]
    with database.unit_of_work() as session:
        assert by_ref(session, talk.ref).language == "en"
        with pytest.raises(NotFound, match=r"conversation\.not_found"):
            by_ref(session, stranger.ref)
        assert say(session, talk, "四", "k9").text == "四", "a retry finds what has moved"
        assert open_for_browser(session, KEY).id != stranger.id
    assert texts(database, talk) == ["一", "二", "三", "四"]


def test_a_wait_goes_on_after_signing_in(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        stranger = open_for_browser(session, KEY)
        asked = ask_for_person(session, stranger, "wished", "要找人")
    with database.unit_of_work() as session:
        own = adopt(session, stranger.ref, talk.user_id or 0)
        waits = open_handoff(session, own)
        assert waits is not None
        assert (waits.id, own.held_by) == (asked.handoff_id, "waiting")


def test_two_waits_become_one(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        stranger = open_for_browser(session, KEY)
        ask_for_person(session, stranger, "wished", "要找人")
        mine = ask_for_person(session, talk, "wished", "要找人")
    with database.unit_of_work() as session:
        adopt(session, stranger.ref, talk.user_id or 0)
        states = session.execute(select(Handoff.id, Handoff.state).order_by(Handoff.id)).all()
        assert [state for _, state in states] == ["closed", "waiting"]
        assert states[1][0] == mine.handoff_id


def test_nobody_adopts_what_is_another_s(database: Database, talk: Conversation) -> None:
    other = person(database, "13800002047")
    with database.unit_of_work() as session:
        say(session, talk, "我的", "k1")
        with pytest.raises(NotFound, match=r"conversation\.not_found"):
            adopt(session, talk.ref, other)
        with pytest.raises(NotFound):
            adopt(session, "no such name", other)
        assert session.scalar(select(Conversation.user_id)) == talk.user_id


def test_two_browsers_adopted_at_once(database: Database, customer: int) -> None:
    with database.unit_of_work() as session:
        refs = []
        for number in range(4):
            stranger = open_for_browser(session, f"browser {number}")
            say(session, stranger, f"说 {number}", f"k{number}")
            refs.append(stranger.ref)

    def adopted(ref: str) -> int:
        with database.unit_of_work() as session:
            return adopt(session, ref, customer).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(adopted, refs))) == 1
    with database.unit_of_work() as session:
        live = session.scalars(select(Conversation).where(Conversation.closed_at.is_(None))).one()
        count = select(func.count()).where(Message.conversation_id == live.id)
        assert session.scalar(count) == 4
