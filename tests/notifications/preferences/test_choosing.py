"""What a person sets holds for them alone, and news leave a consent with the words shown."""

from datetime import time, timedelta

import pytest
import time_machine
from sqlalchemy import select

from notifications.preferences import choosing, consents, links, wishes
from notifications.preferences.models import Consent
from runtime import clock
from runtime.errors import NotFound, Refused
from tests.service.builders import create_user


@pytest.fixture
def user(session):
    return create_user(session)


def choose(session, user, wanted):
    return choosing.choose(
        session, user.id, wanted, how="page", language="zh", words=lambda way: f"同意{way}"
    )


def wish(session, user, topic="bill"):
    return wishes(session, [user.id], topic)[user.id]


def test_only_what_differs_is_changed(session, user):
    wanted = {("bill", "sms"): False, ("bill", "mail"): True}
    assert choose(session, user, wanted) == {("bill", "sms")}
    assert choose(session, user, wanted) == frozenset()
    assert choosing.chosen(session, user.id).is_on("bill", "sms") is False


def test_news_need_a_consent_with_its_words_both_ways(session, user):
    choose(session, user, {("news", "sms"): True})
    choose(session, user, {("news", "sms"): False})
    assert [(each.given, each.words) for each in consents.history(session, user.id)] == [
        (False, "同意sms"),
        (True, "同意sms"),
    ]


def test_other_topics_leave_none(session, user):
    choose(session, user, {("bill", "sms"): False})
    assert consents.history(session, user.id) == []


def test_what_cannot_be_chosen_is_refused(session, user):
    with pytest.raises(Refused, match=r"preference\.unknown"):
        choose(session, user, {("invoice", "mail"): False})
    with pytest.raises(Refused, match=r"preference\.unknown"):
        choosing.set_order(session, user.id, ["sms", "pigeon"])


def test_the_order_of_channels(session, user):
    choosing.set_order(session, user.id, ["sms", "mail"])
    assert choosing.chosen(session, user.id).order == ("sms", "mail", "wechat", "push", "voice")
    choosing.set_order(session, user.id, [])
    assert choosing.chosen(session, user.id).order == ("wechat", "push", "sms", "mail", "voice")


@pytest.mark.parametrize(
    ("start", "end"),
    [(time(22), time(8)), (time(21), time(7)), (time(11), time(8)), (time(21), time(13))],
)
def test_quiet_hours_may_be_wider_never_narrower(session, user, start, end):
    with pytest.raises(Refused, match=r"preference\.quiet_hours"):
        choosing.set_quiet(session, user.id, start, end)


def test_quiet_hours_number_and_putting_together(session, user):
    choosing.set_quiet(session, user.id, time(18), time(9))
    choosing.set_daily_cap(session, user.id, 2)
    choosing.set_digest(session, user.id, False)
    found = wish(session, user)
    assert (found.quiet_from, found.quiet_until) == (time(18), time(9))
    assert (found.daily_cap, found.digest) == (2, False)


@pytest.mark.parametrize("most", [0, 100])
def test_at_most_none_is_no_number(session, user, most):
    with pytest.raises(Refused, match=r"preference\.daily_cap"):
        choosing.set_daily_cap(session, user.id, most)


def test_as_usual_leaves_news_alone(session, user):
    choose(session, user, {("bill", "sms"): False, ("news", "sms"): True})
    choosing.set_order(session, user.id, ["voice"])
    choosing.as_usual(session, user.id, but=["usage"])
    assert "sms" in wish(session, user).channels
    assert choosing.chosen(session, user.id).is_on("usage", "push") is False
    assert wish(session, user, "news").channels == ("sms",)
    assert wish(session, user).has_order is False


def test_a_link_stops_a_topic_by_mail_and_brings_it_back(session, user):
    way = links.read(session, links.signed(user.id, "bill"))
    assert links.stop(session, way, words="停", language="zh") is True
    assert links.is_stopped(session, way) is True
    assert choosing.chosen(session, user.id).is_on("bill", "mail") is False
    assert choosing.chosen(session, user.id).is_on("bill", "sms") is True
    assert links.stop(session, way, words="停", language="zh") is False
    assert links.undo(session, way, words="再收", language="zh") is True
    assert links.is_stopped(session, way) is False
    rows = session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(each.given, each.how, each.words) for each in rows] == [
        (False, "one_click", "停"),
        (True, "one_click", "再收"),
    ]


def test_a_link_for_all_brings_no_news_back(session, user):
    choose(session, user, {("news", "mail"): True})
    way = links.read(session, links.signed(user.id, "all"))
    links.stop(session, way, words="停", language="zh")
    assert links.is_stopped(session, way) is True
    links.undo(session, way, words="再收", language="zh")
    assert choosing.chosen(session, user.id).is_on("bill", "mail") is True
    assert choosing.chosen(session, user.id).is_on("news", "mail") is False


def test_a_link_takes_back_a_slip_and_agrees_to_nothing_later(session, user):
    choose(session, user, {("news", "mail"): True})
    way = links.read(session, links.signed(user.id, "news"))
    links.stop(session, way, words="停", language="zh")
    assert links.undo(session, way, words="再收", language="zh") is True
    links.stop(session, way, words="停", language="zh")
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        assert links.undo(session, way, words="再收", language="zh") is False
    choose(session, user, {("news", "mail"): True})
    choose(session, user, {("news", "mail"): False})
    assert links.undo(session, way, words="再收", language="zh") is False
    assert choosing.chosen(session, user.id).is_on("news", "mail") is False


def test_a_slip_takes_back_only_what_it_has_ended(session, user):
    choose(session, user, {("usage", "mail"): False})
    way = links.read(session, links.signed(user.id, "all"))
    links.stop(session, way, words="停", language="zh")
    choose(session, user, {("payment", "mail"): True})
    choose(session, user, {("payment", "mail"): False})
    assert links.undo(session, way, words="再收", language="zh") is True
    on = {topic for topic, channel in choosing.chosen(session, user.id).on if channel == "mail"}
    assert on & {"bill", "payment", "usage"} == {"bill"}
    assert links.undo(session, way, words="再收", language="zh") is False
    assert [each.given for each in consents.history(session, user.id)] == [True, False]


def test_one_topic_of_all_that_were_ended_can_be_taken_back(session, user):
    every = links.read(session, links.signed(user.id, "all"))
    links.stop(session, every, words="停", language="zh")
    bill = links.read(session, links.signed(user.id, "bill"))
    assert links.slipped(session, bill) == [("bill", "mail")]
    assert links.undo(session, bill, words="再收", language="zh") is True
    assert choosing.chosen(session, user.id).is_on("payment", "mail") is False


@pytest.mark.parametrize("topic", ["bill", "all"])
def test_after_an_hour_a_link_brings_nothing_back(session, user, topic):
    way = links.read(session, links.signed(user.id, topic))
    links.stop(session, way, words="停", language="zh")
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        assert links.undo(session, way, words="再收", language="zh") is False
    assert links.is_stopped(session, way) is True


def test_a_link_brings_nothing_back_that_was_set_elsewhere(session, user):
    choose(session, user, dict.fromkeys(links.pairs("all"), False))
    for topic in ("bill", "all"):
        way = links.read(session, links.signed(user.id, topic))
        assert links.stop(session, way, words="停", language="zh") is False
        assert links.undo(session, way, words="再收", language="zh") is False
    assert links.is_stopped(session, way) is True


@pytest.mark.parametrize("topic", ["invoice", "desk", "security"])
def test_what_nobody_chooses_by_mail_has_no_link(session, user, topic):
    assert links.unsubscribe_link(user.id, topic) == ""


def test_a_link_is_signed(session, user):
    other = create_user(session)
    mine = links.signed(user.id, "bill")
    number, topic, mac = mine.split("-")
    for forged in (
        f"{other.id}-{topic}-{mac}",
        f"{number}-outage-{mac}",
        f"{number}-{topic}-{mac[:-1]}x",
        links.signed(404, "bill"),
        links.signed(user.id, "invoice"),
        "",
        "9" * 30,
    ):
        with pytest.raises(NotFound):
            links.read(session, forged)
