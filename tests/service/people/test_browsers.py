"""A sign-in from a browser that was never the user's is told of, once; others are not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from runtime import events
from service.models import User
from service.people import sessions, sign_in
from service.people.devices import program_and_system
from service.people.events import NewBrowser
from service.people.sessions import Lifetime
from service.people.sign_in import From
from tests.service.builders import create_user

HOME = From("192.0.2.1", "Chrome Windows", Lifetime(timedelta(days=7), timedelta(days=30)), "home")
ELSEWHERE = replace(HOME, browser="elsewhere")


@pytest.fixture
def heard() -> Iterator[list[NewBrowser]]:
    told: list[NewBrowser] = []

    def listen(_session: Session, event: NewBrowser) -> None:
        told.append(event)

    with events.subscribed(NewBrowser, listen):
        yield told


@pytest.fixture
def user(session: Session) -> User:
    return create_user(session)


def test_the_first_browser_and_the_same_again_are_no_news(session, user, heard):
    sign_in.enter(session, user, HOME, "code")
    sign_in.enter(session, user, HOME, "code")
    assert heard == []


def test_another_browser_is_told_of_once(session, user, heard):
    sign_in.enter(session, user, HOME, "code")
    token = sign_in.enter(session, user, ELSEWHERE, "code")
    sign_in.enter(session, user, ELSEWHERE, "password")
    (event,) = heard
    opened = sessions.find_signed_in(session, token, HOME.lifetime)
    assert opened is not None
    assert (event.user_id, event.session_id) == (user.id, opened.session_id)
    assert event.device == "Chrome Windows"


def test_a_browser_of_somebody_else_is_new_to_this_user(session, user, heard):
    sign_in.enter(session, create_user(session), ELSEWHERE, "code")
    sign_in.enter(session, user, HOME, "code")
    sign_in.enter(session, user, ELSEWHERE, "code")
    assert [event.user_id for event in heard] == [user.id]


def test_a_browser_stays_known_after_it_was_signed_out(session, user, heard):
    sign_in.enter(session, user, HOME, "code")
    token = sign_in.enter(session, user, ELSEWHERE, "code")
    sessions.end(session, token)
    sign_in.enter(session, user, ELSEWHERE, "code")
    assert len(heard) == 1


def test_sign_ins_from_before_browsers_were_known_say_nothing(session, user, heard):
    sign_in.enter(session, user, replace(HOME, browser=""), "code")
    sign_in.enter(session, user, HOME, "code")
    assert heard == []


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/131.0 Safari/537", "Chrome · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) MicroMessenger/8.0", "WeChat · iPhone"),
        ("curl/8.5", ""),
    ],
)
def test_what_it_calls_itself(called, name):
    assert program_and_system(called) == name
