"""What the desk sees of reconciliation: days, differences, and one difference with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.reconciliation.models import Difference
from payments.reconciliation.resolving import KIND, Action, actions, moved_fen
from payments.reconciliation.standing import UNSETTLED, Standing, standings
from runtime.errors import NotFound
from service.approvals import Approval

DAYS_A_PAGE = 7
MOST = 200
"""Differences that one page lists."""


@dataclass(frozen=True)
class Week:
    """A week of days, the newest first."""

    standings: list[Standing]
    first: date
    last: date

    @property
    def older(self) -> date:
        """The last day of the week before."""
        return self.first - timedelta(days=1)


def week(session: Session, last: date) -> Week:
    """The seven days that end with `last`."""
    first = last - timedelta(days=DAYS_A_PAGE - 1)
    return Week(standings(session, first, last), first, last)


def unsettled(session: Session) -> list[Difference]:
    """What waits: for people first, then for a second person, then what cures itself; the oldest
    first."""
    order = {"open": 0, "asked": 1, "curing": 2}
    found = session.scalars(
        select(Difference)
        .where(Difference.state.in_(UNSETTLED))
        .order_by(Difference.found_at, Difference.id)
        .limit(MOST)
    )
    return sorted(found, key=lambda each: order[each.state])


@dataclass(frozen=True)
class Case:
    """A difference, what may be asked for, and what has been asked and decided before."""

    difference: Difference
    actions: tuple[Action, ...]
    moved_fen: int
    approvals: list[Approval]

    @property
    def evidence(self) -> dict[str, Any]:
        """As it was found; instants as instants."""
        told: dict[str, Any] = _timed(self.difference.evidence)
        return told


def case(session: Session, difference_id: int) -> Case:
    """Raises NotFound("difference.not_found")."""
    difference = session.get(Difference, difference_id)
    if difference is None:
        raise NotFound("difference.not_found")
    asked = select(Approval).where(Approval.kind == KIND, Approval.subject == str(difference_id))
    return Case(
        difference,
        actions(difference),
        moved_fen(difference),
        list(session.scalars(asked.order_by(Approval.id))),
    )


def _timed(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {
            name: datetime.fromisoformat(value) if _is_instant(name, value) else _timed(value)
            for name, value in told.items()
        }
    return [_timed(each) for each in told] if isinstance(told, list) else told


def _is_instant(name: str, value: Any) -> bool:
    return isinstance(value, str) and (name == "at" or name.endswith("_at"))
