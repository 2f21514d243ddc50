"""Refunds from before there were parts keep their money, their state and their place."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine, text

from runtime import migrate
from runtime.database import sqlalchemy_url

CUSTOMER = migrate.locations()["customer"]
PAID = datetime(2026, 10, 20, 4, tzinfo=UTC)


def test_what_was_refunded_before_is_refunded_after(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("refunds")
    migrate.upgrade(url, CUSTOMER)
    migrate.downgrade(url, CUSTOMER, "0007_reversals")
    engine = create_engine(sqlalchemy_url(url))
    with engine.begin() as connection:
        connection.execute(text(_BEFORE), {"paid": PAID})
    migrate.upgrade(url, CUSTOMER)
    assert _read(engine, "select order_no, refunded_fen from payment_order order by order_no") == [
        ("A", 100),
        ("B", 200),
        ("C", 0),
    ]
    assert _read(
        engine,
        "select refund_no, gateway_no, state, origin, reason, amount_fen, freed_at = created_at,"
        " done_at is null, asked_at is null from payment_refund order by refund_no",
    ) == [
        ("RA", "RA", "done", "automatic", "paid_elsewhere", 100, True, False, False),
        ("RB", "RB", "due", "automatic", "paid_elsewhere", 200, True, True, True),
    ]
    migrate.downgrade(url, CUSTOMER, "0007_reversals")
    assert _read(engine, "select refund_no, reason from payment_refund order by refund_no") == [
        ("RA", "paid_elsewhere"),
        ("RB", "paid_elsewhere"),
    ]
    engine.dispose()


def _read(engine: Any, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


_BEFORE = """
    with person as (
        insert into user_account (phone, phone_index, language, theme, elder_mode)
        values ('x', 'x', 'zh', 'system', false) returning id
    ), placed as (
        insert into payment_order (order_no, user_id, status, gateway, product, purpose, amount_fen,
                                   idempotency_key, expires_at, next_query_at, paid_at, contested,
                                   version)
        select no, person.id, status, 'wechat', 'native', 'top_up', fen, no, now(), now(),
               CAST(:paid AS timestamptz), false, 0
        from person, (values ('A', 'refunded', 100), ('B', 'refunding', 200), ('C', 'posted', 300))
            as given (no, status, fen)
        returning id, order_no, amount_fen, status
    ), booked as (
        insert into ledger_entry (kind, reference, debit, credit, amount_fen, order_no)
        select 'payment', order_no, 'wechat', 'received', amount_fen, order_no from placed
        union all
        select 'refund_due', 'R' || order_no, 'received', 'refunds', amount_fen, order_no
        from placed where status <> 'posted'
        union all
        select 'refund', 'R' || order_no, 'refunds', 'wechat', amount_fen, order_no
        from placed where status = 'refunded'
    )
    insert into payment_refund (order_id, refund_no, amount_fen, reason, attempts, done_at)
    select id, 'R' || order_no, amount_fen, 'paid_elsewhere', 0,
           CASE WHEN status = 'refunded' THEN now() END
    from placed where status <> 'posted'
"""
