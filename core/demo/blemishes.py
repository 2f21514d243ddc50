"""What goes wrong with the demo utility's readings: gaps, days that never came, a spike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.demo import people
from core.demo.roster import Supply, dice

GAPS_A_MONTH = 5
ABSENT_A_MONTH = 2
SPIKE_MONTH, SPIKE_DAY, SPIKE_SLOT, SPIKE_WH = 4, 17, 77, 9_300
NAMED_GAP_DAY, NAMED_GAP = 3, range(72, 80)
"""In the month that is not over, the named home lacks 18:00 to 20:00 of the third."""

Place = tuple[str, date]
"""Account number and day."""


@dataclass(frozen=True, slots=True)
class Blemish:
    """What a day lacks: quarter-hours, or all of it; or one that is far too high."""

    lost: range = range(0)
    absent: bool = False
    spike: bool = False


def blemishes(
    supplies: Sequence[Supply], first: date, *, history: bool, current: bool
) -> dict[Place, Blemish]:
    """What goes wrong in the month that begins on `first`, the same on every machine.

    Without a month of `history` nothing is lost, since nothing could be estimated.
    """
    found: dict[Place, Blemish] = {}
    if history:
        found |= _chance(supplies, first)
    found |= {
        (supply.account_no, first.replace(day=SPIKE_DAY)): Blemish(spike=True)
        for supply in supplies
        if supply.event == "spike" and first.month == SPIKE_MONTH
    }
    if current:
        place = (people.HOME.account_no, first.replace(day=NAMED_GAP_DAY))
        found[place] = Blemish(NAMED_GAP)
    return found


def _chance(supplies: Sequence[Supply], first: date) -> dict[Place, Blemish]:
    luck = dice("blemishes", first.isoformat())
    named = {person.account_no for person in people.PEOPLE}
    others = [supply for supply in supplies if supply.account_no not in named]
    found: dict[Place, Blemish] = {}
    if not others:
        return found
    for n in range(GAPS_A_MONTH + ABSENT_A_MONTH):
        account_no = others[int(luck.integers(len(others)))].account_no
        day = first + timedelta(days=int(luck.integers(4, 22)))
        start, length = int(luck.integers(20, 70)), int(luck.integers(3, 20))
        if n < GAPS_A_MONTH:
            found[account_no, day] = Blemish(range(start, start + length))
        else:
            found[account_no, day] = found[account_no, day + timedelta(days=1)] = Blemish(
                absent=True
            )
    return found
