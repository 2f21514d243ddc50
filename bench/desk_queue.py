# ruff: noqa: S608 - statements are made of the constants below
"""The first page of a queue with a million requests, over the same page with ten thousand.

Both are whole pages as somebody at the desk gets them, from the address to the last byte of HTML:
who asks, the fifty rows with their customers, the counts of all queues, what is kept, the unread
messages. Three of a hundred requests are open, as they are where most are done within days. The
pages of both sizes are asked for in turns, in one process without a network between; `ratio` may
not be more than three. `ratio_all` is the same of the queue of all teams, `ratio_deep` of a page in
the middle of it, and `board_ms` what the board of all teams and people costs with a million.
"""

import json
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote

import psycopg
from flask.testing import FlaskClient
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.current import SIGN_IN_COOKIE
from portal.security import cookie_name
from portal.settings import PortalSettings
from runtime import clock, crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database, libpq_url
from runtime.postgres import PrivateServer
from runtime.settings import load
from service.desk import seats
from service.desk.queue import PAGE, Mark
from service.people import sessions
from service.people.sessions import Lifetime
from service.requests import asking
from service.requests.askers import Asker
from service.requests.kinds import kind
from service.requests.models import Request
from tests.service import builders
from tests.service.requests.conftest import TOLD

SMALL, LARGE = 10_000, 1_000_000
MOST_RATIO = 3.0
TURNS, WARM = 40, 5
"""How often each page is asked for, and how often before anything counts."""
OPEN = 0.03
STAFF = 40
KINDS = ("outage_repair", "new_connection", "meter_check", "dispute", "complaint")
"""One of each team; the others are copies of these."""
TEAM = "repair"
QUEUE = f"/desk/requests?team={TEAM}"
ALL = "/desk/requests?queue=all"
BOARD = "/desk/load"

_OWN = {
    "request_no": "'Q' || n",
    "idempotency_key": "'k' || n",
    "account_no": "CASE WHEN account_no IS NOT NULL THEN '77' || lpad(CAST(n % :accounts + 1"
    " AS text), 10, '0') END",
    "state": "CASE WHEN open THEN 'received' ELSE 'done' END",
    "opened_at": "came",
    "updated_at": "came",
    "closed_at": "CASE WHEN NOT open THEN came + INTERVAL '2 days' END",
    "paused_at": "CASE WHEN open AND dice < 0.1 THEN came END",
    "due_at": "CASE WHEN open AND dice >= 0.1 THEN now() + (dice * 12 - 2) * INTERVAL '1 day' END",
    "warn_at": "NULL",
    "urgent": "open AND dice > 0.98",
    "assignee_id": f"CASE WHEN NOT open OR dice > 0.4 THEN :first + n % {STAFF} END",
    "core_order_no": "NULL",
}
_KEYS = (
    "fk_service_request_account_no_account",
    "fk_service_request_user_id_user_account",
    "fk_service_request_assignee_id_user_account",
)
_ACCOUNTS = """
    INSERT INTO account (account_no, holder_name, phone, address, kind, settlement, low_income,
        opened, seq)
    SELECT '77' || lpad(n::text, 10, '0'), holder_name, phone, address, kind, settlement,
        low_income, opened, 0
    FROM account, generate_series(1, :accounts) AS n
"""
_PEOPLE = """
    INSERT INTO user_account (phone, phone_index, name, language, theme, elder_mode, staff_role)
    SELECT phone, sha256(n::text::bytea), name, language, theme, elder_mode, 'agent'
    FROM user_account, generate_series(1, :staff) AS n WHERE staff_role IS NOT NULL
"""


@dataclass(frozen=True)
class Desk:
    """An agent's browser at a portal, and the database behind it."""

    client: FlaskClient
    database: Database

    def seconds(self, address: str, rows: int | None = None) -> float:
        """How long a page takes; that it holds so many rows is made sure of."""
        started = perf_counter()
        answer = self.client.get(address)
        seconds = perf_counter() - started
        assert answer.status_code == 200, answer.status
        assert rows is None or answer.text.count("data-turn") == rows
        return seconds


def main() -> None:
    """Measure, and print the result as one JSON line."""
    logs.configure("CRITICAL", process="bench")
    crypto.use_keys(KeyRing({"bench": bytes(range(32))}, bytes(range(32, 64))))
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        var = Path(folder)
        server = PrivateServer(var)
        try:
            url = server.start().url
            small, large = (_desk(var, url, count) for count in (SMALL, LARGE))
            print(json.dumps(_measured(small, large)), flush=True)
            small.database.dispose()
            large.database.dispose()
        finally:
            server.remove()


def _measured(small: Desk, large: Desk) -> dict[str, object]:
    ours, floors = _in_turns(small, large, QUEUE)
    ratio = _ratio(ours, floors)
    assert ratio <= MOST_RATIO, ratio
    board = median(large.seconds(BOARD) for _ in range(5))
    return {
        "name": "desk-queue",
        "value": round(median(ours) * 1000, 2),
        "floor": round(median(floors) * 1000, 2),
        "ratio": ratio,
        "unit": "ms",
        "ratio_all": _ratio(*_in_turns(small, large, ALL)),
        "ratio_deep": _ratio(*_in_turns(small, large, f"{ALL}&after={quote(str(_middle()))}")),
        "board_ms": round(board * 1000, 1),
    }


def _middle() -> Mark:
    """A place in the queue before which and behind which there are pages of both sizes."""
    return Mark(clock.now() + timedelta(days=3), 0)


def _in_turns(small: Desk, large: Desk, address: str) -> tuple[list[float], list[float]]:
    """Seconds of the page with a million and with ten thousand, one after the other."""
    pairs = [
        (large.seconds(address, PAGE), small.seconds(address, PAGE)) for _ in range(TURNS + WARM)
    ]
    ours, floors = zip(*pairs[WARM:], strict=True)
    return list(ours), list(floors)


def _ratio(ours: list[float], floors: list[float]) -> float:
    """The middle one of the turns: both pages of a turn had the same neighbours."""
    return round(median(own / bare for own, bare in zip(ours, floors, strict=True)), 3)


def _desk(var: Path, url: str, count: int) -> Desk:
    """A portal on a database of its own with so many requests, and a lead who is signed in."""
    own = _new_database(url, f"desk_{count}")
    migrate.upgrade(own)
    database = Database(own)
    with database.unit_of_work() as session:
        token = _first(session)
        _copy(session, count)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    secret = SecretStr("for the bench alone")
    settings = load(PortalSettings, var=var, database_url=own, secret_key=secret)
    client = create_app(settings, database).test_client()
    client.set_cookie(cookie_name(SIGN_IN_COOKIE, settings), token)
    return Desk(client, database)


def _new_database(url: str, name: str) -> str:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _first(session: Session) -> str:
    """A customer with a request of each team, and a lead; the token of the lead's sign-in."""
    user, account = builders.create_customer(session)
    bill = builders.create_bill(session, account)
    for name in KINDS:
        told = TOLD[name] | ({"bill": bill.bill_no} if "bill" in TOLD[name] else {})
        given = account.account_no if kind(name).account != "none" else None
        asking.apply(session, Asker.of_user(user.id), name, given, told, name)
    lead = builders.create_user(session, name="沈知秋", staff_role="lead")
    seats.sit(session, lead.id, TEAM)
    day = Lifetime(timedelta(days=1), timedelta(days=1))
    return sessions.open_session(
        session, lead, device="bench", address="127.0.0.1", lifetime=day, shown=("passkey",)
    )


def _copy(session: Session, count: int) -> None:
    """More of the same: each a copy of one of the first, with a time and a state of its own.

    Foreign keys are left out here: to look up a million keys takes longer than all the rest.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text(_PEOPLE), {"staff": STAFF})
    accounts = count // 5
    session.execute(text(_ACCOUNTS), {"accounts": accounts})
    first = session.scalars(text("SELECT min(id) FROM user_account WHERE staff_role = 'agent'"))
    columns = [each.name for each in Request.__table__.columns if each.name != "id"]
    chosen = ", ".join(_OWN.get(name, name) for name in columns)
    session.execute(text("SELECT setseed(0.5)"))
    for key in _KEYS:
        session.execute(text(f"ALTER TABLE service_request DROP CONSTRAINT {key}"))
    session.execute(
        text(f"""
        INSERT INTO service_request ({", ".join(columns)})
        SELECT {chosen}
        FROM (SELECT CAST(n AS bigint) AS n, random() < {OPEN} AS open, random() AS dice,
                     now() - random() * INTERVAL '1000 days' - INTERVAL '2 days' AS came
              FROM generate_series(1, :count) n) copies
        JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM service_request) one
          ON one.place = n % {len(KINDS)} + 1
        """),
        {"count": count, "accounts": accounts, "first": first.one()},
    )


if __name__ == "__main__":
    main()
