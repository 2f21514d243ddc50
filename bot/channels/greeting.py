"""A greeting before a question: what is asked is understood without it."""

import re

LEAST = 4
"""Letters of a question."""

GREETS = frozenset({"greet", "bot_challenge", "nlu_fallback"})
"""What a message is taken for whose greeting hides its question."""

_GREETING = re.compile(
    r"(?:"
    r"喂|你们?好|您好|大家好|哈[喽啰罗]|嗨|在吗|在不在|在不(?=[\s，,])|有人(?:在?吗|在?[没冇]|在不在?)|"
    r"早(?:上好|安|啊)|(?:上午|中午|下午|晚上)好|请问(?:一?[下哈])?|我?想问(?:一?[下哈])?|打扰(?:一下|了)|"
    r"(?:这里?|那边|你们?)?是(?:不是)?(?:供电|电力|国网|电网)(?:局|所|公司)?的?(?:[不吗么吧呗噻啵]|(?=[\s，,]))|"
    r"师傅|同志|老师|客服|[啊呀哈哦诶欸哎](?=[\s，,你您喂我])|"
    r"\b(?:hi|hello|hey|there|good (?:morning|afternoon|evening|day)|excuse me|sir|madam)\b"
    r")[\s，,。.!！?？~～、：:]*",
    re.IGNORECASE,
)


def after_greeting(text: str) -> str:
    """What is said after a greeting; nothing where there is no greeting, or nothing after it."""
    rest, before = text.strip(), None
    while rest != before:
        before, rest = rest, rest[found.end() :] if (found := _GREETING.match(rest)) else rest
    return rest if rest != text.strip() and len(re.sub(r"\W", "", rest)) >= LEAST else ""
