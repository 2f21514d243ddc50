"""An address counts when the letter that went there was answered, and not before."""

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from notifications.models import Message
from notifications.preferences import addresses, mailing
from notifications.preferences.models import Consent
from runtime import clock
from runtime.errors import Refused, TooManyTries
from tests.service.builders import create_user

OLD, NEW = "li@example.org", "li.new@example.org"


@pytest.fixture
def user(session):
    return create_user(session)


def ask(session, user, typed=OLD):
    return mailing.ask(session, user.id, typed, language="zh", utility="江城供电")


def letters(session):
    return list(session.scalars(select(Message).order_by(Message.id)))


def token(session):
    link = json.loads(letters(session)[-1].params)["link"]
    return link.rpartition("/")[2]


def confirm(session, given):
    mailing.confirm(session, given, words="用这个邮箱收", language="zh", network="192.0.2.1")


def in_use(session, user):
    return addresses(session, [user.id], "mail").get(user.id)


def test_a_letter_goes_to_the_address_and_nothing_else_yet(session, user):
    ask(session, user, " li@EXAMPLE.org ")
    (letter,) = letters(session)
    assert (letter.channel, letter.recipient, letter.template) == ("mail", OLD, "mail_confirm_zh")
    assert json.loads(letter.params)["hours"] == "48"
    assert in_use(session, user) is None
    assert mailing.known(session, user.id).asked == OLD


def test_the_answer_counts_once_and_leaves_a_consent(session, user):
    ask(session, user)
    given = token(session)
    assert mailing.waits(session, given) is True
    confirm(session, given)
    assert in_use(session, user) == [OLD]
    kept = session.scalars(select(Consent)).one()
    assert (kept.topic, kept.channel, kept.given, kept.words) == (
        "mail",
        "mail",
        True,
        "用这个邮箱收",
    )
    assert mailing.waits(session, given) is False
    with pytest.raises(Refused, match=r"mail\.expired"):
        confirm(session, given)


def test_the_link_grows_old(session, user):
    with time_machine.travel(clock.now() - timedelta(hours=48, minutes=1), tick=False):
        ask(session, user)
    with pytest.raises(Refused, match=r"mail\.expired"):
        confirm(session, token(session))
    assert in_use(session, user) is None


def test_the_old_address_stays_until_the_new_one_answers(session, user):
    ask(session, user)
    confirm(session, token(session))
    ask(session, user, NEW)
    assert in_use(session, user) == [OLD]
    confirm(session, token(session))
    assert in_use(session, user) == [NEW]


def test_only_the_newest_letter_counts(session, user):
    ask(session, user)
    first = token(session)
    ask(session, user, NEW)
    with pytest.raises(Refused, match=r"mail\.expired"):
        confirm(session, first)


def test_the_address_in_use_is_not_written_to_again(session, user):
    ask(session, user)
    confirm(session, token(session))
    ask(session, user, NEW)
    assert ask(session, user, OLD) is False
    assert len(letters(session)) == 2
    assert mailing.known(session, user.id) == mailing.Mail(OLD)


def test_removed_it_gets_no_more_and_that_is_kept(session, user):
    ask(session, user)
    confirm(session, token(session))
    mailing.remove(session, user.id, words="不再用", language="zh")
    assert in_use(session, user) is None
    assert [each.given for each in session.scalars(select(Consent).order_by(Consent.id))] == [
        True,
        False,
    ]


def test_of_others_an_address_may_be_too(session, user):
    other = create_user(session)
    for each in (user, other):
        ask(session, each)
        confirm(session, token(session))
    assert in_use(session, user) == in_use(session, other) == [OLD]


def test_nobody_is_written_to_more_often_than_three_times_a_day_and_nobody_learns_it(session):
    for _ in range(4):
        someone = create_user(session)
        ask(session, someone)
        assert mailing.known(session, someone.id).asked == OLD
    assert len(letters(session)) == 3


def test_a_letter_that_waits_can_still_be_answered_when_no_more_is_sent(session, user):
    for _ in range(4):
        assert ask(session, user) is True
    assert len(letters(session)) == 3
    confirm(session, token(session))
    assert in_use(session, user) == [OLD]


def test_another_address_takes_the_place_of_one_that_waits_though_nothing_is_sent(session, user):
    for _ in range(3):
        ask(session, create_user(session))
    ask(session, user, NEW)
    assert ask(session, user) is True
    assert mailing.known(session, user.id).asked == OLD
    with pytest.raises(Refused, match=r"mail\.expired"):
        confirm(session, token(session))


def test_one_person_asks_five_times_a_day(session, user):
    for number in range(5):
        ask(session, user, f"li{number}@example.org")
    with pytest.raises(TooManyTries, match=r"mail\.too_many"):
        ask(session, user, "li6@example.org")


def test_tokens_are_not_guessed_for_long(session, user):
    for _ in range(60):
        with pytest.raises(Refused, match=r"mail\.expired"):
            confirm(session, "guess")
    with pytest.raises(TooManyTries, match=r"network\.locked"):
        confirm(session, "guess")


def test_what_is_no_address(session, user):
    with pytest.raises(Refused, match=r"mail\.malformed"):
        ask(session, user, "li@")
    assert letters(session) == []
