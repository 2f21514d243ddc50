"""When use is worth a word, as data (`rules.yaml`)."""

from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec


class Unusual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day that stands out: `times` the median and `more_kwh` above it."""

    times: float
    more_kwh: int
    least_days: int
    oldest_days: int


class TierRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier that ends: its used share, or the days until the next begins."""

    used_share: Decimal
    days_left: int


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    unusual: Unusual
    tier: TierRule


@cache
def rules() -> Rules:
    """The rules of this installation. Raises msgspec.ValidationError."""
    source = files("service.usage_watch").joinpath("rules.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=Rules)
