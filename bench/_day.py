# ruff: noqa: S608 - statements are made of the constants below
"""A day of a million payments: in our tables, in a WeChat trade bill, in the core's file.

Payment number n is the same on all sides, but for a hundred of each way in which sides can differ.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from payments.statements.wechat_file import HEADER, TOTALS

DAY = date(2026, 11, 20)
MCHID = "1900000001"
ORDERS = 1_000_000
SEEDED = 100
START = datetime(2026, 11, 19, 16, tzinfo=UTC)
"""Midnight in China."""

ABSENT, AMOUNT, SILENT, UNPOSTED, LOST, CORE_AMOUNT, UNRECORDED = range(7)
"""Which hundred: not on the statement, another amount there, not paid here, not in the core, not in
its file though it told us, another amount there, posted there though we do not know it."""

EXPECTED = {
    "wechat": {
        "missing_at_gateway": SEEDED,
        "amount": SEEDED,
        "missing_callback": SEEDED,
        "unknown": SEEDED,
        "duplicate": SEEDED,
    },
    "core": {
        "missing_posting": 2 * SEEDED,
        "amount": SEEDED,
        "unrecorded": SEEDED,
        "unknown": SEEDED,
        "duplicate": SEEDED,
    },
}
_FEN = "(100 + n * 7919 % 50000)"
_PAID_AT = "(TIMESTAMPTZ '2026-11-19 17:00Z' + (n * 0.075) * INTERVAL '1 second')"
_UNPAID = f"n / {SEEDED} = {SILENT}"
_UNKNOWN_TO_US = f"n / {SEEDED} IN ({UNPOSTED}, {UNRECORDED})"
_NUMBER = "'20261120' || lpad(CAST(n AS text), 20, '0')"
_TRADE = "'4200' || lpad(CAST(n AS text), 24, '0')"
_ACCOUNT = "'42' || lpad(CAST(n AS text), 10, '0')"
_BUILD = (
    "ALTER TABLE payment_order DISABLE TRIGGER USER",
    "ALTER TABLE posting_task DISABLE TRIGGER USER",
    "ALTER TABLE payment_order DROP CONSTRAINT fk_payment_order_user_id_user_account",
    "ALTER TABLE posting_task DROP CONSTRAINT fk_posting_task_order_id_payment_order",
    """
    INSERT INTO user_account (phone, phone_index, language, theme, elder_mode)
    VALUES ('', '', 'zh', 'system', false)
    """,
    f"""
    INSERT INTO payment_order (order_no, user_id, status, gateway, product, purpose, amount_fen,
        idempotency_key, trade_no, created_at, expires_at, next_query_at, paid_at, contested,
        version)
    SELECT {_NUMBER}, (SELECT min(id) FROM user_account),
           CASE WHEN {_UNPAID} THEN 'awaiting' WHEN {_UNKNOWN_TO_US} THEN 'paid' ELSE 'posted' END,
           'wechat', 'native', 'bills', {_FEN}, {_NUMBER},
           CASE WHEN NOT {_UNPAID} THEN {_TRADE} END, {_PAID_AT}, {_PAID_AT}, {_PAID_AT},
           CASE WHEN NOT {_UNPAID} THEN {_PAID_AT} END, false, 1
    FROM generate_series(CAST(0 AS bigint), {ORDERS - 1}) n
    """,
    f"""
    INSERT INTO posting_task (order_id, account_no, amount_fen, bill_nos, idempotency_key, attempts,
        posting_no, posted_at)
    SELECT id, {_ACCOUNT}, amount_fen, '[]', order_no || ':' || {_ACCOUNT}, 0,
           CASE WHEN NOT ({_UNKNOWN_TO_US}) THEN 'P' || lpad(CAST(n AS text), 12, '0') END,
           CASE WHEN NOT ({_UNKNOWN_TO_US}) THEN paid_at + INTERVAL '3 seconds' END
    FROM generate_series(CAST(0 AS bigint), {ORDERS - 1}) n
    JOIN payment_order ON order_no = {_NUMBER}
    WHERE NOT {_UNPAID}
    """,
    """
    INSERT INTO ledger_entry (kind, reference, debit, credit, amount_fen, order_no)
    SELECT 'payment', order_no, gateway, 'received', amount_fen, order_no
    FROM payment_order WHERE paid_at IS NOT NULL
    """,
    """
    INSERT INTO ledger_entry (kind, reference, debit, credit, amount_fen, order_no)
    SELECT 'posting', idempotency_key, 'received', 'posted', amount_fen,
           split_part(idempotency_key, ':', 1)
    FROM posting_task WHERE posting_no IS NOT NULL
    """,
    "ALTER TABLE payment_order ENABLE TRIGGER USER",
    "ALTER TABLE posting_task ENABLE TRIGGER USER",
)


def build_orders(url: str) -> None:
    """The million orders with their postings and their entries in the books.

    Foreign keys are left out here: to look up a million keys takes longer than all the rest.
    """
    with psycopg.connect(url) as connection:
        connection.execute("SET work_mem = '128MB'")
        for statement in _BUILD:
            connection.execute(statement)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) payment_order, posting_task, ledger_entry")


def write_statement(path: Path) -> None:
    """A trade bill of the day, as WeChat Pay packs it."""
    count = due = fees = 0
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8", newline="") as file:
        file.write(f"{HEADER}\r\n")
        for line, fen, fee in _bill():
            file.write(line)
            count, due, fees = count + 1, due + fen, fees + fee
        totals = (count, _yuan(due), "0.00", "0.00", _yuan(fees), _yuan(due), "0.00")
        file.write(f"{TOTALS}\r\n{','.join(f'`{total}' for total in totals)}\r\n")


def _bill() -> Iterator[tuple[str, int, int]]:
    for n in range(ORDERS):
        group = n // SEEDED
        if group != ABSENT:
            yield _bill_line(n, _number(n), f"4200{n:024d}", _fen(n) + (group == AMOUNT))
    for n in range(SEEDED):
        yield _bill_line(n, f"20261120X{n:019d}", f"4300{n:024d}", 777)
        yield _bill_line(n, _number(5000 + n), f"4400{n:024d}", _fen(5000 + n))


def _bill_line(n: int, number: str, trade_no: str, fen: int) -> tuple[str, int, int]:
    fee = (fen * 6 + 500) // 1000
    at, yuan = _paid_at(n) + timedelta(hours=8), _yuan(fen)
    line = (
        f"`{at:%Y-%m-%d %H:%M:%S},`wx0000000000000001,`{MCHID},`0,`,`{trade_no},`{number},"
        f"`o{n:027d},`NATIVE,`SUCCESS,`OTHERS,`CNY,`{yuan},`0.00,`0,`0,`0.00,`0.00,`,`,"
        f"`江城供电 电费,`,`{fee / 100:.5f},`0.60%,`{yuan},`0.00,`\r\n"
    )
    return line, fen, fee


def write_core(path: Path) -> None:
    """The core's settlement file of the day."""
    count = total = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("kind,posting_no,account_no,amount_fen,channel,order_no,paid_at,posted_at\n")
        for line, fen in _postings():
            file.write(line)
            count, total = count + 1, total + fen
        file.write(f"total,{count},{total}\n")


def _postings() -> Iterator[tuple[str, int]]:
    for n in range(ORDERS):
        group = n // SEEDED
        if group not in (SILENT, UNPOSTED, LOST):
            yield _posting(n, f"P{n:012d}", _number(n), _fen(n) + (group == CORE_AMOUNT))
    for n in range(SEEDED):
        yield _posting(n, f"Q{n:012d}", f"20261120Y{n:019d}", 555)
        yield _posting(6000 + n, f"R{n:012d}", _number(6000 + n), _fen(6000 + n))


def _posting(n: int, posting_no: str, number: str, fen: int) -> tuple[str, int]:
    at = _paid_at(n)
    line = (
        f"posting,{posting_no},42{n:010d},{fen},wechat,{number},"
        f"{at.isoformat()},{(at + timedelta(seconds=3)).isoformat()}\n"
    )
    return line, fen


def _number(n: int) -> str:
    return f"20261120{n:020d}"


def _fen(n: int) -> int:
    return 100 + n * 7919 % 50_000


def _paid_at(n: int) -> datetime:
    """From one in the morning to ten in the evening."""
    return START + timedelta(hours=1, seconds=n * 0.075)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
