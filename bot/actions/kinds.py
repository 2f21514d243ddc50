"""Which kind of request is meant: by the intent, and by words that say more than it does."""

import re

FAULT = "outage_repair"
OTHERWISE = "complaint"

KINDS = {
    "report_outage": FAULT,
    "emergency": FAULT,
    "new_connection": "new_connection",
    "increase_capacity": "increase_capacity",
    "transfer_account": "transfer",
    "meter_check": "meter_check",
    "pv_connection": "pv_connection",
    "ev_charger": "ev_charger",
    "dispute_bill": "dispute",
    "complaint": OTHERWISE,
    "human_handoff": "call_back",
}
"""What each wish asks for; everything else about a kind comes from the portal."""


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


FINER = {
    "new_connection": {
        "high_voltage_connection": _words(
            r"双电源|两路|高压|10 ?千伏|十千伏|专线|专变|high voltage|two sources"
        ),
        "temporary_supply": _words(r"临时.{0,4}电|临电|temporary"),
        "business_connection": _words(
            r"店|门面|铺|商用|餐馆|食堂|超市|驿站|作坊|厂|公司|单位|企业|办公|仓库|"
            r"\b(?:shop|store|cafe|restaurant|business|company|office|factory|workshop)\b"
        ),
    },
    "increase_capacity": {
        "decrease_capacity": _words(
            r"减容|降容|容量.{0,8}(?:[减降](?!少)|[调改]小)|(?:[减降]|[调改]小).{0,4}容|"
            r"\b(?:reduce|lower|decrease|less)\b.{0,16}\b(?:capacity|kw)\b"
        ),
    },
}
"""Kinds that are asked for with the intent of another kind, by that kind."""

NAMED = {
    "reading": _words(
        r"(?:自己|我来?|帮我|要|想)(?:自己)?(?:上?报|发|提供|填)(?:一?个|一下|个?电表的?|上?)*"
        r"(?:读数|表数|示数)|^(?:上?报|发)(?:一?个|一下|个?电表的?)*(?:读数|表数|示数)|抄表.{0,8}自己报|"
        r"\b(?:send|submit|give|report)\b.{0,12}\breadings?\b"
    ),
    "resumption": _words(
        r"(?:申请|办理?个?|要|想|帮我)(?:恢复用电|复电)|报停.{0,8}恢复|"
        r"\bresume\b.{0,12}\b(?:power|supply|electricity)\b"
    ),
    "suspension": _words(
        r"报停(?!电|了|的|过|后|期|之)|暂停用电|暂停供电|(?:办理?个?|申请|先)暂停(?!服务)|"
        r"\bsuspend\b.{0,12}\b(?:power|supply|electricity|account)\b"
    ),
    "suggestion": _words(
        r"(?<!给我)(?<!帮我)提[个条点些]?建议|我有一?[个条点些]?建议|给你们一?[个条点些]?建议|^建议你们|"
        r"\bi have a suggestion\b|\bmake a suggestion\b"
    ),
}
"""Kinds that no intent asks for, by words that leave no doubt."""

_OTHER = _words(
    r"对不上|不对|错|不准|自动|代扣|扣款|提醒|短信|什么时候|不想|别|退|多收|仍|还在|已.{0,8}(?:暂停|报停)|"
    r"\b(?:wrong|autopay|reminder|when)\b"
)
"""Signs of another matter."""


def named(text: str) -> str | None:
    """The kind that these words ask for, and no intent does."""
    if _OTHER.search(text):
        return None
    return next((kind for kind, words in NAMED.items() if words.search(text)), None)


def kind_of(intent: str, typed: str, chosen: str | None = None) -> str:
    """The kind that a wish means, or the button that was tapped."""
    if chosen:
        return KINDS.get(chosen, chosen)
    kind = KINDS.get(intent, OTHERWISE)
    finer = FINER.get(kind, {})
    if kind == OTHERWISE and (other := named(typed)):
        return other
    return next((each for each, words in finer.items() if words.search(typed)), kind)


def intents_of(kind: str | None) -> frozenset[str]:
    """The intents that ask for a kind; none where words alone do."""
    of = next((each for each, finer in FINER.items() if kind in finer), kind)
    return frozenset(intent for intent, wanted in KINDS.items() if wanted == of)
