"""The ordinary payment in one statement: an open order, the right amount, its bills still owed.

Nearly every callback is one, and on the evening bills fall due there are many. What is not
ordinary finds no row here and is decided by `payments.receipts`.

The statement takes the lock of the order's row and no other. Whoever decides about the same bill
for another order first marks this one `contested`, under that lock, so that it is not ordinary
any more.
"""

import json
from typing import Any

from payments.gateways.base import Trade
from payments.soon import POST
from runtime.database import Database


def take(database: Database, trade: Trade, cause: str, message: dict[str, Any]) -> bool:
    """Make the order paid, with event, entry, posting tasks, job and the message; committed.

    `message` is a row of `payment_callback` with the verdict of success. False when the payment
    is not ordinary; nothing is written then.
    """
    figures = {
        "trade_no": trade.trade_no,
        "amount_fen": trade.amount_fen,
        "paid_at": trade.paid_at,
        "cause": cause,
        "task": POST.name,
        "queue": POST.queue,
    }
    given = message | figures | {"headers": json.dumps(message["headers"])}
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection.exec_driver_sql(_TAKE, given).first() is not None


_TAKE = """
    WITH known AS (
        SELECT id, status FROM payment_order
        WHERE order_no = %(order_no)s AND gateway = %(gateway)s AND amount_fen = %(amount_fen)s
          AND status IN ('created', 'awaiting') AND NOT contested
        FOR UPDATE
    ), paid AS (
        UPDATE payment_order AS placed
        SET status = 'paid', paid_at = %(paid_at)s, trade_no = %(trade_no)s, version = version + 1
        FROM known
        WHERE placed.id = known.id AND NOT EXISTS (
            SELECT FROM payment_order_item item
            LEFT JOIN bill ON bill.bill_no = item.bill_no
            LEFT JOIN payment_order_item other
                ON other.bill_no = item.bill_no AND other.order_id <> item.order_id
            LEFT JOIN posting_task task
                ON task.order_id = other.order_id AND task.account_no = other.account_no
            WHERE item.order_id = placed.id
              AND (bill.settled_fen >= bill.total_fen OR task.id IS NOT NULL)
        )
        RETURNING placed.id, placed.order_no, placed.gateway, placed.amount_fen,
                  known.status AS status_before
    ), event AS (
        INSERT INTO order_event (order_id, from_status, to_status, cause)
        SELECT id, status_before, 'paid', %(cause)s FROM paid
    ), task AS (
        INSERT INTO posting_task
            (order_id, account_no, amount_fen, bill_nos, idempotency_key, attempts)
        SELECT paid.id, item.account_no, sum(item.amount_fen),
               coalesce(jsonb_agg(item.bill_no ORDER BY item.id)
                        FILTER (WHERE item.bill_no IS NOT NULL), '[]'),
               paid.order_no || ':' || item.account_no, 0
        FROM paid JOIN payment_order_item item ON item.order_id = paid.id
        GROUP BY paid.id, paid.order_no, item.account_no
    ), booked AS (
        INSERT INTO ledger_entry (kind, reference, debit, credit, amount_fen, order_no)
        SELECT 'payment', order_no, gateway, 'received', amount_fen, order_no FROM paid
        ON CONFLICT (kind, reference) DO NOTHING
    ), message AS (
        INSERT INTO payment_callback
            (gateway, notification_id, order_no, verdict, headers, body, size, received_at)
        SELECT %(gateway)s, %(notification_id)s, %(order_no)s, %(verdict)s,
               CAST(%(headers)s AS jsonb), %(body)s, %(size)s, %(received_at)s
        FROM paid
        ON CONFLICT (gateway, notification_id) DO NOTHING
    )
    SELECT procrastinate_defer_jobs_v1(ARRAY[CAST(
        ROW(CAST(%(queue)s AS varchar), CAST(%(task)s AS varchar), 0, NULL, NULL,
            jsonb_build_object('order_no', order_no), NULL) AS procrastinate_job_to_defer_v1)])
    FROM paid
"""
