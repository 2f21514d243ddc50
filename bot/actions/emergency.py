"""Danger: what to do now and the hotline first of all, then the offer to report it, then a person.

Nothing here asks the portal, so it is said at once, to anybody, whatever else is down.
"""

import re

from rasa_sdk.events import EventType, SlotSet

from actions.drafting import new_draft
from actions.messages import Said
from actions.say import Turn
from actions.topic import Topic
from components.danger import EN_IN_SOCKET, EN_LIVE_METAL, IN_SOCKET, LIVE_METAL

DANGERS = {
    "life": r"呼吸机|制氧机|氧气机|吸氧|没氧|离不了氧|透析|吸痰|保温箱|重症|icu|插着管"
    r"|手术|活不了|出人命|喘不[上过]|透不过气"
    r"|ventilator|oxygen|dialysis|life support|breathing machine|operation",
    "shock": r"触电|触店|中电|电到|被电|电打|电死|(?<!停)(?<!没)电人"
    r"|(?<!没有)(?<![停断来没])电了.{0,3}[人我他她]"
    r"|电击|麻(?:了|手|到|人|的|过)|发麻|漏电|带电|有电.{0,3}别|走电|咬人"
    r"|(?<![树刮杆])(?:倒|躺|趴).{0,12}(?:线|电|不动)|线.{0,6}(?:躺|趴)|不动了"
    r"|不动弹|叫不醒|手抽|捅.{0,2}插座|[摸抓咬舔].{0,4}(?:电线|线头|裸线|插座|插孔)"
    rf"|{IN_SOCKET}|{LIVE_METAL}|{EN_IN_SOCKET}|{EN_LIVE_METAL}"
    r"|electrocut|electric shock|\bshock|zap(?:s|ped)\b|tingl|isn't moving"
    r"|(?<!tree )(?<!branch )\b(?:touched|grabbed|bit|holding) (?:(?:an?|the|some) )?"
    r"(?:(?:live|bare|exposed) )?(?:wires?|cables?)\b",
    "gas": r"(?:燃气|煤气|天然气|液化气).{0,8}(?:味|漏|泄|臭)|gas (?:leak|smell)"
    r"|smell\w* .{0,6}gas",
    "wire": r"(?:电?线|电缆|杆子?|电杆|铁塔).{0,12}"
    r"(?:掉|断|垂|搭|落|耷拉|挂|歪|倒|裂|刮|绷|压|露|扯|不到两米)"
    r"|(?:断|掉|垂|刮|扯|碰到?|挨|缠).{0,6}(?:电?线|电缆|电杆)"
    r"|(?:wires?|line|cable|pole)\b.{0,30}(?:down|fall|fell|lying|hang|sag|broke|snap|lean)"
    r"|(?:fallen|broken|live|hanging|downed|sagging) (?:wire|line|cable)",
    "fire": r"火(?!花|星)|爆|炸|烟|糊味|焦|烧|着了|着咧|着货|烫|味道呛|冒咽|🔥|fire"
    r"|smok|burn|explo|flash|plastic",
    "water": r"水淹|淹了|被淹|进水|泡在|泡水|漏水|滴水|积水|喷到|洪水|水漫|flood|water",
    "sparks": r"火花|火星|打火|冒火|噼里?啪|滋滋|滋啦|放电|弧光|放炮|spark|arcing|crackl",
    "trespass": r"变电站|变压器|变电箱|铁塔|电线杆|电杆|高压线|substation|transformer|pylon",
}
"""Dangers by their words, the one whose instruction saves a life first standing first."""

_WORDS = {danger: re.compile(words, re.IGNORECASE) for danger, words in DANGERS.items()}


def danger_of(text: str) -> str:
    """Which danger is told of; `general` when the words do not say."""
    return next((danger for danger, words in _WORDS.items() if words.search(text)), "general")


class Emergency(Topic):
    """Says what to do now; the report that the form then offers begins here."""

    def name(self) -> str:
        return "action_emergency"

    async def act(self, turn: Turn) -> list[EventType]:
        said = Said.now(turn)
        turn.say(f"utter_emergency_{danger_of(said.typed)}")
        draft = new_draft("outage_repair") | {"urgent": True, "said": vars(said)}
        return [SlotSet("draft", draft), SlotSet("answer", None)]
