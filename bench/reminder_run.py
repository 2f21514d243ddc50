# ruff: noqa: S608 - statements are made of the constants below
"""The reminders of a morning, over a bare SELECT of the same rows.

A million accounts with a bill of each of two months; of most of them somebody is linked, and all
have a score. 80,000 have a bill that was due three days ago and is not settled. `value` is the
whole run from bills to notices that wait, pieces and counts included; the days to come are counted
after it. `floor` is one SELECT of the same rows, by all the conditions of the run for that one
rung, fetched by this process. Both are measured in turns, and `ratio` may not be more than three.
`write_ratio` is the run over the same SELECT with its rows inserted in the table of notices by
nothing but that statement. `peak_mb` is the most memory that this process held, the database not
counted; it may not be more than 400.
"""

import json
import resource
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg
from sqlalchemy import text

from notifications.arrears import running, sparing
from payments import on_its_way
from runtime import clock, crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database, libpq_url
from runtime.postgres import PrivateServer
from tests.service import builders

ACCOUNTS, DUE = 1_000_000, 80_000
MOST_RATIO, MOST_MB = 3.0, 400
TURNS = 3
LINKED = 5
"""All but each fifth account have a user."""
KIND = "arrears.late_3"

_NO = "'77' || lpad(n::text, 10, '0')"
_PEOPLE = """
    INSERT INTO user_account (phone, phone_index, name, language, theme, elder_mode)
    SELECT phone, sha256(n::text::bytea), name, language, theme, false
    FROM user_account, generate_series(1, :accounts) AS n
"""
_ACCOUNTS = f"""
    INSERT INTO account (account_no, holder_name, phone, address, kind, settlement, low_income,
        opened, seq)
    SELECT {_NO}, holder_name, phone, address, kind, settlement, low_income, opened, 0
    FROM account, generate_series(1, :accounts) AS n
"""
_LINKS = f"""
    INSERT INTO link (user_id, account_no, role)
    SELECT :first + n, {_NO}, 'owner' FROM generate_series(1, :accounts) AS n
    WHERE n % {LINKED} <> 0
"""
_SCORES = f"""
    INSERT INTO late_score (account_no, score, band, reasons, model_no, at)
    SELECT {_NO}, (n % 100) / 100.0, (ARRAY['low', 'middle', 'high'])[n % 3 + 1], '[]', 1, now()
    FROM generate_series(1, :accounts) AS n
"""
_BILLS = f"""
    INSERT INTO bill (bill_no, account_no, service_point_no, period, revision, status, from_day,
        to_day, wh, tariff, tariff_version, "case", lines, readings, total_fen, consumption_fen,
        export_fen, settled_fen, estimated, issued_at, due, seq)
    SELECT 'B' || month || '-' || n, {_NO}, service_point_no, period, revision, status, from_day,
        to_day, wh, tariff, tariff_version, '{{}}', '[]', '[]', total_fen, consumption_fen,
        export_fen,
        CASE WHEN month = 1 AND (CAST(n AS bigint) * 7919) % :accounts < :due THEN 0
            ELSE total_fen END,
        estimated, issued_at, CAST(:day AS date) - (month - 1) * 30, 0
    FROM bill, generate_series(1, 2) AS month, generate_series(1, :accounts) AS n
"""
_SELECT = """
    SELECT 'arrears.late_3:' || owed.account_no || ':' || to_char(owed.due, 'YYYY-MM-DD') || ':'
        || coalesce(link.user_id::text, '') AS key, link.user_id, owed.account_no
    FROM (
        SELECT bill.account_no, min(bill.due) AS due
        FROM bill
        JOIN account ON account.account_no = bill.account_no
        LEFT JOIN late_score score ON score.account_no = bill.account_no
        WHERE bill.due = %(due)s AND bill.status = 'issued' AND bill.settled_fen < bill.total_fen
            AND account.closed IS NULL AND account.settlement = 'postpaid'
            AND account.kind = 'residential' AND bill.tariff NOT IN
                ('demo-industrial-2part-demand', 'demo-industrial-2part-capacity')
            AND coalesce(score.band, 'middle') IN ('low', 'middle', 'high')
            AND NOT EXISTS (SELECT FROM reminder_pause WHERE ended_at IS NULL)
            AND NOT EXISTS (SELECT FROM arrangement WHERE arrangement.account_no = bill.account_no
                AND (state = 'active' OR state = 'asked' AND asked_at >= now() - INTERVAL '5 days'))
            AND NOT EXISTS (SELECT FROM service_request asked
                WHERE asked.account_no = bill.account_no AND kind = 'dispute' AND closed_at IS NULL)
            AND NOT EXISTS (SELECT FROM payment_order_item item
                JOIN posting_task task USING (order_id, account_no)
                WHERE item.bill_no = bill.bill_no AND NOT EXISTS
                    (SELECT FROM posting WHERE posting.posting_no = task.posting_no))
            AND NOT EXISTS (SELECT FROM agreement_debit debit
                JOIN agreement ON agreement.id = debit.agreement_id
                WHERE debit.bill_no = bill.bill_no AND (debit.state = 'begun'
                    OR debit.state = 'planned' AND debit.day >= %(day)s
                    AND agreement.state = 'active'))
        GROUP BY bill.account_no
        HAVING sum(bill.total_fen - bill.settled_fen) >= 100
    ) owed
    LEFT JOIN link ON link.account_no = owed.account_no AND link.ended_at IS NULL
        AND link.role IN ('owner', 'payer', 'enterprise_admin', 'enterprise_finance')
"""
_INSERT = f"""
    INSERT INTO notice (key, user_id, account_no, kind, expires_at)
    SELECT key, user_id, account_no, '{KIND}', now() + INTERVAL '2 days' FROM ({_SELECT}) told
    ON CONFLICT DO NOTHING
"""


def main() -> None:
    """Measure, and print the result as one JSON line."""
    logs.configure("ERROR", process="bench")
    crypto.use_keys(KeyRing({"bench": bytes(range(32))}, bytes(range(32, 64))))
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        server = PrivateServer(Path(folder))
        try:
            url = server.start().url
            migrate.upgrade(url)
            for each in (on_its_way.paid, on_its_way.debited):
                sparing.spare(each)
            database = Database(url)
            day = _working_day()
            _fill(database, day - timedelta(days=3))
            print(json.dumps(_measured(database, url, day)), flush=True)
            database.dispose()
        finally:
            server.remove()


def _working_day() -> date:
    """A day on which one due day alone falls on the rung: no day off is before it."""
    day = clock.today()
    while not (clock.is_working_day(day) and clock.is_working_day(day - timedelta(days=1))):
        day += timedelta(days=1)
    return day


def _fill(database: Database, due: date) -> None:
    """A million of everything, made by the server of one row of each; links without their keys."""
    with database.unit_of_work() as session:
        account = builders.create_account(session)
        builders.create_bill(session, account, total_fen=14951, settled_fen=14951)
        first = builders.create_user(session).id
    with database.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        for key in ("fk_link_user_id_user_account", "fk_link_account_no_account"):
            session.execute(text(f"ALTER TABLE link DROP CONSTRAINT {key}"))
        values = {"accounts": ACCOUNTS, "due": DUE, "day": due, "first": first}
        for statement in (_PEOPLE, _ACCOUNTS, _LINKS, _SCORES, _BILLS):
            named = text(statement)
            session.execute(named, {name: values[name] for name in named._bindparams})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def _measured(database: Database, url: str, day: date) -> dict[str, object]:
    due = {"due": day - timedelta(days=3), "day": day}
    with psycopg.connect(libpq_url(url)) as connection:
        _select(connection, due)
        ours, floors, writes = [], [], []
        for _ in range(TURNS):
            floors.append(_select(connection, due))
            writes.append(_insert(connection, due))
            ours.append(_run(database, connection, day))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = median(own / bare for own, bare in zip(ours, floors, strict=True))
    written = median(own / bare for own, bare in zip(ours, writes, strict=True))
    result = {
        "name": "reminder-run",
        "value": round(DUE / median(ours)),
        "floor": round(DUE / median(floors)),
        "ratio": round(ratio, 3),
        "unit": "accounts/s",
        "write_ratio": round(written, 3),
        "peak_mb": round(peak),
    }
    assert peak <= MOST_MB, result
    assert ratio <= MOST_RATIO, result
    return result


def _select(connection: psycopg.Connection, due: dict[str, date]) -> float:
    started = perf_counter()
    with connection.cursor() as cursor:
        rows = sum(1 for _ in cursor.stream(_SELECT, due, size=5000))
    seconds = perf_counter() - started
    assert rows == DUE, rows
    connection.rollback()
    return seconds


def _insert(connection: psycopg.Connection, due: dict[str, date]) -> float:
    started = perf_counter()
    rows = connection.execute(_INSERT, due).rowcount
    connection.commit()
    seconds = perf_counter() - started
    assert rows == DUE, rows
    _empty(connection)
    return seconds


def _run(database: Database, connection: psycopg.Connection, day: date) -> float:
    started = perf_counter()
    found = running.run(database, day)
    seconds = perf_counter() - started
    assert found.notices == DUE, found.notices
    _empty(connection)
    return seconds


def _empty(connection: psycopg.Connection) -> None:
    connection.execute("TRUNCATE notice, reminder_run")
    connection.commit()


if __name__ == "__main__":
    main()
