"""What a message says of a payment: the sum, the way of paying, and what is to be changed."""

import re

from actions.amounts import meant_fen_of, paid_fen_of
from actions.answers import is_question
from actions.messages import QUESTIONS, Said

CHANNELS = {
    "wechat": re.compile(r"微信|威信|we ?chat|weixin|零钱", re.IGNORECASE),
    "alipay": re.compile(r"支付宝|支付保|花呗|ali ?pay|zhifubao|zfb", re.IGNORECASE),
    "unionpay": re.compile(
        r"银联|云闪付|银行卡|储蓄卡|信用卡|借记卡|"
        r"union ?pay|quick ?pass|bank ?card|(?:debit|credit) card",
        re.I,
    ),
}
CANONICAL = {"wechat": "wechat", "alipay": "alipay", "unionpay": "unionpay", "card": "unionpay"}
DENIED = re.compile(
    r"(?:不是|不用|不要|别用|不想用|没法用|\bnot\b|instead of)"
    r"[^，,。；;]*?(?=[，,。；;]|换|改|用|$)",
    re.IGNORECASE,
)
CORRECTS = re.compile(r"不是|改成|改为|改到|应该是|要的是|\bnot\b|instead|make it", re.IGNORECASE)
PARTS = {
    "amount": re.compile(r"金额|多少钱|数目|钱数|sum|amount|how much", re.IGNORECASE),
    "account": re.compile(r"户号|户头|账户|帐户|哪家|哪户|account", re.IGNORECASE),
    "channel": re.compile(r"方式|渠道|怎么付|channel|method", re.IGNORECASE),
}
WHOLE = re.compile(
    r"(?:全部?|都|统统|一次性?|一起)?(?:[交缴付结还补][清完齐])|全额|"
    r"欠的?(?:电费|钱)?(?:全部?|都)(?:[交缴付结还])?|欠多少[交缴付]多少|(?:全部|所有)欠\S{0,3}|"
    r"\bin full\b|full amount|\b(?:everything|all)(?: that)?(?: is| i)? owed?\b",
    re.IGNORECASE,
)
"""All that is owed, rather than a sum."""
PARTLY = re.compile(
    r"部分|[交缴付充存](?:个)?一[点些]|少[交缴付充存]一?[点些]|\b(?:part|some) of\b|\bpartly\b",
    re.IGNORECASE,
)
"""Not all that is owed, but a sum that is still to be said."""
ALL = re.compile(r"全|都|所有|\ball\b|everything", re.IGNORECASE)
"""The same, as the answer to how much."""
AS_IT_IS = "as_it_is"
"""What the button stands for that changes nothing."""
_UNCHANGED = re.compile(
    r"[不别](?:用|要|想|需要)?再?[改变换动]|没(?:什么|啥|有)?(?:要|可|好)?改|就?这样|就这么|照这|照旧|确认|"
    r"^没有?[了吧啊呀的。.\s]*$|"
    r"as it is|\bnothing\b|no changes?\b|keep it|don't change",
    re.IGNORECASE,
)


def picked_channel(said: Said) -> str | None:
    """The way of paying that was tapped, else the one that was named."""
    return said.chosen if said.chosen in CHANNELS else channel_of(said)


def channel_of(said: Said) -> str | None:
    """The way of paying that is meant: 不用支付宝，用微信 is WeChat."""
    text = DENIED.sub(" ", said.typed)
    found = [name for name, words in CHANNELS.items() if words.search(text)]
    if found:
        return found[-1]
    known = [CANONICAL[value] for value in said.values("pay_channel") if value in CANONICAL]
    return known[0] if known and not DENIED.search(said.typed) else None


def sum_of(said: Said) -> int | None:
    """A sum that was called one: marked as such, or with its unit."""
    marked = [each for each in said.values("amount") if len(each) > 1 or each.isdigit()]
    if len(marked) == 1 and not re.search(r"不是|\bnot\b", said.typed):
        return meant_fen_of(marked[0])
    rest = said.typed
    for period in said.values("period"):
        rest = rest.replace(period, " ")
    fen = meant_fen_of(rest, named=not marked and not CORRECTS.search(rest))
    return paid_fen_of(rest) if fen is None else fen


def typed_sum(said: Said) -> int | None:
    """The answer to how much: any number that stands alone, too."""
    if said.chosen:
        return int(said.chosen) if said.chosen.isdigit() else None
    if said.intent in QUESTIONS and is_question(said.typed):
        return None
    return sum_of(said) if said.values("amount") else meant_fen_of(said.typed)


def part_of(said: Said) -> str | None:
    """Which part of a payment is to be changed."""
    if said.chosen in PARTS:
        return said.chosen
    if is_question(said.typed):
        return None
    return next((part for part, words in PARTS.items() if words.search(said.typed)), None)


def is_unchanged(said: Said) -> bool:
    """Whether nothing is to be changed after all: a yes, 不改了, or its button."""
    return said.chosen == AS_IT_IS or said.is_yes or bool(_UNCHANGED.search(said.typed))
