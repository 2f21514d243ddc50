# ruff: noqa: S608 - statements are made of the constants below
"""How the three sides of a day stand: what gateways, our orders and the core say in sums.

The sides of a day may differ and still agree: a movement near midnight stands on another day, a
double payment went back, a difference was decided. `unexplained_fen` is what is left when all
that is known has been taken off; it is zero, or something is wrong.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from payments.reconciliation.models import Difference, StatementRecord
from runtime import clock

UNSETTLED = ("open", "curing", "asked")
CHANNELS = ["wechat", "alipay", "unionpay", "counter"]
"""The core's channels that are ours."""

WITHOUT_STATEMENT = "counter"
"""Cash has no statement: a shift is closed by counting (docs/counter.md)."""


@dataclass(frozen=True)
class Sums:
    """Movements and their fen."""

    count: int = 0
    fen: int = 0


@dataclass(frozen=True)
class Sides:
    """What each side says of one kind of movement; None when its statement has not been taken.

    `orders` is what we booked at the gateway on the day, `posted` what we booked with the core.
    """

    gateway: Sums | None
    orders: Sums
    posted: Sums
    core: Sums | None
    gateway_known_fen: int = 0
    core_known_fen: int = 0

    @property
    def gateway_unexplained_fen(self) -> int:
        """What the statement has over our orders, without what is known."""
        if self.gateway is None:
            return 0
        return self.gateway.fen - self.orders.fen - self.gateway_known_fen

    @property
    def core_unexplained_fen(self) -> int:
        """What the core has over our postings, without what is known."""
        if self.core is None:
            return 0
        return self.core.fen - self.posted.fen - self.core_known_fen


@dataclass(frozen=True)
class Standing:
    """One way of paying on one civil day. `refused`: why its last statement was not taken."""

    day: date
    channel: str
    paid: Sides
    refunded: Sides
    refused: str | None
    unsettled: int

    @property
    def has_statements(self) -> bool:
        """Whether everybody has been heard who must be."""
        gateway = self.channel == WITHOUT_STATEMENT or self.paid.gateway is not None
        return gateway and self.paid.core is not None

    @property
    def agrees(self) -> bool:
        """Whether all three say the same, but for what is known and settled."""
        return self.has_statements and not self.unsettled and not self.unexplained_fen

    @property
    def unexplained_fen(self) -> int:
        """The first sum that is off, in fen; 0 when none is."""
        sides = (self.paid, self.refunded)
        apart = [each.gateway_unexplained_fen for each in sides]
        return next(filter(None, [*apart, *(each.core_unexplained_fen for each in sides)]), 0)


Key = tuple[date, str]
Table = dict[Key, Sums]


@dataclass
class _Known:
    """What explains that two sides differ, in fen, by day and channel."""

    gateway: dict[str, dict[Key, int]] = field(default_factory=lambda: _by_kind())
    core: dict[str, dict[Key, int]] = field(default_factory=lambda: _by_kind())


def _by_kind() -> dict[str, dict[Key, int]]:
    return {"paid": defaultdict(int), "refunded": defaultdict(int)}


def standings(session: Session, first: date, last: date) -> list[Standing]:
    """Every way of paying that moved money on these days, the newest day first."""
    span = _span(first, last)
    ours = {name: _table(session, statement, span) for name, statement in _OURS.items()}
    taken = _taken(session, first, last)
    known = _known(session, span)
    refused, unsettled = _refused(session, first, last), _unsettled(session, first, last)
    moved = {key for table in ours.values() for key in table} | {*unsettled}
    moved |= {(day, each) for day, source in taken for each in _channels(taken[day, source])}
    moved |= {key for key in refused if key[1] != "core"}

    def sides(kind: str, orders: Table, posted: Table, key: Key) -> Sides:
        return Sides(
            _said(taken, key[0], key[1], key[1], kind),
            orders.get(key, Sums()),
            posted.get(key, Sums()),
            _said(taken, key[0], "core", key[1], kind),
            known.gateway[kind][key],
            known.core[kind][key],
        )

    return [
        Standing(
            day=key[0],
            channel=key[1],
            paid=sides("paid", ours["paid"], ours["posted"], key),
            refunded=sides("refunded", ours["refunded"], ours["reversed"], key),
            refused=refused.get(key) or refused.get((key[0], "core")),
            unsettled=unsettled.get(key, 0),
        )
        for key in sorted(filter(_is_ours, moved), key=lambda key: (-key[0].toordinal(), key[1]))
    ]


def _is_ours(key: Key) -> bool:
    """Of the core's other channels nothing is known here."""
    return key[1] in CHANNELS


def _span(first: date, last: date) -> dict[str, object]:
    return {
        "first": first,
        "last": last,
        "start": clock.civil_midnight(first),
        "end": clock.civil_midnight(last + timedelta(days=1)),
    }


def _table(session: Session, statement: str, span: dict[str, object]) -> Table:
    rows = session.execute(text(statement), span)
    return {(day, channel): Sums(int(count), int(fen)) for day, channel, count, fen in rows}


def _taken(session: Session, first: date, last: date) -> dict[Key, StatementRecord]:
    rows = session.scalars(
        select(StatementRecord)
        .where(StatementRecord.day.between(first, last), StatementRecord.verdict == "taken")
        .order_by(StatementRecord.id)
    )
    return {(row.day, row.source): row for row in rows}


def _channels(record: StatementRecord) -> Iterable[str]:
    return [name for name, both in record.channels.items() if any(map(any, both.values()))]


def _said(
    taken: dict[Key, StatementRecord], day: date, source: str, channel: str, kind: str
) -> Sums | None:
    record = taken.get((day, source))
    return None if record is None else Sums(*record.channels.get(channel, {}).get(kind, (0, 0)))


def _refused(session: Session, first: date, last: date) -> dict[Key, str]:
    """Why the newest statement of a day and source was refused, where it was."""
    rows = session.execute(
        select(StatementRecord.day, StatementRecord.source, StatementRecord.reason)
        .where(StatementRecord.day.between(first, last))
        .order_by(StatementRecord.id)
    )
    newest = {(day, source): reason for day, source, reason in rows}
    return {key: reason for key, reason in newest.items() if reason}


def _unsettled(session: Session, first: date, last: date) -> dict[Key, int]:
    rows = session.execute(
        select(Difference.day, _CHANNEL, func.count())
        .where(Difference.day.between(first, last), Difference.state.in_(UNSETTLED))
        .group_by(Difference.day, _CHANNEL)
    )
    return {(day, channel): count for day, channel, count in rows}


def _known(session: Session, span: dict[str, object]) -> _Known:
    known = _Known()
    for side, kind, day, channel, fen in session.execute(text(_EXPLAINED), span):
        table = known.core if side == "core" else known.gateway
        table[kind][day, channel] += int(fen)
    return known


_CHANNEL = func.coalesce(
    Difference.evidence["line"]["channel"].astext,
    Difference.evidence["order"]["gateway"].astext,
    Difference.source,
)
_DAY = "CAST({} AT TIME ZONE 'Asia/Shanghai' AS date)"
_OURS = {
    "paid": f"""
        SELECT {_DAY.format("paid_at")}, gateway, count(*), sum(amount_fen) FROM payment_order
        WHERE paid_at >= :start AND paid_at < :end GROUP BY 1, 2
    """,
    "posted": f"""
        SELECT {_DAY.format("task.posted_at")}, gateway, count(*), sum(task.amount_fen)
        FROM posting_task task JOIN payment_order placed ON placed.id = task.order_id
        WHERE task.posted_at >= :start AND task.posted_at < :end GROUP BY 1, 2
    """,
    "refunded": f"""
        SELECT {_DAY.format("done_at")}, gateway, count(*), sum(refund.amount_fen)
        FROM payment_refund refund JOIN payment_order placed ON placed.id = refund.order_id
        WHERE done_at >= :start AND done_at < :end GROUP BY 1, 2
    """,
    "reversed": f"""
        SELECT {_DAY.format("reversed_at")}, gateway, count(*), sum(part.amount_fen)
        FROM payment_refund_part part JOIN posting_task task ON task.id = part.task_id
        JOIN payment_order placed ON placed.id = task.order_id
        WHERE reversed_at >= :start AND reversed_at < :end GROUP BY 1, 2
    """,
}
_LEARNT = f"""
    learnt AS (
        SELECT difference.id, {_DAY.format("coalesce(placed.paid_at, refund.done_at)")} AS learnt_on
        FROM difference
        LEFT JOIN payment_order placed
            ON class = 'missing_callback' AND placed.order_no = difference.order_no
        LEFT JOIN payment_refund refund
            ON class = 'refund_not_here' AND refund.gateway_no = difference.key
        WHERE difference.state = 'cured' AND how IN ('recorded', 'refunded')
          AND difference.day BETWEEN CAST(:first AS date) - 30 AND :last
          AND {_DAY.format("coalesce(placed.paid_at, refund.done_at)")} <> difference.day
    )
"""
_EXPLAINED = f"""
    WITH {_LEARNT}, rows AS (
        SELECT difference.*, CASE WHEN class LIKE 'refund%' THEN 'refunded' ELSE 'paid' END AS kind,
               coalesce(evidence->'line'->>'channel', evidence->'order'->>'gateway', source)
                   AS channel,
               coalesce(gateway_fen, 0) - coalesce(order_fen, 0) AS gateway_apart,
               coalesce(core_fen, 0) - coalesce(order_fen, 0) AS core_apart
        FROM difference
        WHERE day BETWEEN :first AND :last OR other_day BETWEEN :first AND :last
           OR id IN (SELECT id FROM learnt)
    ), parts AS (
        -- what one side has and the other has not
        SELECT 'gateway' AS side, kind, day, channel, gateway_apart AS fen FROM rows
        WHERE source <> 'core' AND state <> 'cured'
        UNION ALL
        SELECT 'core', kind, day, channel, core_apart FROM rows
        WHERE source = 'core' AND state <> 'cured'
          AND NOT (class = 'missing_posting' AND key LIKE '%:%')  -- nothing is booked yet
        UNION ALL
        -- a double payment that went back
        SELECT 'gateway', kind, day, channel, gateway_fen FROM rows
        WHERE source <> 'core' AND class = 'duplicate' AND state = 'cured'
        UNION ALL
        -- what stands on one day here and on another there
        SELECT 'gateway', kind, day, channel, -order_fen FROM rows
        WHERE how = 'other_day' AND state = 'cured'
        UNION ALL
        SELECT 'gateway', kind, other_day, channel, order_fen FROM rows
        WHERE how = 'other_day' AND state = 'cured'
        UNION ALL
        -- what was learnt from the statement, on a later day
        SELECT 'gateway', kind, day, channel, gateway_fen FROM rows JOIN learnt USING (id)
        UNION ALL
        SELECT 'gateway', kind, learnt_on, channel, -gateway_fen FROM rows JOIN learnt USING (id)
    )
    SELECT side, kind, day, channel, sum(fen) FROM parts WHERE day BETWEEN :first AND :last
    GROUP BY side, kind, day, channel
"""
