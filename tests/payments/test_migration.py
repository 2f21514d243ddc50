"""The tables that the migration makes are those that the models describe."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import payments.agreements.models
import payments.counter.models
import payments.invoices.models
import payments.ledger.models
import payments.models
import payments.thresholds.models  # noqa: F401 - the models declare the tables
from runtime.database import Base, Database

TABLES = {
    "payment_order",
    "payment_order_item",
    "order_event",
    "payment_callback",
    "posting_task",
    "payment_refund",
    "payment_refund_part",
    "ledger_entry",
    "payment_confirmation",
    "payment_confirmation_limit",
    "statement",
    "difference",
    "agreement",
    "agreement_debit",
    "invoice_title",
    "invoice",
    "invoice_line",
    "counter_code",
    "counter_shift",
    "counter_cash",
    "counter_payout",
    "balance_threshold",
    "low_balance",
}


def test_migration_and_models_agree(database: Database) -> None:
    options = {"include_object": _is_ours, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def _is_ours(item: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
    return (name if kind == "table" else item.table.name) in TABLES


def test_events_cannot_be_rewritten(session: Session) -> None:
    session.execute(
        text("""
        with person as (insert into user_account (phone, phone_index, language, theme, elder_mode)
                        values ('x', 'x', 'zh', 'system', false) returning id),
        placed as (insert into payment_order (order_no, user_id, status, gateway, product, purpose,
                                              amount_fen, idempotency_key, expires_at,
                                              next_query_at, contested, version)
                   select 'a', id, 'created', 'wechat', 'native', 'top_up', 1, 'k', now(), now(),
                          false, 0
                   from person returning id)
        insert into order_event (order_id, to_status, cause)
        select id, 'created', 'test' from placed
        """)
    )
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("update order_event set cause = 'other'"))
