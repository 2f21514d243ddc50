"""What somebody says of the notices they get: which, by which way, at which hours, on or off."""

import re
from typing import Any

from periods.holidays import HOLIDAY
from periods.spelling import in_digits, spell

Wish = dict[str, Any]
"""As the portal takes it: `topics`, `channels`, `on`, `first`, `quiet_from`, `quiet_until`."""

HOUR = "hour"
"""In a wish: that there be nothing at night, without a word from when."""

TOPICS = {
    "news": (
        r"活动|优惠|广告|推广|营销|宣传|新服务|"
        r"\bnews\b|\bads?\b|advert|\boffers?\b|promotion|marketing"
    ),
    "reminder": (
        r"催|欠费|到期|逾期|截止|(?:提醒|通知|告诉|喊).{0,6}[缴交]|[缴交]费(?:的)?(?:提醒|通知)|"
        r"电费(?:的)?(?:提醒|通知)|(?<!have )\bdue\b|overdue|arrears|remind.{0,12}\bpay\b"
    ),
    "bill": r"账单|帐单|电费单|出账|出帐|\bbills?\b",
    "outage": r"停电|检修|来电|复电|恢复供电|outage|power cut|maintenance|blackout",
    "payment": r"到账|[缴交]费|付款|扣款|自动[缴扣]|\bpayments?\b|receipt",
    "usage": r"用电|用量|电量|阶梯|日报|\busage\b|consumption",
    "request": r"办事|进度|工单|报修|\brequests?\b|appointment",
    "security": r"登录|安全|security|sign.?in|log.?in",
}
CHANNELS = {
    "sms": r"短信|简讯|\bsms\b|\btexts?\b|\btexting\b",
    "wechat": r"微信|we ?chat",
    "mail": r"邮件|邮箱|\be-?mails?\b",
    "voice": r"电话|语音|\bcall(?:s|ing)?\b|\bphone\b",
    "push": r"\bapp\b|弹窗|浏览器|设备提醒|\bpush\b",
}
_TOPICS = {name: re.compile(words, re.I) for name, words in TOPICS.items()}
_CHANNELS = {name: re.compile(words, re.I) for name, words in CHANNELS.items()}
_SEVERAL = re.compile(r"和|跟|以及|还有|、|\band\b|\bor\b|&", re.IGNORECASE)
_NO = (
    r"不要|不用|不想|不必|不收|不再|看不[见清懂]|别|甭|莫|关|取消|停掉|停了|退订|唔好|"
    r"\bno\b|n't\b|\bstop\b|\bnot\b|instead of|rather than|\bfrom\b|without|turn off|\bquit\b"
)
_CLAUSE = r"[^，,。；;！!]"
_AFTER = r"(?:[^，,。；;！!]{0,5}?(?:不要|不用|别|关|取消|停|不收)|[^，,。；;！!]{0,8}?\boff\b)"
_SHOW = re.compile(
    r"哪些|哪几|什么(?:提醒|通知|消息)|开着|怎么设的|设了|看看|看一?下|查一?下|"
    r"\bwhat\b|\bwhich\b|\bam i\b|\blist\b|\bshow\b",
    re.IGNORECASE,
)
_MOVE = re.compile(
    r"改成|改为|改用|改发|换成|换到|换用|切换|只[发用走]|都走|先[发用]|优先|"
    r"\binstead\b|switch|\bonly\b|\buse\b|\bfirst\b|prefer|rather",
    re.IGNORECASE,
)
OFF = re.compile(
    r"关|取消|停掉|停了|不要|不想|不用|不必|不收|别|甭|莫|退订|少发|烦死|唔好|不再|"
    r"\boff\b|\bstop\b|unsubscribe|disable|\bno\b|n't\b|\bcancel\b|\bquit\b",
    re.IGNORECASE,
)
ON = re.compile(
    r"开|订阅|提醒|通知|告诉|设|改|发给?我|要|恢复|喊我|"
    r"\bon\b|remind|notify|\btell\b|alert|enable|\bset\b|let me know|"
    r"\bsend\b|\btext me\b|e-?mail me",
    re.IGNORECASE,
)
_ALL_ON = re.compile(r"开|订阅|恢复|\bon\b|enable|subscribe", re.IGNORECASE)
_NIGHT = re.compile(
    r"晚上|夜里|夜间|半夜|深夜|大半夜|晚间|太晚|睡|免打扰|不打扰|勿扰|\bnight\b|evening|\bquiet\b|"
    r"do not disturb|\blate\b",
    re.IGNORECASE,
)
_QUIET = re.compile(r"免打扰|不打扰|勿扰|\bquiet\b|do not disturb", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?P<early>早上?|上午|清早|清晨|before|until|till)?[^\d]{0,4}?(?P<hour>\d{1,2})(?:[:：点](?P<half>半|30)?|時|时|"
    r" ?o'clock| ?(?:am|pm)\b|(?= (?:in the|at night)))[^，,。]{0,2}?(?P<before>以前|之前|前)?",
    re.IGNORECASE,
)
_EARLY = re.compile(r"凌晨|中午|\bam\b|\bnoon\b", re.IGNORECASE)
_AFTER_HOUR = re.compile(r"\bafter (?P<hour>\d{1,2})\b", re.IGNORECASE)


def wish_of(text: str) -> Wish:
    """What is wished; empty where only what is set is asked for, or nothing can be told."""
    if hours := hours_of(text):
        return hours
    if _SHOW.search(text):
        return {}
    denied, wanted = _ways(text)
    on = _on(text, denied)
    if on is None:
        return {}
    wish: Wish = {"topics": topics_of(text), "on": on, "channels": denied or wanted}
    if on and not (wish["topics"] or wanted or _ALL_ON.search(text)):
        return {}
    if wanted and (_MOVE.search(text) or denied):
        wish |= {"first": wanted[0], "on": False if denied else None, "channels": denied}
    return {name: value for name, value in wish.items() if value not in (None, [])}


def topics_of(text: str) -> list[str]:
    """The topics that are named, one unless several stand in a row."""
    found = [name for name, words in _TOPICS.items() if words.search(text)]
    return found if _SEVERAL.search(text) else found[:1]


def hours_of(text: str) -> Wish:
    """Hours without notices, or that there shall be some; empty where it is about another thing."""
    plain = in_digits(spell(text), HOLIDAY)
    found = _CLOCK.search(plain) or _AFTER_HOUR.search(plain)
    is_about_hours = found or _NIGHT.search(plain)
    if not is_about_hours or not (OFF.search(plain) or _QUIET.search(plain)):
        return {}
    if found is None:
        return {HOUR: True}
    said = found.groupdict()
    if said.get("early") or said.get("before"):
        return {"quiet_until": _clock(said, is_late=False)}
    return {"quiet_from": _clock(said, is_late=not _EARLY.search(plain))}


def _clock(said: dict[str, str | None], *, is_late: bool) -> str:
    hour = int(said["hour"] or 0)
    hour += 12 if is_late and hour <= 12 else 0
    return f"{hour % 24:02}:{'30' if said.get('half') else '00'}"


def _ways(text: str) -> tuple[list[str], list[str]]:
    """The channels that are not wanted, and the others that are named, in the order of words."""
    found = {name: words.search(text) for name, words in _CHANNELS.items()}
    places = {name: place.start() for name, place in found.items() if place}
    denied = [name for name in places if _is_denied(text, name)]
    return denied, sorted(places.keys() - set(denied), key=places.__getitem__)


def _is_denied(text: str, channel: str) -> bool:
    words = CHANNELS[channel]
    others = "|".join(each for name, each in CHANNELS.items() if name != channel)
    before = rf"(?:{_NO})(?:(?!{others}|改|换){_CLAUSE}){{0,12}}(?:{words})"
    return bool(re.search(rf"{before}|(?:{words}){_AFTER}", text, re.IGNORECASE))


def _on(text: str, denied: list[str]) -> bool | None:
    if denied or OFF.search(text):
        return False
    return True if ON.search(text) or _MOVE.search(text) else None
