"""A person behind the assistant: asked for, answering, handing back; on the web and in WeChat."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.assistant.conftest import AGENT, FIRM, HOME, Talk
from tests.house import House
from tests.talking import Talker
from tests.waiting import eventually

pytestmark = pytest.mark.assistant

OPENID = "oSandbox-first-of-the-people"


class Desk(Talker):
    """Somebody at the desk, in their browser."""

    page = "/desk/conversations"

    def waiting(self) -> set[str]:
        """Addresses of the talks that wait."""
        page = self.client.get(self.page).text
        return set(re.findall(r"/desk/conversations/\d+(?=/take)", page))


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    found = Desk(house, AGENT)
    yield found
    found.client.close()


def test_a_person_answers_and_hands_back(talk: Talk, desk: Desk) -> None:
    home = talk(HOME)
    home.say("电费好像不对")
    before = desk.waiting()
    assert home.say("转人工").from_assistant
    (case,) = desk.waiting() - before
    assert "电费好像不对" in desk.press(f"{case}/take")
    for _ in range(2):  # a double press
        desk.press(f"{case}/reply", text="我来看看您的账单。", key="r1")
    assert home.listen().whole.count("我来看看您的账单。") == 1
    assert home.say("谢谢").texts == ()
    assert "谢谢" in desk.client.get(case).text
    desk.press(f"{case}/back")
    assert "接着帮您" in home.listen().whole
    assert home.say("你好").from_assistant


def test_one_conversation_on_the_web_and_in_wechat(house: House, talk: Talk, desk: Desk) -> None:
    firm = talk(FIRM)
    assert firm.say("你好").from_assistant
    assert "wechat/enter" in written(house, {"MsgType": "event", "Event": "subscribe"})
    connect(house, firm)
    assert "¥" in written(house, {"MsgType": "text", "Content": "欠多少电费", "MsgId": "11"})
    assert "欠多少电费" in firm.client.get("/chat").text
    before = desk.waiting()
    written(house, {"MsgType": "text", "Content": "转人工", "MsgId": "12"})
    (case,) = desk.waiting() - before
    desk.press(f"{case}/take")
    desk.press(f"{case}/reply", text="您说。", key="w1")
    eventually(lambda: "您说。" in heard(house))
    assert heard(house).count("您说。") == 1
    desk.press(f"{case}/close")


def written(house: House, fields: dict[str, str]) -> str:
    """What the service account answers to somebody in WeChat."""
    url = f"{house.place.sandbox}/test/wechat"
    told = httpx.post(url, json={"openid": OPENID, "fields": fields}, trust_env=False).json()
    assert told["problem"] == ""
    return str(told["answer"])


def heard(house: House) -> list[str]:
    """All that the account has said to them."""
    url = f"{house.place.sandbox}/test/wechat/{OPENID}"
    lines = httpx.get(url, trust_env=False).json()["lines"]
    return [each["text"] for each in lines if each["author"] == "account"]


def connect(house: House, talker: Talker) -> None:
    """Open the link in WeChat's browser, where WeChat says who that is, and agree."""
    asked = talker.client.get("/wechat/enter", follow_redirects=False).headers["Location"]
    talker.client.get(httpx.URL(asked).copy_add_param("openid", OPENID))
    assert "一个微信" in talker.press("/wechat/own")
