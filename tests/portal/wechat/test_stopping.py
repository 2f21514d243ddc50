"""Who writes 退订 in WeChat is left in peace there; the assistant is not asked."""

from notifications.preferences import wishes
from runtime.database import Database
from service.people import wechat
from tests.portal.chat.rasa import Rasa
from tests.portal.conftest import create_user
from tests.portal.wechat.conftest import OPENID, Phone


def test_a_user_hears_no_more_there_and_again(phone: Phone, rasa: Rasa, database: Database) -> None:
    user = create_user(database)
    with database.unit_of_work() as session:
        wechat.bind(session, OPENID, user.id)
    said = phone.say("退订停电")
    assert said.startswith("好的，不再用微信告诉您：停电。法律要求的停电通知照发。")
    assert "想再收，说“恢复提醒”。" in said
    assert phone.say("退订停电") == said
    with database.unit_of_work() as session:
        assert wishes(session, [user.id], "outage")[user.id].channels == ("sms", "voice")
    assert phone.say("订阅停电").startswith("好的，以后照常用微信告诉您：停电。")
    with database.unit_of_work() as session:
        assert "wechat" in wishes(session, [user.id], "outage")[user.id].channels
    assert rasa.questions == []


def test_a_stranger_and_other_words_are_the_assistants(
    phone: Phone, rasa: Rasa, database: Database
) -> None:
    phone.say("退订")
    user = create_user(database)
    with database.unit_of_work() as session:
        wechat.bind(session, OPENID, user.id)
    phone.say("不要退订")
    assert [each["text"] for each in rasa.questions] == ["退订", "不要退订"]
