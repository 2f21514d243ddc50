"""What the person is told, changed by word: first said, then done, and never news begun."""

from datetime import time

import pytest
from sqlalchemy import select

from notifications.preferences import choosing, consents
from notifications.preferences.choosing import Chosen
from notifications.preferences.models import Consent, NoticeChoice, NoticeHabit
from runtime import clock
from runtime.database import Database
from service.people.models import WeChatFollower
from tests.portal.assistant.conftest import Asker

NO_BILLS_BY_SMS = {"topics": ["bill"], "channels": ["sms"], "on": False}
ALREADY = {"changes": False, "sentence": "已经是这样设的，不用改。"}
DONE = {"changes": True, "sentence": "改好了，现在是这样："}
LAW = "欠费停电的正式通知，法律规定一定要通知到您，这一种关不掉。"


@pytest.fixture
def follower(customer: Asker, database: Database) -> None:
    """The customer can be reached by WeChat."""
    assert customer.user is not None
    with database.unit_of_work() as session:
        session.add(
            WeChatFollower(
                user_id=customer.user.id,
                openid="an openid",
                openid_index=b"1",
                talk_sha256=b"1",
                bound_at=clock.now(),
            )
        )


def chosen(asker: Asker, database: Database) -> Chosen:
    assert asker.user is not None
    with database.reading() as session:
        return choosing.chosen(session, asker.user.id)


def test_an_offer_says_what_would_change_and_changes_nothing(
    customer: Asker, database: Database
) -> None:
    assert customer.post("/notices/offer", NO_BILLS_BY_SMS).json == {
        "changes": True,
        "sentence": "以后“账单”不用短信发，在“消息”里还看得到。",
    }
    with database.reading() as session:
        assert session.scalars(select(NoticeChoice.topic)).all() == []
        assert session.scalars(select(NoticeHabit.user_id)).all() == []


def test_a_topic_off_on_a_channel_and_on_again(customer: Asker, database: Database) -> None:
    assert customer.post("/notices", NO_BILLS_BY_SMS).json == DONE
    now = chosen(customer, database)
    assert (now.is_on("bill", "sms"), now.is_on("bill", "mail")) == (False, True)
    assert customer.post("/notices", NO_BILLS_BY_SMS).json == ALREADY
    assert customer.post("/notices/offer", NO_BILLS_BY_SMS).json == ALREADY
    again = {"topics": ["bill"], "on": True}
    assert customer.post("/notices/offer", again).json["sentence"] == "以后“账单”用短信告诉您。"
    customer.post("/notices", again)
    assert chosen(customer, database).is_on("bill", "sms")
    assert customer.post("/notices/offer", again).json == ALREADY


def test_of_the_neighbour_nothing_changes(
    customer: Asker, neighbour: Asker, database: Database
) -> None:
    customer.post("/notices", NO_BILLS_BY_SMS)
    assert chosen(neighbour, database).is_on("bill", "sms")


def test_a_channel_off_ends_news_with_a_consent_and_not_what_the_law_owes(
    customer: Asker, database: Database
) -> None:
    assert customer.user is not None
    with database.unit_of_work() as session:
        choosing.choose(
            session,
            customer.user.id,
            {("news", "sms"): True},
            how=consents.PAGE,
            language="zh",
            words=lambda channel: f"我同意 {channel}",
        )
    off = {"channels": ["sms"], "on": False}
    said = f"以后“所有提醒”不用短信发，在“消息”里还看得到。{LAW}"
    assert customer.post("/notices/offer", off).json["sentence"] == said
    customer.post("/notices", off)
    assert not any(channel == "sms" for _topic, channel in chosen(customer, database).on)
    with database.reading() as session:
        newest = select(Consent).order_by(Consent.id.desc()).limit(1)
        consent = session.scalars(newest).one()
        assert (consent.topic, consent.channel, consent.given) == ("news", "sms", False)
        assert (consent.how, consent.language) == ("assistant", "zh")
        assert consent.words.startswith("我同意江城供电用短信告诉我活动和新服务。")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"topics": ["news"], "on": True}, "notice.news"),
        ({"topics": ["news"], "channels": ["sms"], "on": True}, "notice.news"),
        ({"first": "wechat"}, "notice.not_reached"),
        ({"topics": ["bill"], "channels": ["mail"], "on": True}, "notice.not_reached"),
        ({"topics": ["outage"], "channels": ["mail"], "on": False}, "notice.other_way"),
        ({"topics": ["outage"], "first": "voice"}, "notice.other_way"),
        ({"quiet_from": "11:30"}, "preference.quiet_hours"),
        ({"quiet_until": "12:30"}, "preference.quiet_hours"),
        ({"topics": ["birthday"], "on": False}, "malformed"),
        ({"quiet_from": "25:00"}, "malformed"),
    ],
)
def test_what_cannot_be_done_is_refused_by_the_offer_and_by_the_deed(
    customer: Asker, database: Database, wish: dict[str, object], code: str
) -> None:
    for path in ("/notices/offer", "/notices"):
        answer = customer.post(path, wish)
        assert (answer.status_code, answer.json["code"]) == (400, code)
    with database.reading() as session:
        assert session.scalars(select(Consent.id)).all() == []
        assert session.scalars(select(NoticeChoice.topic)).all() == []


def test_everything_on_begins_no_news(customer: Asker, database: Database) -> None:
    customer.post("/notices", {"on": False})
    assert chosen(customer, database).on == frozenset()
    customer.post("/notices", {"on": True})
    on = {topic for topic, _channel in chosen(customer, database).on}
    assert "bill" in on
    assert "news" not in on


@pytest.mark.usefixtures("follower")
def test_a_channel_that_goes_first(customer: Asker, database: Database) -> None:
    wish = {"first": "wechat"}
    said = "以后先用微信发，没送到才用别的方式。"
    assert customer.post("/notices/offer", wish).json == {"changes": True, "sentence": said}
    customer.post("/notices", wish)
    now = chosen(customer, database)
    assert now.wishes.has_order
    assert (now.order[0], now.is_on("outage", "sms")) == ("wechat", True)
    assert customer.post("/notices/offer", wish).json == ALREADY


@pytest.mark.usefixtures("follower")
def test_one_channel_in_the_place_of_another(customer: Asker, database: Database) -> None:
    wish = {"first": "wechat", "channels": ["sms"], "on": False}
    said = customer.post("/notices/offer", wish, "en").json["sentence"]
    assert said == (
        "From now on WeChat goes first; other ways are used only when it does not arrive. "
        "From now on this is not sent by SMS, and you still find it under Messages: all reminders. "
        "Formal notices before supply is stopped for unpaid bills are owed to you by law; "
        "those cannot be switched off."
    )
    customer.post("/notices", wish)
    now = chosen(customer, database)
    assert (now.order[0], now.is_on("bill", "sms"), now.is_on("bill", "wechat")) == (
        "wechat",
        False,
        True,
    )


@pytest.mark.usefixtures("follower")
def test_a_topic_that_goes_one_way_only(customer: Asker, database: Database) -> None:
    wish = {"topics": ["outage"], "first": "wechat", "channels": ["sms"], "on": False}
    said = customer.post("/notices/offer", wish).json["sentence"]
    assert said == "以后“停电”只用微信发。"
    customer.post("/notices", wish)
    now = chosen(customer, database)
    assert {channel for topic, channel in now.on if topic == "outage"} == {"wechat"}
    assert (now.is_on("bill", "sms"), now.wishes.has_order) == (True, False)


def test_the_hours(customer: Asker, database: Database) -> None:
    said = "每天 19:00 到第二天早上 09:00 不发，停电和账号安全这样的急事除外。"
    wish = {"quiet_from": "19:00", "quiet_until": "09:00"}
    assert customer.post("/notices/offer", wish).json == {"changes": True, "sentence": said}
    customer.post("/notices", wish)
    now = chosen(customer, database).wishes
    assert (now.quiet_from, now.quiet_until) == (time(19), time(9))


@pytest.mark.parametrize("hour", ["21:00", "22:00", "00:00", "02:30"])
def test_hours_at_which_nobody_is_told_are_set_already(customer: Asker, hour: str) -> None:
    assert customer.post("/notices/offer", {"quiet_from": hour}).json == ALREADY


def test_a_wish_for_nothing_changes_nothing(customer: Asker) -> None:
    assert customer.post("/notices", {}).json == ALREADY


def test_whoever_is_not_signed_in_has_nothing_to_change(stranger: Asker) -> None:
    for path in ("/notices/offer", "/notices"):
        answer = stranger.post(path, NO_BILLS_BY_SMS)
        assert (answer.status_code, answer.json["code"]) == (403, "sign_in")
