# ruff: noqa: S608 - statements are made of the constants below
"""Proof in one pass that the books are right, on one snapshot of the database.

Every entry has its document and every document its entry, with the same accounts and the same
fen; so the balance of every account is what orders, tasks, refunds, statements and decisions say.
Every paid order is posted or in a named queue. And a day's orders are what the gateways and the
core say of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from payments.reconciliation.models import Difference
from payments.reconciliation.run import IS_WHOLE
from payments.reconciliation.standing import UNSETTLED, Sides, Standing, standings
from runtime.database import Database
from runtime.money import yuan

SHOWN = 1000
"""Entries and documents without their counterpart that are named."""


@dataclass
class Report:
    """What was found. `problems` are sentences, each with its numbers; none means all is right."""

    day: date
    balances: dict[str, int] = field(default_factory=dict)
    queues: dict[str, tuple[int, int]] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check(database: Database, day: date) -> Report:
    """Look at the whole of the books, and at one civil day of all three sides."""
    report = Report(day)
    with database.engine.connect().execution_options(
        isolation_level="REPEATABLE READ"
    ) as connection:
        for setting in _SETTINGS:
            connection.execute(text(setting))
        _entries(connection, report)
        _orders(connection, report)
        with Session(connection) as session:
            _day(session, report)
        connection.rollback()
    return report


def _entries(connection: Connection, report: Report) -> None:
    """The books against their documents; balances are debits less credits, in fen."""
    booked: dict[str, int] = defaultdict(int)
    documented: dict[str, int] = defaultdict(int)
    for debit, credit, entries, documents, unlike in connection.execute(text(_BY_ACCOUNTS)):
        for account, sign in ((debit, 1), (credit, -1)):
            booked[account] += sign * int(entries)
            documented[account] += sign * int(documents)
        report.problems += _unlike(connection) if unlike and not report.problems else []
    report.balances = dict(sorted(booked.items()))
    for account in sorted(documented.keys() | booked.keys()):
        if booked[account] != documented[account]:
            report.problems.append(
                f"Account {account} stands at {yuan(booked[account])} yuan in the books; orders,"
                f" postings, refunds and decisions say {yuan(documented[account])} yuan."
            )


def _unlike(connection: Connection) -> list[str]:
    rows = connection.execute(text(_UNLIKE), {"most": SHOWN})
    return [
        f"The {kind} {reference} of {yuan(fen)} yuan ({debit} from {credit}) {_LACKS[side]}."
        for side, kind, reference, debit, credit, fen in rows
    ]


_LACKS = {
    "entry": "is in the books and nothing that happened stands behind it",
    "document": "happened and is not in the books like this",
}


def _orders(connection: Connection, report: Report) -> None:
    """Every paid order is where it should be, or in a queue that brings it there."""
    for queue, count, fen in connection.execute(text(_QUEUES)):
        report.queues[queue] = (int(count), int(fen))
    report.problems += _astray(connection) if "astray" in report.queues else []
    held = -report.balances.get("received", 0)
    (waiting,) = connection.execute(text(_WAITING)).one()
    if held != int(waiting):
        report.problems.append(
            f"{yuan(held)} yuan are owed to the core or to payers by the books;"
            f" {yuan(int(waiting))} yuan are in the queues."
        )


def _astray(connection: Connection) -> list[str]:
    rows = connection.execute(text(_ASTRAY), {"most": SHOWN})
    return [
        f"Order {order_no} of {yuan(fen)} yuan is {status}, {yuan(int(done))} yuan of it are"
        " where they belong, and no queue holds it."
        for order_no, status, fen, done in rows
    ]


def _day(session: Session, report: Report) -> None:
    """The three sides of the day, and every difference that is not settled, of whatever day."""
    report.standings = standings(session, report.day, report.day)
    for standing in report.standings:
        report.problems += _of_standing(standing)
    unsettled = select(Difference).where(
        Difference.state.in_(UNSETTLED), Difference.day == report.day
    )
    for difference in session.scalars(unsettled.order_by(Difference.id)):
        report.problems.append(describe(difference))


def _of_standing(standing: Standing) -> list[str]:
    at = f"{standing.day} {standing.channel}"
    problems = []
    if standing.paid.gateway is None and standing.channel != "counter":
        why = f": {standing.refused}" if standing.refused else " yet"
        problems.append(f"{at}: the gateway's statement has not been taken{why}.")
    if standing.paid.core is None:
        problems.append(f"{at}: the core's settlement file has not been taken yet.")
    for what, sides in (("payments", standing.paid), ("refunds", standing.refunded)):
        problems += [f"{at}: {sentence}" for sentence in _apart(what, sides)]
    return problems


def _apart(what: str, sides: Sides) -> list[str]:
    found = []
    if sides.gateway is not None and sides.gateway_unexplained_fen:
        found.append(
            f"the gateway has {sides.gateway.count} {what} of {yuan(sides.gateway.fen)} yuan, our"
            f" orders {sides.orders.count} of {yuan(sides.orders.fen)} yuan;"
            f" {yuan(sides.gateway_unexplained_fen)} yuan are not explained."
        )
    if sides.core is not None and sides.core_unexplained_fen:
        found.append(
            f"the core has {sides.core.count} {what} of {yuan(sides.core.fen)} yuan, we know of"
            f" {sides.posted.count} of {yuan(sides.posted.fen)} yuan;"
            f" {yuan(sides.core_unexplained_fen)} yuan are not explained."
        )
    return found


def describe(difference: Difference) -> str:
    """A difference in one sentence, with the figures of all sides."""
    figures = ", ".join(
        f"{side} {'nothing' if fen is None else f'{yuan(fen)} yuan'}"
        for side, fen in (
            ("gateway", difference.gateway_fen),
            ("order", difference.order_fen),
            ("core", difference.core_fen),
        )
    )
    order = f" of order {difference.order_no}" if difference.order_no != difference.key else ""
    return (
        f"{difference.day} {difference.source}: {difference.kind} {difference.key}{order}:"
        f" {figures} ({difference.state})."
    )


_SETTINGS = ("SET LOCAL statement_timeout = '15min'", "SET LOCAL work_mem = '64MB'")
_APART: dict[str, Any] = {
    "account": "CASE WHEN source = 'core' THEN 'posted' ELSE source END",
    "fen": """CASE WHEN class LIKE 'refund%' THEN -1 ELSE 1 END
              * (coalesce(CASE WHEN source = 'core' THEN core_fen ELSE gateway_fen END, 0)
                 - coalesce(order_fen, 0))""",
    "against": "CASE how WHEN 'write_off' THEN 'fees' ELSE 'suspense' END",
}
_DECIDED = f"""
    SELECT id, how, state, source, {_APART["account"]} AS account, {_APART["fen"]} AS fen,
           {_APART["against"]} AS against
    FROM difference
    WHERE how IN ('suspense', 'write_off', 'give_back') AND (
        state = 'resolved' OR how = 'give_back' AND state = 'curing')
"""
_STATEMENTS = f"""
    SELECT DISTINCT ON (source, day) source, day, fee_fen, fee_back_fen FROM statement
    WHERE verdict = 'taken' AND {IS_WHOLE} ORDER BY source, day, id DESC
"""
_DOCUMENTS = f"""
    SELECT 'payment' AS kind, order_no AS reference, gateway AS debit, 'received' AS credit,
           amount_fen
    FROM payment_order WHERE paid_at IS NOT NULL
    UNION ALL
    SELECT 'payment', gateway || ':' || refund.trade_no, gateway, 'received', refund.amount_fen
    FROM payment_refund refund JOIN payment_order placed ON placed.id = order_id
    WHERE refund.trade_no IS NOT NULL
    UNION ALL
    SELECT 'posting', idempotency_key, 'received', 'posted', amount_fen
    FROM posting_task WHERE posting_no IS NOT NULL
    UNION ALL
    SELECT 'reversal', idempotency_key, 'posted', 'received', amount_fen
    FROM payment_refund_part WHERE reversal_no IS NOT NULL
    UNION ALL
    SELECT 'refund_due', refund_no, 'received', 'refunds', amount_fen
    FROM payment_refund WHERE freed_at IS NOT NULL
    UNION ALL
    SELECT 'refund', refund_no, 'refunds', gateway, refund.amount_fen
    FROM payment_refund refund JOIN payment_order placed ON placed.id = order_id
    WHERE done_at IS NOT NULL
    UNION ALL
    SELECT 'fee', source || ':' || day, 'fees', source, fee_fen
    FROM ({_STATEMENTS}) taken WHERE fee_fen > 0
    UNION ALL
    SELECT 'fee_back', source || ':' || day, source, 'fees', fee_back_fen
    FROM ({_STATEMENTS}) taken WHERE fee_back_fen > 0
    UNION ALL
    SELECT 'deposit', shift_no, CASE WHEN counted_fen > float_fen THEN 'bank' ELSE 'counter' END,
           CASE WHEN counted_fen > float_fen THEN 'counter' ELSE 'bank' END,
           abs(counted_fen - float_fen)
    FROM counter_shift WHERE status = 'closed' AND counted_fen <> float_fen
    UNION ALL
    SELECT 'adjustment', shift_no,
           CASE WHEN counted_fen > expected_fen THEN 'counter' ELSE 'suspense' END,
           CASE WHEN counted_fen > expected_fen THEN 'suspense' ELSE 'counter' END,
           abs(counted_fen - expected_fen)
    FROM counter_shift WHERE status = 'closed' AND counted_fen <> expected_fen
    UNION ALL
    SELECT 'adjustment', 'difference:' || id,
           CASE WHEN (fen > 0) <> (account = 'posted') THEN account ELSE against END,
           CASE WHEN (fen > 0) <> (account = 'posted') THEN against ELSE account END, abs(fen)
    FROM ({_DECIDED}) decided WHERE fen <> 0
    UNION ALL
    SELECT 'adjustment', 'difference:' || id || ':' || 'back', 'suspense', account, fen
    FROM ({_DECIDED}) decided WHERE how = 'give_back' AND state = 'resolved'
"""
_SIDE_BY_SIDE = f"""
    ledger_entry entry FULL JOIN ({_DOCUMENTS}) document
        ON document.kind = entry.kind AND document.reference = entry.reference
       AND document.debit = entry.debit AND document.credit = entry.credit
       AND document.amount_fen = entry.amount_fen
"""
_BY_ACCOUNTS = f"""
    SELECT coalesce(entry.debit, document.debit), coalesce(entry.credit, document.credit),
           coalesce(sum(entry.amount_fen), 0), coalesce(sum(document.amount_fen), 0),
           count(*) FILTER (WHERE entry.id IS NULL OR document.kind IS NULL)
    FROM {_SIDE_BY_SIDE} GROUP BY 1, 2 ORDER BY 1, 2
"""
_UNLIKE = f"""
    SELECT CASE WHEN entry.id IS NULL THEN 'document' ELSE 'entry' END,
           coalesce(entry.kind, document.kind), coalesce(entry.reference, document.reference),
           coalesce(entry.debit, document.debit), coalesce(entry.credit, document.credit),
           coalesce(entry.amount_fen, document.amount_fen)
    FROM {_SIDE_BY_SIDE} WHERE entry.id IS NULL OR document.kind IS NULL
    ORDER BY 2, 3, 1 LIMIT :most
"""
_PLACES = """
    SELECT placed.order_no, placed.status, placed.amount_fen, placed.refunded_fen,
           coalesce(posted.fen, 0) AS posted_fen,
           CASE WHEN placed.status = 'posted' AND posted.fen = placed.amount_fen THEN 'posted'
                WHEN placed.status = 'refunded' AND placed.refunded_fen = placed.amount_fen
                    AND NOT coalesce(back.waits, true) THEN 'refunded'
                WHEN placed.status = 'paid' AND posted.waits THEN 'posting'
                WHEN placed.status = 'refunding' AND back.waits THEN 'refund'
                WHEN EXISTS (SELECT FROM difference WHERE difference.order_no = placed.order_no
                             AND state IN ('open', 'curing', 'asked')) THEN 'desk'
                ELSE 'astray' END AS place
    FROM payment_order placed
    LEFT JOIN (
        SELECT order_id, sum(amount_fen) FILTER (WHERE posting_no IS NOT NULL) AS fen,
               bool_or(posting_no IS NULL) AS waits
        FROM posting_task GROUP BY order_id
    ) posted ON posted.order_id = placed.id
    LEFT JOIN (
        SELECT order_id, bool_or(done_at IS NULL) AS waits
        FROM payment_refund WHERE trade_no IS NULL GROUP BY order_id
    ) back ON back.order_id = placed.id
    WHERE placed.paid_at IS NOT NULL
"""
_QUEUES = f"""
    SELECT place, count(*), sum(amount_fen) FROM ({_PLACES}) places GROUP BY place ORDER BY place
"""
_ASTRAY = f"""
    SELECT order_no, status, amount_fen, CASE WHEN status = 'posted' THEN posted_fen
                                              ELSE refunded_fen END
    FROM ({_PLACES}) places WHERE place = 'astray' ORDER BY order_no LIMIT :most
"""
_WAITING = """
    SELECT (SELECT coalesce(sum(amount_fen), 0) FROM posting_task WHERE posting_no IS NULL)
         + (SELECT coalesce(sum(part.amount_fen), 0)
            FROM payment_refund_part part JOIN payment_refund refund ON refund.id = part.refund_id
            WHERE part.reversal_no IS NOT NULL AND refund.freed_at IS NULL)
"""
