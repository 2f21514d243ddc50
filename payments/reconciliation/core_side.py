"""What the core's settlement file says against what it has told us: postings, then reversals.

The file is the table `booked`, what is found goes to the table `found` (see `staging`). The core
told us the number and the time of each posting, so a posting stands on the same day on both
sides. Of the core's other channels nothing is known here, and nothing is compared.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from payments.reconciliation.gateway_side import Day

_APART = """
    CREATE TEMP TABLE apart ON COMMIT DROP AS
    SELECT said.posting_no, said.account_no, said.order_no, said.amount_fen, said.channel,
           said.posted_at, ours.id AS task_id
    FROM (SELECT *, order_no || ':' || account_no AS key FROM booked
          WHERE kind = 'posting' AND channel = ANY(:channels)) said
    FULL JOIN (
        SELECT id, posting_no, idempotency_key, amount_fen FROM posting_task
        WHERE posted_at >= :start AND posted_at < :until
    ) ours ON ours.posting_no = said.posting_no AND ours.idempotency_key = said.key
          AND ours.amount_fen = said.amount_fen
    WHERE said.posting_no IS NULL OR ours.id IS NULL
"""
_SAID_ALONE = """
    INSERT INTO found (class, key, order_no, order_fen, core_fen, day, state, how, line)
    SELECT class,
           left(CASE class WHEN 'unrecorded' THEN order_no || ':' || account_no
                           ELSE posting_no END, 64),
           left(order_no, 64), CASE WHEN class <> 'duplicate' THEN our_fen END, amount_fen, :day,
           CASE class WHEN 'unrecorded' THEN 'curing' ELSE 'open' END,
           CASE class WHEN 'unrecorded' THEN 'post' END,
           jsonb_build_object('posting_no', posting_no, 'account_no', account_no, 'order_no',
               order_no, 'amount_fen', amount_fen, 'channel', channel, 'posted_at', posted_at)
    FROM (
        SELECT apart.*, task.posting_no AS our_no,
               CASE WHEN task.posting_no IS NOT NULL THEN task.amount_fen END AS our_fen,
               CASE WHEN task.id IS NULL THEN 'unknown'
                    WHEN task.posting_no <> apart.posting_no THEN 'duplicate'
                    WHEN task.amount_fen <> apart.amount_fen THEN 'amount'
                    WHEN task.posting_no IS NULL THEN 'unrecorded'
                    ELSE 'alike' END AS class
        FROM apart
        LEFT JOIN (posting_task task JOIN payment_order placed ON placed.id = task.order_id)
            ON placed.order_no = apart.order_no AND task.account_no = apart.account_no
        WHERE apart.posting_no IS NOT NULL
    ) judged
    WHERE class <> 'alike'
"""
_OURS_ALONE = """
    INSERT INTO found (class, key, order_no, gateway_fen, order_fen, day, state)
    SELECT 'missing_posting', task.posting_no, placed.order_no, placed.amount_fen, task.amount_fen,
           :day, 'open'
    FROM apart
    JOIN posting_task task ON task.id = apart.task_id
    JOIN payment_order placed ON placed.id = task.order_id
    WHERE apart.task_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM apart other WHERE other.posting_no = task.posting_no)
"""
_NOT_POSTED = """
    INSERT INTO found (class, key, order_no, gateway_fen, order_fen, day, state, how)
    SELECT 'missing_posting', task.idempotency_key, placed.order_no, placed.amount_fen,
           task.amount_fen, CAST(placed.paid_at AT TIME ZONE 'Asia/Shanghai' AS date),
           'curing', 'post'
    FROM payment_order placed JOIN posting_task task ON task.order_id = placed.id
    WHERE placed.status = 'paid' AND placed.paid_at < :until AND task.posting_no IS NULL
      AND NOT EXISTS (
        SELECT FROM apart WHERE apart.order_no = placed.order_no
            AND apart.account_no = task.account_no)
"""

_REVERSALS = """
    INSERT INTO found (class, key, order_no, order_fen, core_fen, day, state, how, line)
    SELECT class, posting_no || '/' || :day, order_no, our_fen, core_fen, :day,
           CASE WHEN class = 'refund_not_here' AND waiting THEN 'curing' ELSE 'open' END,
           CASE WHEN class = 'refund_not_here' AND waiting THEN 'refund' END,
           jsonb_build_object('posting_no', posting_no, 'reversed_fen', core_fen)
    FROM (
        SELECT posting_no, coalesce(said.order_no, ours.order_no) AS order_no,
               said.fen AS core_fen, ours.fen AS our_fen,
               CASE WHEN ours.fen IS NULL THEN 'refund_not_here'
                    WHEN said.fen IS NULL THEN 'refund_not_there'
                    ELSE 'refund_amount' END AS class,
               EXISTS (SELECT FROM payment_refund_part part
                       JOIN posting_task task ON task.id = part.task_id
                       WHERE task.posting_no = coalesce(said.posting_no, ours.posting_no)
                         AND part.reversal_no IS NULL) AS waiting
        FROM (
            SELECT posting_no, min(order_no) AS order_no, CAST(-sum(amount_fen) AS bigint) AS fen
            FROM booked WHERE kind = 'reversal' AND channel = ANY(:channels) GROUP BY posting_no
        ) said
        FULL JOIN (
            SELECT task.posting_no, min(placed.order_no) AS order_no,
                   CAST(sum(part.amount_fen) AS bigint) AS fen
            FROM payment_refund_part part
            JOIN posting_task task ON task.id = part.task_id
            JOIN payment_order placed ON placed.id = task.order_id
            WHERE part.reversed_at >= :start AND part.reversed_at < :until
            GROUP BY task.posting_no
        ) ours USING (posting_no)
        WHERE said.fen IS DISTINCT FROM ours.fen
    ) judged
"""


def compare(session: Session, day: Day, channels: list[str]) -> None:
    """Find what the core's file and our postings do not say alike, and what is not posted yet."""
    for statement in (_APART, _SAID_ALONE, _OURS_ALONE, _NOT_POSTED, _REVERSALS):
        session.execute(text(statement), day.values() | {"channels": channels})
