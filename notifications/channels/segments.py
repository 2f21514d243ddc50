"""How many messages the networks make of a text, and what they cost.

A text of up to 70 characters is one message; a longer one is cut into pieces of 67, because each
then says which piece it is. All of it counts: the signature that the provider puts before it, the
words about opting out behind news, and both halves of a character outside the first plane, such
as an emoji (the networks send UTF-16).
"""

from decimal import ROUND_HALF_UP
from functools import cache

from notifications.settings import SmsCostSettings
from runtime.settings import load

WHOLE, PIECE = 70, 67
"""Characters of a message that stands alone, and of each of several."""


def on_the_phone(text: str, *, news: bool = False) -> str:
    """A text as it arrives: signed, and with the way out where it is news."""
    return f"【{_settings().sms_signature}】{text}{opt_out() if news else ''}"


def opt_out() -> str:
    """What stands behind news."""
    return _settings().sms_opt_out


def characters(text: str) -> int:
    """As the networks count them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str, *, news: bool = False) -> int:
    """Messages that a wording filled in takes, with all that is put around it."""
    count = characters(on_the_phone(text, news=news))
    return 1 if count <= WHOLE else -(-count // PIECE)


def cost_fen(count: int) -> int:
    """Fen that so many segments cost, half a fen up."""
    return int((_settings().sms_segment_fen * count).to_integral_value(ROUND_HALF_UP))


@cache
def _settings() -> SmsCostSettings:
    """Read once: it is asked for every message that is sent."""
    return load(SmsCostSettings)
