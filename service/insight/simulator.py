"""Households with known habits: what can be learned from their bills at best is known too.

Each household has one of four habits for ever, which nobody sees. A bill is late with a
probability that follows from the habit, from how far the use stands above that of a year ago, from
the season and from whether the bill before was late. So there are two bounds: the probability
itself, and the best that can be said without knowing the habit, by Bayes' rule from all that the
bills have shown.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from math import erf, sqrt

import numpy as np

from runtime import clock
from service.insight.history import History, Numbers, Whole, day_number, seconds
from service.insight.measuring import Outcomes
from service.insight.scoring import sigmoid

SEED = 20261031
FIRST_MONTH = 2023 * 12 + 6
ISSUE_DAY, DUE_DAYS, MOST_LATE = 3, 15, 14
"""Bills go out on the third. Whoever is late pays within two weeks, before the next one."""


@dataclass(frozen=True)
class Habit:
    """How a household pays. `log_odds` of being late are those of a plain month.

    Whoever is late pays after `days_late` in the mean; whoever is in time pays `margin` days
    before the due date in the mean, with the spread of four days.
    """

    share: float
    log_odds: float
    surprise: float
    winter: float
    again: float
    days_late: float
    margin: float


HABITS = (
    Habit(share=0.58, log_odds=-4.0, surprise=0.3, winter=0.0, again=0.3, days_late=2, margin=9),
    Habit(share=0.24, log_odds=-1.5, surprise=0.4, winter=0.2, again=0.4, days_late=4, margin=7),
    Habit(share=0.10, log_odds=0.1, surprise=1.6, winter=0.5, again=0.6, days_late=7, margin=5),
    Habit(share=0.08, log_odds=-5.5, surprise=0.0, winter=0.0, again=0.0, days_late=3, margin=12),
)
"""Prompt, forgetful, short of money, and by their bank."""

BY_BANK, SPREAD = 3, 4.0

_erf = np.vectorize(erf, otypes=[np.float64])


@dataclass(frozen=True)
class Simulated:
    """Bills as the copy would have them, and what is true of each.

    `truth` is the probability with which a bill was late, `best` what Bayes' rule says without
    knowing the habit; both in the order of the history's bills.
    """

    history: History
    truth: Numbers
    best: Numbers


def simulate(households: int, months: int, seed: int = SEED) -> Simulated:
    """The bills of so many households over so many months; the same for the same seed."""
    luck = np.random.default_rng(seed)
    habit = luck.choice(len(HABITS), households, p=[each.share for each in HABITS])
    wh = _use(luck, households, months)
    surprise = _surprise(wh)
    belief = np.tile(np.log([each.share for each in HABITS]), (households, 1))
    late = np.zeros((households, months), np.bool_)
    day, truth, best = (np.zeros((households, months)) for _ in range(3))
    for month in range(months):
        before = late[:, month - 1] if month else np.zeros(households, np.bool_)
        odds = _log_odds(surprise[:, month], month, before)
        chances = sigmoid(odds)
        truth[:, month] = chances[np.arange(households), habit]
        best[:, month] = (_share(belief) * chances).sum(axis=1)
        late[:, month] = luck.random(households) < truth[:, month]
        day[:, month] = _day(luck, habit, late[:, month])
        belief += _told(chances, late[:, month], day[:, month])
    return Simulated(_history(habit, wh, day), truth.ravel(), best.ravel())


def _use(luck: np.random.Generator, households: int, months: int) -> Numbers:
    """Wh of each month: a household's own level and summer, and the chance of a month."""
    level = luck.lognormal(12.3, 0.4, (households, 1))
    summer = luck.uniform(0.0, 0.8, (households, 1))
    season = np.cos(2 * np.pi * ((FIRST_MONTH + np.arange(months)) % 12 - 7) / 12)
    chance = luck.normal(0.0, 0.25, (households, months))
    used: Numbers = np.round(level * np.exp(summer * season + chance))
    return used


def _surprise(wh: Numbers) -> Numbers:
    """The logarithm of a month's use over that of a year before, within ±1; 0 in the first year."""
    change = np.zeros_like(wh)
    change[:, 12:] = np.clip(np.log(wh[:, 12:] / wh[:, :-12]), -1, 1)
    return change


def _log_odds(surprise: Numbers, month: int, before: Outcomes) -> Numbers:
    """Of being late, of each household (a row) under each habit (a column)."""
    winter = (FIRST_MONTH + month) % 12 in (11, 0, 1)
    columns = [
        each.log_odds + each.surprise * surprise + each.winter * winter + each.again * before
        for each in HABITS
    ]
    return np.column_stack(columns)


def _day(luck: np.random.Generator, habit: Whole, late: Outcomes) -> Numbers:
    """Days after the due date on which a bill is paid; before it they are below 0."""
    days_late = np.array([each.days_late for each in HABITS], np.float64)[habit]
    margin = np.array([each.margin for each in HABITS], np.float64)[habit]
    after = np.clip(1 + np.floor(luck.exponential(days_late)), 1, MOST_LATE)
    before = np.clip(np.round(luck.normal(margin, SPREAD)), 0, DUE_DAYS - 1)
    return np.where(late, after, -before)


def _told(chances: Numbers, late: Outcomes, day: Numbers) -> Numbers:
    """What a paid bill says of each habit: the logarithm of its likelihood."""
    when = np.column_stack([_likelihood(each, late, day) for each in HABITS])
    happened = np.where(late[:, None], chances, 1 - chances)
    return np.log(happened) + np.log(np.maximum(when, 1e-12))


def _likelihood(habit: Habit, late: Outcomes, day: Numbers) -> Numbers:
    """Of the day on which a bill was paid, given whether it was late."""
    rate = 1 / habit.days_late
    tail = np.exp(-rate * (day - 1))
    after = np.where(day < MOST_LATE, tail * (1 - np.exp(-rate)), tail)
    low = np.where(-day > 0, (-day - 0.5 - habit.margin) / SPREAD, -np.inf)
    high = np.where(-day < DUE_DAYS - 1, (-day + 0.5 - habit.margin) / SPREAD, np.inf)
    return np.where(late, after, _normal(high) - _normal(low))


def _normal(values: Numbers) -> Numbers:
    """The distribution function of the normal distribution."""
    below: Numbers = (1 + _erf(values / sqrt(2))) / 2
    return below


def _share(belief: Numbers) -> Numbers:
    """The probability of each habit."""
    weights = np.exp(belief - belief.max(axis=1, keepdims=True))
    shares: Numbers = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _history(habit: Whole, wh: Numbers, day: Numbers) -> History:
    households, months = wh.shape
    issues = [_issue(month) for month in range(months)]
    due = np.array([day_number(each) + DUE_DAYS for each in issues])
    issued_at = np.array([seconds(clock.civil_midnight(each)) + 3600 for each in issues])
    paid_at = issued_at + 86400.0 * (DUE_DAYS + day) + 8 * 3600
    account = np.repeat(np.arange(households), months)
    return History(
        account_nos=tuple(f"{number:012d}" for number in range(households)),
        account=account,
        point=account,
        month=np.tile(FIRST_MONTH + np.arange(months), households),
        issued_at=np.tile(issued_at, households),
        due=np.tile(due, households),
        wh=wh.ravel(),
        settled_at=paid_at.ravel(),
        settled_day=(due + day).ravel(),
        debit=np.repeat(habit == BY_BANK, months),
        replaced_at=np.full(households * months, np.inf),
        reversals=(np.zeros(0, np.int64), np.zeros(0)),
    )


def _issue(month: int) -> date:
    """The day on which the bill of a month goes out: in the month after."""
    year, number = divmod(FIRST_MONTH + month, 12)
    return (date(year, number + 1, 1) + timedelta(days=31)).replace(day=ISSUE_DAY)
