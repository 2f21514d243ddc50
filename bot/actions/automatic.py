"""Automatic paying, which is agreed to on a page of its own; here it is only led to."""

import re

from actions.messages import Said
from actions.say import Turn

_AUTOMATIC = re.compile(
    r"自动.{0,2}[缴交扣付划续]|代扣|委托扣款|auto ?pay|"
    r"automatic(?:ally)? ?(?:pay|debit|deduct)|(?:pay|debit|deduct)\w* automatically|direct debit",
    re.IGNORECASE,
)
_BY_HAND = re.compile(
    r"(?:不用|不要|不想|不开|别|不是).{0,4}(?:自动|代扣)|(?:代扣|自动.{1,3})(?:就|也)?不(?:用|要|开)|手动|"
    r"失败|[没未](?:有|能)?(?:扣|交|缴|成)|扣不|\bfail|"
    r"(?:not|n't|no) .{0,12}(?:auto|direct debit)",
    re.IGNORECASE,
)


def leads_to_automatic(turn: Turn, said: Said) -> bool:
    """Whether automatic paying was asked for; the page where it is agreed to is shown then."""
    if not _AUTOMATIC.search(said.typed) or _BY_HAND.search(said.typed):
        return False
    turn.say("utter_pay_automatic")
    turn.card("link", to="agreements")
    return True
