"""Whoever answers that they want no more is left in peace, told so once, and it is kept."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from notifications.models import RECIPIENT, SENT, Message
from notifications.preferences import stopped, wishes
from notifications.preferences.models import (
    CONSENT_PHONE,
    Consent,
    NoticeChoice,
)
from notifications.preferences.stopping import hear, heard, on_registered
from runtime import clock, events
from runtime.crypto import blind_index
from service.people import users
from service.people.events import UserRegistered
from tests.service.builders import create_user

PHONE = "13900000001"


@pytest.fixture
def user(session):
    return create_user(session, phone=PHONE)


def say(session, words, **of):
    who = of or {"phone": PHONE, "channel": "sms"}
    return heard(session, words=words, at=clock.now(), **who)


def sent(session, template, *, ago=timedelta(hours=1), channel="sms", user_id=None):
    session.add(
        Message(
            channel=channel,
            reference=f"{template[:20]}-{ago.total_seconds():.0f}",
            template=template,
            user_id=user_id,
            recipient=PHONE,
            recipient_index=blind_index(PHONE, RECIPIENT),
            state=SENT,
            sent_at=clock.now() - ago,
        )
    )
    session.flush()


def by_sms(session, user, topic):
    return "sms" in wishes(session, [user.id], topic)[user.id].channels


def answers(session):
    query = select(Message).where(Message.template.startswith("preference_")).order_by(Message.id)
    return [(each.template, json.loads(each.params)["topics"]) for each in session.scalars(query)]


def kept(session):
    return [(each.topic, each.given, each.words) for each in session.scalars(select(Consent))]


def test_it_is_about_what_came_last(session, user):
    sent(session, "outage_announced_zh", ago=timedelta(days=2))
    sent(session, "balance_sank_zh")
    assert say(session, "退订") is True
    assert by_sms(session, user, "balance") is False
    assert by_sms(session, user, "outage") is True
    assert answers(session) == [("preference_stopped_zh", "余额不足")]
    assert kept(session) == [("balance", False, "退订")]


def test_a_code_is_no_topic_and_what_is_old_is_not_meant(session, user):
    sent(session, "balance_sank_zh", ago=timedelta(days=31))
    sent(session, "code_sign_in_zh")
    assert say(session, "TD") is True
    assert [by_sms(session, user, each) for each in ("bill", "outage", "balance")] == [False] * 3
    assert answers(session) == [("preference_stopped_zh", "全部内容")]
    assert kept(session) == [("all", False, "TD")]


def test_news_end_with_it(session, user):
    session.add(NoticeChoice(user_id=user.id, topic="news", channel="sms", is_on=True))
    sent(session, "balance_sank_zh")
    say(session, "R")
    assert by_sms(session, user, "news") is False


def test_a_topic_that_is_named_is_all_that_ends(session, user):
    session.add(NoticeChoice(user_id=user.id, topic="news", channel="sms", is_on=True))
    session.flush()
    say(session, "退订停电")
    assert by_sms(session, user, "outage") is False
    assert by_sms(session, user, "bill") is by_sms(session, user, "news") is True


def test_it_is_told_once(session, user):
    say(session, "退订")
    assert say(session, "退订") is True
    assert len(answers(session)) == len(kept(session)) == 1


def test_and_back_again_but_not_to_news(session, user):
    session.add(NoticeChoice(user_id=user.id, topic="news", channel="sms", is_on=True))
    session.flush()
    say(session, "退订")
    assert say(session, "恢复") is True
    assert by_sms(session, user, "outage") is True
    assert by_sms(session, user, "news") is False
    assert answers(session)[1] == ("preference_resumed_zh", "全部内容")


def test_a_number_without_a_user(session):
    assert say(session, "退订") is True
    assert stopped(session, PHONE, "outage") is True
    row = session.scalars(select(Consent)).one()
    assert (row.user_id, row.phone_index) == (None, blind_index(PHONE, CONSENT_PHONE))
    say(session, "恢复")
    assert stopped(session, PHONE, "outage") is False


def test_a_number_without_a_user_and_one_topic(session):
    say(session, "退订停电")
    assert stopped(session, PHONE, "outage") is True
    assert stopped(session, PHONE, "request") is False


@pytest.mark.parametrize(("words", "bills"), [("退订停电", True), ("退订全部", False)])
def test_what_a_number_has_stopped_its_user_has_stopped(session, words, bills):
    assert say(session, words)
    with events.subscribed(UserRegistered, on_registered):
        user = users.add_user(session, PHONE, password_hash=None)
    assert (by_sms(session, user, "outage"), by_sms(session, user, "bill")) == (False, bills)
    assert stopped(session, PHONE, "outage")
    assert say(session, "恢复")
    assert by_sms(session, user, "outage")
    assert not stopped(session, PHONE, "outage")


def test_other_words_change_nothing(session, user):
    assert say(session, "谢谢") is False
    assert kept(session) == answers(session) == []


def test_the_language_of_the_person(session):
    create_user(session, phone=PHONE, language="en")
    say(session, "stop")
    assert answers(session) == [("preference_stopped_en", "everything")]


def test_in_wechat_it_is_about_wechat_and_no_short_message_goes(session, user):
    done = hear(session, user_id=user.id, channel="wechat", words="退订停电", at=clock.now())
    assert (done.stops, done.topics, done.changed, done.named()) == (
        True,
        ("outage",),
        True,
        "停电",
    )
    assert by_sms(session, user, "outage") is True
    assert answers(session) == []


def test_nobody_in_wechat_has_nothing_to_stop(session):
    assert say(session, "退订", user_id=404, channel="wechat") is False
