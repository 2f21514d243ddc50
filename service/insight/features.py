"""What is known of an account on a day, as numbers, before its bill is paid or not.

Everything here is how bills were paid and how much was used. Nothing is here of who somebody is:
no age and no sex, and nothing that stands for them, such as large print, a low income, the number
of people in a household, a name or an address. A test holds the list.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from service.insight.history import History, Numbers, Whole, civil_days

LAST, LATELY = 12, 3
"""So many bills back is looked, and so many of them are lately."""

MOST_DAYS, MOST_MARGIN, MOST_COUNT, MOST_CHANGE = 365, 30, 3, 1.0
YEAR_SECONDS = 365 * 86400.0

FEATURES = (
    "late_share",  # log odds of a late bill among the last twelve, four tenths of four bills added
    "late_lately",  # share of late bills among the last three
    "late_last",  # 1 when the last bill was late
    "days_late",  # logarithm of the days in the mean that the late ones of them were late
    "unpaid",  # bills past their due date that are not paid, at most three
    "margin",  # days before the due date in the mean, of bills that were paid in time
    "reversals",  # payments taken back within a year, at most three
    "debit",  # share of the paid bills that the customer's bank paid by itself
    "use_year",  # logarithm of the bill's use over that of a year before, within ±1
    "use_lately",  # the same over the mean of the three months before
    "summer",  # 1 for the bills of July to September
    "winter",  # 1 for the bills of December to February
    "new",  # 1 / (1 + bills known)
)

SUMMER, WINTER = (6, 7, 8), (11, 0, 1)
"""Months counted from 0."""


@dataclass(frozen=True)
class Samples:
    """Accounts and the instants at which they are looked at.

    `end` is the place behind the last bill that is before the one in question; `bill` is the
    place of that one, -1 while it is not issued.
    """

    account: Whole
    at: Numbers
    end: Whole
    bill: Whole

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """Some of them."""
        return replace(
            self,
            account=self.account[kept],
            at=self.at[kept],
            end=self.end[kept],
            bill=self.bill[kept],
        )


@dataclass(frozen=True)
class Known:
    """Of each sample the numbers of FEATURES, a column each (nan: not known), and plain figures.

    `bills`, `late` and `days` are the known bills of the last twelve, the late ones of them and
    the sum of the days they were late.
    """

    features: Numbers
    bills: Whole
    late: Whole
    days: Numbers


def of_every_bill(history: History) -> Samples:
    """Each bill on the day it was issued."""
    places = np.arange(len(history.account))
    return Samples(history.account, history.issued_at, places, places)


def of_next_bill(history: History, at: float) -> Samples:
    """Each account at an instant: the newest bill, while it is neither paid nor due, or the next.

    `history` ends at that instant: later bills are not in it.
    """
    starts = history.starts
    first, ends = starts[:-1], starts[1:]
    last = ends - 1
    waits = (ends > first) & _waiting(history, at)[np.maximum(last, 0)] if len(last) else last > 0
    bill = np.where(waits, last, -1)
    return Samples(
        np.arange(len(first)), np.full(len(first), at), np.where(waits, last, ends), bill
    )


def _waiting(history: History, at: float) -> NDArray[np.bool_]:
    if not len(history.account):
        return np.zeros(1, np.bool_)
    today = civil_days(np.array([at]))[0]
    replaced = history.replaced_at <= at
    waiting: NDArray[np.bool_] = (history.settled_at > at) & (history.due >= today) & ~replaced
    return waiting


def known(history: History, samples: Samples) -> Known:
    """What was known at the instant of each sample, and nothing of what came later."""
    past = _Past(history, samples)
    columns = {
        "late_share": np.log((past.late + 0.4) / (past.bills - past.late + 3.6)),
        "late_lately": past.late_lately / np.maximum(past.lately, 1),
        "late_last": past.late_last,
        "days_late": _mean_log(past.days, past.late),
        "unpaid": np.minimum(past.unpaid, MOST_COUNT),
        "margin": _mean(past.margin, past.in_time),
        "reversals": np.minimum(_reversals(history, samples), MOST_COUNT),
        "debit": _mean(past.debit, past.paid),
        "use_year": _use(history, samples, (12,)),
        "use_lately": _use(history, samples, (1, 2, 3)),
        "summer": np.isin(_month(history, samples) % 12, SUMMER),
        "winter": np.isin(_month(history, samples) % 12, WINTER),
        "new": 1 / (1 + past.bills),
    }
    features = np.column_stack([columns[name].astype(np.float64) for name in FEATURES])
    return Known(features, past.bills, past.late, past.days)


class _Past:
    """Sums over the last bills before each sample that were decided by then."""

    def __init__(self, history: History, samples: Samples) -> None:
        size = len(samples.account)
        self.bills, self.late, self.lately = (np.zeros(size, np.int64) for _ in range(3))
        self.late_lately, self.late_last = np.zeros(size), np.zeros(size)
        self.days, self.margin, self.debit = (np.zeros(size) for _ in range(3))
        self.in_time, self.paid, self.unpaid = (np.zeros(size, np.int64) for _ in range(3))
        if len(history.account):
            today = civil_days(samples.at)
            first = history.starts[samples.account]
            for back in range(1, LAST + 1):
                self._add(history, samples.end - back, first, samples.at, today)

    def _add(
        self, history: History, places: Whole, first: Whole, at: Numbers, today: Whole
    ) -> None:
        """The bills so many places before: what each says, if it is there and decided."""
        there = places >= first
        bill = np.maximum(places, 0)
        stands = there & (history.issued_at[bill] <= at) & (history.replaced_at[bill] > at)
        paid = stands & (history.settled_at[bill] <= at)
        day = np.where(paid, history.settled_day[bill], today)
        over = np.where(stands, day - history.due[bill], 0)
        late = stands & (over > 0)
        decided = paid | late
        self.late_last += late & (self.bills == 0)
        self.late_lately += late & (self.bills < LATELY)
        self.lately += decided & (self.bills < LATELY)
        self.bills += decided
        self.late += late
        self.unpaid += late & ~paid
        self.days += np.clip(over, 0, MOST_DAYS) * decided
        in_time = paid & ~late
        self.margin += np.clip(-over, 0, MOST_MARGIN) * in_time
        self.in_time += in_time
        self.debit += paid & history.debit[bill]
        self.paid += paid


def _mean(sums: Numbers, counts: Whole) -> Numbers:
    """Not known where there is nothing to take the mean of."""
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _mean_log(sums: Numbers, counts: Whole) -> Numbers:
    """The logarithm of the mean."""
    return np.log(np.maximum(_mean(sums, counts), 1.0))


def _reversals(history: History, samples: Samples) -> Whole:
    """Payments of the year before that were taken back."""
    account, at = history.reversals
    spread = 4 * 10**9  # more seconds than Unix time has so far, so that accounts stand apart
    keys = account * spread + at.astype(np.int64)
    base = samples.account * spread
    until = np.searchsorted(keys, base + np.floor(samples.at).astype(np.int64), "right")
    since = base + np.floor(samples.at - YEAR_SECONDS).astype(np.int64)
    counts: Whole = until - np.searchsorted(keys, since, "right")
    return counts


def _month(history: History, samples: Samples) -> Whole:
    """The month of the bill in question: its own, or the one after the last bill's."""
    if not len(history.account):
        return np.full(len(samples.account), 3)  # neither summer nor winter
    last = history.month[np.maximum(samples.end - 1, 0)] + 1
    return np.where(samples.bill >= 0, history.month[np.maximum(samples.bill, 0)], last)


def _use(history: History, samples: Samples, months: tuple[int, ...]) -> Numbers:
    """The change of the bill's use against the mean of some months before, where all is known."""
    found = np.full(len(samples.account), np.nan)
    has = samples.bill >= 0
    if not has.any():
        return found
    bill, at = samples.bill[has], samples.at[has]
    order = np.lexsort((history.issued_at, history.month, history.point))
    keys = (history.point * 10**6 + history.month)[order]
    wanted = history.point[bill] * 10**6 + history.month[bill]
    usual = np.mean([_wh_of(history, keys, order, wanted - back, at) for back in months], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(history.wh[bill] / usual)
    plain = np.isfinite(change)
    bounded = np.clip(np.where(plain, change, 0), -MOST_CHANGE, MOST_CHANGE)
    found[has] = np.where(plain, bounded, np.nan)
    return found


def _wh_of(history: History, keys: Whole, order: Whole, wanted: Whole, at: Numbers) -> Numbers:
    """The Wh of a place and month by the newest of its bills at that instant; else not known."""
    place = np.searchsorted(keys, wanted, "right") - 1
    for _revision in range(4):
        later = (place >= 0) & (keys[place] == wanted) & (history.issued_at[order[place]] > at)
        place = place - later
    fits = (place >= 0) & (keys[place] == wanted) & (history.issued_at[order[place]] <= at)
    return np.where(fits, history.wh[order[place]], np.nan)
