"""What a gateway's statement says against what we have: payments, then refunds.

The statement is the table `said`, what is found goes to the table `found` (see `staging`). One
hash join sets aside what both sides say alike; only the rest, which is little, is looked at.

A movement near midnight may stand on the statement of the next day or of the day before. A line
whose order was paid on another day is noted as cured (`other_day`), so that the order is not
missed on its own day; an order without a line waits, when it was paid near midnight, for the
statement of the neighbouring day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime import clock

NEAR_MIDNIGHT = timedelta(minutes=15)
"""How far the clocks and the ways of the two sides may part a movement."""

EVENING = {"unionpay": timedelta(hours=1) + NEAR_MIDNIGHT}
"""The end of the day that may stand on the next day's file: UnionPay settles at 23:00."""

_APART = """
    CREATE TEMP TABLE apart ON COMMIT DROP AS
    SELECT said.no, said.order_no, said.trade_no, said.amount_fen, said.at,
           ours.order_no AS our_no
    FROM (SELECT * FROM said WHERE kind = 'payment') said
    FULL JOIN (
        SELECT order_no, trade_no, amount_fen FROM payment_order
        WHERE gateway = :source AND paid_at >= :start AND paid_at < :until
    ) ours ON ours.order_no = said.order_no AND ours.trade_no = said.trade_no
          AND ours.amount_fen = said.amount_fen
    WHERE said.no IS NULL OR ours.order_no IS NULL
"""
_SAID_ALONE = """
    INSERT INTO found (class, key, order_no, gateway_fen, order_fen, day, other_day, state, how, no)
    SELECT class, left(CASE class WHEN 'duplicate' THEN trade_no ELSE order_no END, 64),
           left(order_no, 64), amount_fen, CASE WHEN class <> 'duplicate' THEN our_fen END,
           CASE class WHEN 'missing_at_gateway' THEN our_day ELSE :day END,
           CASE class WHEN 'missing_at_gateway' THEN CAST(:day AS date) END,
           CASE WHEN class = 'duplicate' AND known THEN 'cured'
                WHEN class = 'missing_callback' OR class = 'duplicate' AND ours THEN 'curing'
                WHEN class = 'missing_at_gateway' THEN 'cured' ELSE 'open' END,
           CASE WHEN class = 'missing_callback' THEN 'ask_gateway'
                WHEN class = 'duplicate' AND known THEN 'given_back'
                WHEN class = 'duplicate' AND ours THEN 'second_trade'
                WHEN class = 'missing_at_gateway' THEN 'other_day' END,
           no
    FROM (
        SELECT alone.*, placed.id IS NOT NULL AS ours,
               EXISTS (SELECT FROM payment_refund WHERE trade_no = alone.trade_no) AS known,
               CASE WHEN placed.paid_at IS NOT NULL THEN placed.amount_fen END AS our_fen,
               CAST(placed.paid_at AT TIME ZONE 'Asia/Shanghai' AS date) AS our_day,
               CASE WHEN placed.id IS NULL AND nth = 1 THEN 'unknown'
                    WHEN placed.id IS NULL THEN 'duplicate'
                    WHEN placed.trade_no <> alone.trade_no THEN 'duplicate'
                    WHEN placed.paid_at IS NULL AND nth > 1 THEN 'duplicate'
                    WHEN placed.amount_fen <> alone.amount_fen THEN 'amount'
                    WHEN placed.paid_at IS NULL THEN 'missing_callback'
                    ELSE 'missing_at_gateway' END AS class
        FROM (SELECT *, row_number() OVER (PARTITION BY order_no ORDER BY at, no) AS nth
              FROM apart WHERE no IS NOT NULL) alone
        LEFT JOIN payment_order placed
            ON placed.order_no = alone.order_no AND placed.gateway = :source
    ) judged
    WHERE NOT (class = 'missing_at_gateway' AND our_day = :day)
"""
_NEIGHBOUR = """
        LEFT JOIN LATERAL (
            SELECT CASE WHEN {0} >= :late THEN CAST(:day AS date) + 1
                        WHEN {0} < :early THEN CAST(:day AS date) - 1 END AS day
        ) neighbour ON NOT EXISTS (
            SELECT FROM statement taken WHERE taken.source = :source AND taken.verdict = 'taken'
                AND taken.day = neighbour.day)
"""
"""The day whose statement may still have a movement of that instant, unless it was taken."""

_OURS_ALONE = f"""
    INSERT INTO found (class, key, order_no, order_fen, day, other_day, state, how)
    SELECT 'missing_at_gateway', order_no, order_no, amount_fen, :day, other_day,
           CASE WHEN other_day IS NULL THEN 'open' ELSE 'curing' END,
           CASE WHEN other_day IS NOT NULL THEN 'other_day' END
    FROM (
        SELECT placed.order_no, placed.amount_fen, neighbour.day AS other_day
        FROM apart JOIN payment_order placed ON placed.order_no = apart.our_no
        {_NEIGHBOUR.format("placed.paid_at")}
        WHERE NOT EXISTS (
            SELECT FROM apart other WHERE other.order_no = placed.order_no
                AND (other.trade_no = placed.trade_no OR placed.trade_no IS NULL))
        AND NOT EXISTS (
            SELECT FROM difference WHERE difference.source = :source
                AND difference.key = placed.order_no AND difference.gateway_fen IS NOT NULL)
    ) missed
"""  # noqa: S608 - made of constants
_REFUNDS_APART = """
    CREATE TEMP TABLE refunds_apart ON COMMIT DROP AS
    SELECT said.no, said.order_no, said.refund_no, said.amount_fen, ours.gateway_no AS our_no
    FROM (SELECT * FROM said WHERE kind = 'refund') said
    FULL JOIN (
        SELECT gateway_no, refund.amount_fen
        FROM payment_refund refund JOIN payment_order placed ON placed.id = refund.order_id
        WHERE placed.gateway = :source AND done_at >= :start AND done_at < :until
    ) ours ON ours.gateway_no = said.refund_no AND ours.amount_fen = said.amount_fen
    WHERE said.no IS NULL OR ours.gateway_no IS NULL
"""
_REFUNDS_SAID_ALONE = """
    INSERT INTO found (class, key, order_no, gateway_fen, order_fen, day, other_day, state, how, no)
    SELECT class, left(refund_no, 64), left(order_no, 64), amount_fen, our_fen,
           CASE class WHEN 'refund_not_there' THEN our_day ELSE :day END,
           CASE class WHEN 'refund_not_there' THEN CAST(:day AS date) END,
           CASE WHEN class = 'refund_not_there' THEN 'cured'
                WHEN class = 'refund_not_here' AND known THEN 'curing' ELSE 'open' END,
           CASE WHEN class = 'refund_not_there' THEN 'other_day'
                WHEN class = 'refund_not_here' AND known THEN 'refund' END,
           no
    FROM (
        SELECT alone.*, refund.id IS NOT NULL AS known,
               CASE WHEN done_at IS NOT NULL THEN refund.amount_fen END AS our_fen,
               CAST(done_at AT TIME ZONE 'Asia/Shanghai' AS date) AS our_day,
               CASE WHEN refund.id IS NULL THEN 'refund_not_here'
                    WHEN refund.amount_fen <> alone.amount_fen THEN 'refund_amount'
                    WHEN done_at IS NULL THEN 'refund_not_here'
                    ELSE 'refund_not_there' END AS class
        FROM refunds_apart alone
        LEFT JOIN (payment_refund refund
                   JOIN payment_order placed ON placed.id = refund.order_id
                                            AND placed.gateway = :source)
            ON refund.gateway_no = alone.refund_no
        WHERE alone.no IS NOT NULL
    ) judged
    WHERE NOT (class = 'refund_not_there' AND our_day = :day)
      AND NOT EXISTS (
        SELECT FROM difference given
        WHERE judged.refund_no = 'RX' || lpad(CAST(given.id AS text), 10, '0')
            AND given.how = 'give_back' AND given.gateway_fen = judged.amount_fen)
"""
_REFUNDS_OURS_ALONE = f"""
    INSERT INTO found (class, key, order_no, order_fen, day, other_day, state, how)
    SELECT 'refund_not_there', gateway_no, order_no, amount_fen, :day, other_day,
           CASE WHEN other_day IS NULL THEN 'open' ELSE 'curing' END,
           CASE WHEN other_day IS NOT NULL THEN 'other_day' END
    FROM (
        SELECT refund.gateway_no, placed.order_no, refund.amount_fen, neighbour.day AS other_day
        FROM refunds_apart apart
        JOIN payment_refund refund ON refund.gateway_no = apart.our_no
        JOIN payment_order placed ON placed.id = refund.order_id
        {_NEIGHBOUR.format("done_at")}
        WHERE NOT EXISTS (
            SELECT FROM refunds_apart other WHERE other.refund_no = refund.gateway_no)
        AND NOT EXISTS (
            SELECT FROM difference WHERE difference.source = :source
                AND difference.key = refund.gateway_no AND difference.gateway_fen IS NOT NULL)
    ) missed
"""  # noqa: S608 - made of constants
COMPARISONS = (
    _APART,
    _SAID_ALONE,
    _OURS_ALONE,
    _REFUNDS_APART,
    _REFUNDS_SAID_ALONE,
    _REFUNDS_OURS_ALONE,
)


@dataclass(frozen=True)
class Day:
    """A civil day of one source as the comparisons need it; what came after `asked_at` is not
    compared, because the file cannot have it."""

    source: str
    day: date
    asked_at: datetime

    def values(self) -> dict[str, object]:
        start = clock.civil_midnight(self.day)
        end = clock.civil_midnight(self.day + timedelta(days=1))
        return {
            "source": self.source,
            "day": self.day,
            "start": start,
            "until": min(end, self.asked_at),
            "early": start + NEAR_MIDNIGHT,
            "late": end - EVENING.get(self.source, NEAR_MIDNIGHT),
        }


def compare(session: Session, day: Day) -> None:
    """Find what a gateway's statement and our orders and refunds do not say alike."""
    for statement in COMPARISONS:
        session.execute(text(statement), day.values())
