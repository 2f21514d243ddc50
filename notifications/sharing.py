"""How a load is shared between providers that both work: by what they did of late.

Pure: what each did comes in (`Seen`), how many each shall take goes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 0.05
"""Of the weight of the best: so much is left to the worst, or nobody would see it recover."""
DOUBT = 20
"""So many that went well are counted for each: one failure in the night decides nothing."""
SLOW_SECONDS = 60.0
"""A provider that takes so long to deliver has half the weight of one that takes no time."""


@dataclass(frozen=True)
class Seen:
    """What a provider did in the last minutes; `seconds` are those of all deliveries together."""

    sent: int = 0
    failed: int = 0
    delivered: int = 0
    undelivered: int = 0
    seconds: float = 0.0


def weight(seen: Seen) -> float:
    """How much a provider deserves, above 0 and up to 1."""
    handing = (seen.sent + DOUBT) / (seen.sent + seen.failed + DOUBT)
    arriving = (seen.delivered + DOUBT) / (seen.delivered + seen.undelivered + DOUBT)
    pace = SLOW_SECONDS / (SLOW_SECONDS + seen.seconds / max(seen.delivered, 1))
    return (handing * arriving) ** 2 * pace


def share(count: int, seen: Mapping[str, Seen], room: Mapping[str, int]) -> dict[str, int]:
    """Of `count` messages so many for each, never more than its `room`.

    What one has no room for goes to the others. A single one goes to the best.
    """
    left = {name: most for name, most in room.items() if most > 0}
    told: dict[str, int] = {}
    while left and sum(told.values()) < count:
        rest = count - sum(told.values())
        for name, more in _parted(rest, {name: weight(seen[name]) for name in left}).items():
            told[name] = told.get(name, 0) + min(more, left[name])
        left = {name: most for name in left if (most := room[name] - told.get(name, 0)) > 0}
    return {name: number for name, number in told.items() if number}


def _parted(count: int, weights: Mapping[str, float]) -> dict[str, int]:
    """`count` in proportion to the weights, to the last one (largest remainder)."""
    best = max(weights.values())
    weights = {name: max(own, LEAST * best) for name, own in weights.items()}
    whole = sum(weights.values())
    exact = {name: count * own / whole for name, own in weights.items()}
    parts = {name: int(own) for name, own in exact.items()}
    order = sorted(exact, key=lambda name: (parts[name] - exact[name], -weights[name], name))
    for name in order[: count - sum(parts.values())]:
        parts[name] += 1
    return parts
