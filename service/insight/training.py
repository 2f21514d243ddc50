"""Learning from the copy's own bills: the earlier ones teach, the latest ones test.

What counts as learned must beat plain counting on bills that it has not seen; else counting
stays.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, literal, select, text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.insight import features, history, learning, scoring
from service.insight.features import LAST
from service.insight.history import EPOCH, History, Numbers, day_number
from service.insight.learning import Learned
from service.insight.measuring import Measured, measure
from service.insight.models import LateModel
from service.insight.rules import Learning, Rules
from service.insight.scoring import Model
from service.models import Account, Bill

MONTH = timedelta(days=31)
BEFORE = MONTH * (LAST + 1)
"""How far before a bill is read what is to be known of it: a year, and the month it is for."""


@dataclass(frozen=True)
class Trained:
    """A model with what it was learned from, and how it did; None where that is not known.

    `others` are the probabilities that were compared on the same bills, by name.
    """

    model: Model
    learned: Learned
    measured: Measured | None = None
    others: tuple[tuple[str, Measured], ...] = ()


def due_for_training(session: Session, rules: Learning) -> bool:
    """Whether there is no model yet, or an old one and enough new bills since."""
    newest = newest_model(session)
    if newest is None:
        return True
    if clock.now() - newest.trained_at < timedelta(days=rules.days):
        return False
    return _enough_since(session, newest.last_due, rules)


def newest_model(session: Session) -> LateModel | None:
    """The model in force."""
    return session.scalars(select(LateModel).order_by(LateModel.model_no.desc()).limit(1)).first()


def train(database: Database, rules: Rules) -> int:
    """Learn from the copy as it is and keep the numbers; returns the number of the model."""
    trained = best_of(gather(database, rules), rules.learning)
    with database.unit_of_work() as session:
        row = _row(trained)
        session.add(row)
        session.flush()
        return row.model_no


def gather(database: Database, rules: Rules) -> Learned:
    """What was known of each decided bill on the day of its issue, read by pieces of accounts."""
    since = clock.today() - MONTH * rules.learning.months
    parts = []
    for piece in _pieces(database, rules, since):
        with database.reading() as session:
            found = history.read(session, piece, since - BEFORE, rules.debit_channels)
        parts.append(decided(found, since, clock.today(), rules.learning.settles_days))
    return learning.joined(parts)


def decided(found: History, since: date, today: date, settles_days: int) -> Learned:
    """The bills issued since a day of which it is known today whether they were paid in time.

    A bill that a corrected one replaced before it was due has nothing to say.
    """
    samples = features.of_every_bill(found)
    first, last = day_number(since), day_number(today) - settles_days
    replaced = history.civil_days(np.where(np.isinf(found.replaced_at), 4e9, found.replaced_at))
    kept = (
        (history.civil_days(found.issued_at) >= first) & (found.due < last) & (replaced > found.due)
    )
    chosen = samples.only(kept)
    return Learned(features.known(found, chosen), found.late[kept], found.due[kept])


def best_of(learned: Learned, rules: Learning, *, compare: bool = False) -> Trained:
    """The model that holds: learned where there is enough to learn from and it beats counting.

    The model that is kept has learned from all bills; what is said of it was measured on one that
    had not seen the latest. `compare` measures gradient boosting beside it.
    """
    counted = learning.counting(
        learned.late, supposed=rules.supposed, prior_bills=rules.prior_bills
    )
    earlier, latest = learned.parted(rules.test_days)
    if not _enough(earlier, latest, rules):
        return Trained(counted, learned)
    base = learning.counting(earlier.late, supposed=rules.supposed, prior_bills=rules.prior_bills)
    chances = {
        "logistic": scoring.probabilities(learning.logistic(earlier), latest.known),
        "counted": scoring.probabilities(base, latest.known),
    }
    if compare:
        chances["boosted"] = learning.boosted(earlier, latest.known)
    measured = _measured(chances, latest)
    if measured["logistic"].brier >= measured["counted"].brier:
        return Trained(counted, learned, measured["counted"], tuple(measured.items()))
    return Trained(
        learning.logistic(learned), learned, measured["logistic"], tuple(measured.items())
    )


def _measured(chances: dict[str, Numbers], latest: Learned) -> dict[str, Measured]:
    return {name: measure(each, latest.late) for name, each in chances.items()}


def _enough(earlier: Learned, latest: Learned, rules: Learning) -> bool:
    return (
        len(earlier.late) >= rules.least_bills
        and int(earlier.late.sum()) >= rules.least_late
        and len(latest.late) >= rules.least_tested
        and int(latest.late.sum()) >= rules.least_tested_late
        and not latest.late.all()
    )


def _row(trained: Trained) -> LateModel:
    due = trained.learned.due
    return LateModel(
        method=trained.model.method,
        trained_at=clock.now(),
        bills=len(due),
        late=int(trained.learned.late.sum()),
        first_due=_day(due.min()) if len(due) else None,
        last_due=_day(due.max()) if len(due) else None,
        numbers=trained.model.as_json(),
        metrics=trained.measured.as_json() if trained.measured else None,
    )


def _day(number: Any) -> date:
    return EPOCH + timedelta(days=int(number))


def _enough_since(session: Session, last_due: date | None, rules: Learning) -> bool:
    """Whether enough bills have been decided since the last one that the model knows."""
    until = clock.today() - timedelta(days=rules.settles_days)
    query = select(literal(1)).where(Bill.status == "issued", Bill.due < until)
    if last_due is not None:
        query = query.where(Bill.due > last_due)
    some = query.limit(rules.new_bills).subquery()
    return session.scalar(select(func.count()).select_from(some)) == rules.new_bills


def _pieces(database: Database, rules: Rules, since: date) -> Iterator[list[str]]:
    """The postpaid accounts that are learned from, piece by piece: all, or a fair share of them."""
    with database.reading() as session:
        share = _share(session, rules.learning)
    after = ""
    while True:
        with database.reading() as session:
            piece = list(session.scalars(_ACCOUNTS, {"after": after, "most": rules.chunk}))
        if not piece:
            return
        after = piece[-1]
        if chosen := [number for number in piece if _chosen(number, share)]:
            yield chosen


def _share(session: Session, rules: Learning) -> float:
    """The share of accounts whose bills of all months are about as many as may be learned from."""
    accounts = session.scalar(
        select(func.count()).select_from(Account).where(Account.settlement == "postpaid")
    )
    return min(1.0, rules.most_bills / max(1, (accounts or 0) * rules.months))


def _chosen(account_no: str, share: float) -> bool:
    """The same accounts every time, and as if by lot: by a hash of their number."""
    return zlib.crc32(account_no.encode()) < share * 2**32


_ACCOUNTS = text("""
    SELECT account_no FROM account
    WHERE settlement = 'postpaid' AND account_no > :after ORDER BY account_no LIMIT :most
""")
