"""How people want to be told: what they have set, what is usual, and what reaches them at all."""

from datetime import time

import pytest
from sqlalchemy import event

from notifications.channels.push_models import PushSubscription
from notifications.kinds import kind
from notifications.preferences import addresses, reach, stopped, wishes
from notifications.preferences.models import (
    MAIL_ADDRESS,
    STOPPED_PHONE,
    MailAddress,
    NoticeChoice,
    NoticeHabit,
    StoppedPhone,
)
from runtime import clock
from runtime.crypto import blind_index
from service.people import wechat
from tests.service.builders import create_user

PHONE = "13900000001"


def choose(session, user, topic, channel, is_on):
    session.add(NoticeChoice(user_id=user.id, topic=topic, channel=channel, is_on=is_on))
    session.flush()


def keep_habit(session, user, **fields):
    session.add(NoticeHabit(user_id=user.id, **fields))
    session.flush()


def give_mail(session, user, address="li@example.org", *, confirmed=True):
    index = blind_index(address, MAIL_ADDRESS)
    row = MailAddress(user_id=user.id, address=address, address_index=index)
    row.confirmed_at = clock.now() if confirmed else None
    session.add(row)
    session.flush()


def give_push(session, user, endpoint="https://push.example/1", **fields):
    session.add(
        PushSubscription(
            user_id=user.id,
            endpoint=endpoint,
            endpoint_index=blind_index(endpoint, "push_subscription.endpoint"),
            p256dh="p",
            auth="a",
            device="Firefox",
            **fields,
        )
    )
    session.flush()


def of(session, user, topic="bill"):
    return wishes(session, [user.id], topic)[user.id]


def test_who_has_set_nothing_is_told_as_is_usual(session):
    wish = of(session, create_user(session, language="en"))
    assert wish.channels == ("sms", "voice")
    assert (wish.quiet_from, wish.quiet_until) == (time(21), time(8))
    assert (wish.language, wish.elder_mode, wish.daily_cap, wish.digest) == ("en", False, 5, True)


def test_who_never_chose_a_language_is_told_in_chinese(session):
    assert of(session, create_user(session)).language == "zh"


def test_a_channel_counts_as_soon_as_it_reaches_the_person(session):
    user = create_user(session)
    wechat.bind(session, "openid-1", user.id)
    give_mail(session, user)
    give_push(session, user)
    assert of(session, user).channels == ("wechat", "push", "sms", "mail", "voice")


def test_an_address_that_has_not_answered_and_a_browser_that_ended_reach_nobody(session):
    user = create_user(session)
    give_mail(session, user, confirmed=False)
    give_push(session, user, ended_at=clock.now())
    assert of(session, user).channels == ("sms", "voice")
    assert addresses(session, [user.id], "mail") == {}
    assert addresses(session, [user.id], "push") == {}


def test_what_was_opted_out_of_is_left_out_for_that_topic_alone(session):
    user = create_user(session)
    choose(session, user, "bill", "sms", False)
    assert of(session, user, "bill").channels == ("voice",)
    assert of(session, user, "outage").channels == ("sms", "voice")


def test_what_the_law_owes_goes_whatever_was_opted_out_of(session):
    user = create_user(session)
    choose(session, user, "reminder", "sms", False)
    choose(session, user, "reminder", "voice", False)
    wish = of(session, user, "reminder")
    assert wish.plan(kind("arrears.late_15")) == ()
    assert wish.plan(kind("arrears.formal")) == ("sms", "voice")


def test_news_go_to_those_alone_who_agreed_and_there_alone(session):
    user = create_user(session)
    assert of(session, user, "news").channels == ()
    choose(session, user, "news", "sms", True)
    assert of(session, user, "news").channels == ("sms",)


def test_the_order_is_that_of_the_kind_until_the_person_sets_another(session):
    user = create_user(session)
    wechat.bind(session, "openid-1", user.id)
    assert of(session, user, "reminder").plan(kind("arrears.before")) == ("wechat", "sms")
    assert of(session, user, "reminder").plan(kind("arrears.late_7")) == ("sms", "wechat")
    keep_habit(session, user, channels=["mail", "sms"])
    assert of(session, user, "reminder").plan(kind("arrears.before")) == ("sms", "wechat")


def test_who_uses_the_simplified_view_is_called_first_where_a_kind_can_be(session):
    user = create_user(session, elder_mode=True)
    assert of(session, user, "reminder").plan(kind("arrears.late_15")) == ("voice", "sms")
    assert of(session, user, "reminder").plan(kind("arrears.late_3")) == ("sms",)
    keep_habit(session, user, channels=["sms", "voice"])
    assert of(session, user, "reminder").plan(kind("arrears.late_15")) == ("sms", "voice")


def test_own_hours_number_and_putting_together(session):
    user = create_user(session)
    keep_habit(
        session,
        user,
        quiet_from=time(18),
        quiet_until=time(10),
        daily_cap=2,
        wants_digest=False,
    )
    wish = of(session, user)
    assert (wish.quiet_from, wish.quiet_until) == (time(18), time(10))
    assert (wish.daily_cap, wish.digest) == (2, False)


def test_nobody_is_reached_whose_sign_in_was_taken_away(session):
    user = create_user(session, disabled_at=clock.now())
    assert of(session, user).channels == of(session, user).reachable == ()
    assert addresses(session, [user.id], "sms") == {}


def test_who_is_not_there_has_no_wishes(session):
    assert wishes(session, [404], "bill") == {}


def test_five_hundred_people_take_two_statements(session):
    users = [create_user(session) for _ in range(500)]
    choose(session, users[0], "bill", "sms", False)
    keep_habit(session, users[1], daily_cap=1)
    ids = [each.id for each in users]
    seen: list[str] = []
    note = lambda _c, _cursor, statement, *_more: seen.append(statement)  # noqa: E731
    event.listen(session.bind, "before_cursor_execute", note)
    found = wishes(session, ids, "bill")
    sent_to = addresses(session, ids, "sms")
    event.remove(session.bind, "before_cursor_execute", note)
    assert (len(found), len(sent_to), len(seen)) == (500, 500, 3)


def test_where_each_is_reached(session):
    user, other = create_user(session, phone=PHONE), create_user(session)
    wechat.bind(session, "openid-1", user.id)
    give_mail(session, user)
    give_push(session, user)
    ids = [user.id]
    assert addresses(session, ids, "sms") == addresses(session, ids, "voice") == {user.id: [PHONE]}
    assert addresses(session, ids, "wechat") == {user.id: ["openid-1"]}
    assert addresses(session, ids, "mail") == {user.id: ["li@example.org"]}
    browser = '{"endpoint":"https://push.example/1","keys":{"p256dh":"p","auth":"a"}}'
    assert addresses(session, ids, "push") == {user.id: [browser]}
    assert addresses(session, [other.id], "wechat") == {}


def test_of_two_wechat_accounts_the_one_seen_last_comes_first(session):
    user = create_user(session)
    wechat.bind(session, "openid-1", user.id)
    wechat.bind(session, "openid-2", user.id)
    wechat.seen(session, "openid-1")
    assert addresses(session, [user.id], "wechat") == {user.id: ["openid-1", "openid-2"]}


@pytest.mark.parametrize(
    ("kept", "asked", "is_stopped"),
    [("all", "bill", True), ("outage", "outage", True), ("outage", "bill", False)],
)
def test_a_number_without_a_user_that_wants_no_more(session, kept, asked, is_stopped):
    index = blind_index(PHONE, STOPPED_PHONE)
    session.add(StoppedPhone(phone_index=index, topic=kept, words="退订"))
    session.flush()
    assert stopped(session, PHONE, asked) is is_stopped
    assert stopped(session, "13900000002", asked) is False


def test_a_number_of_a_user_stops_what_the_user_has_switched_off(session):
    user = create_user(session, phone=PHONE)
    choose(session, user, "bill", "sms", False)
    assert stopped(session, PHONE, "bill") is True
    assert stopped(session, PHONE, "outage") is False


def test_whom_a_campaign_finds(session):
    agreed, silent, left = (create_user(session) for _ in range(3))
    choose(session, agreed, "news", "sms", True)
    choose(session, left, "news", "sms", False)
    give_mail(session, silent)
    assert session.scalars(reach.consented("news")).all() == [agreed.id]
    assert session.scalars(reach.reached_by("mail")).all() == [silent.id]
