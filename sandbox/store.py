"""Where the outside world remembers: one SQLite file that survives its process being killed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
create table if not exists trade (
    id integer primary key,
    channel text not null check (channel in ('wechat', 'alipay', 'unionpay')),
    product text not null,
    out_trade_no text not null,
    token text not null unique,
    trade_no text not null unique,
    total_fen integer not null check (total_fen > 0),
    subject text not null,
    request text not null,
    notify_url text not null,
    return_url text not null,
    state text not null default 'open' check (state in ('open', 'paid', 'closed')),
    created_at real not null,
    expires_at real not null,
    paid_at real,
    unique (channel, out_trade_no),
    check ((paid_at is not null) = (state = 'paid'))
);
create table if not exists refund (
    id integer primary key,
    trade_id integer not null references trade,
    refund_no text not null,
    gateway_no text not null unique,
    fen integer not null check (fen > 0),
    reason text not null,
    created_at real not null,
    settles_at real not null,
    unique (trade_id, refund_no)
);
create table if not exists agreement (
    id integer primary key,
    channel text not null check (channel in ('wechat', 'alipay')),
    code text not null,
    contract_no text not null unique,
    token text not null unique,
    request text not null,
    notify_url text not null,
    return_url text not null,
    state text not null default 'open' check (state in ('open', 'signed', 'ended')),
    mood text not null default 'pays' check (mood in ('pays', 'no_money', 'pending')),
    created_at real not null,
    expires_at real not null,
    signed_at real,
    ended_at real,
    ended_by text,
    unique (channel, code)
);
create table if not exists failed_debit (
    trade_id integer primary key references trade
);
create table if not exists refund_ending (
    refund_id integer primary key references refund,
    ending text not null check (ending in ('closed', 'abnormal'))
);
create table if not exists notice (
    id integer primary key,
    number text not null,
    trade_id integer references trade,
    refund_id integer references refund,
    agreement_id integer references agreement,
    event text not null
        check (event in ('paid', 'closed', 'refunded', 'failed', 'signed', 'ended')),
    flavour text not null check (flavour in ('genuine', 'wrong_amount', 'forged')),
    url text not null,
    state text not null check (state in ('pending', 'delivered', 'lost', 'given_up')),
    tries integer not null default 0,
    taken integer not null default 0,
    created_at real not null,
    next_at real not null,
    last_status integer,
    last_answer text,
    check ((trade_id is null) <> (agreement_id is null))
);
create index if not exists notice_due on notice (next_at) where state = 'pending';
create table if not exists nonce (
    nonce text primary key,
    used_at real not null
) without rowid;
create table if not exists message (
    id integer primary key,
    medium text not null check (medium in ('sms', 'mail', 'voice', 'push', 'wechat')),
    message_id text not null unique,
    client_id text not null,
    recipient text not null,
    content text not null,
    created_at real not null,
    provider text not null default ''
);
create index if not exists message_recipient on message (medium, recipient, id);
create unique index if not exists message_once on message (medium, client_id)
    where provider = '';
create index if not exists message_client_id on message (medium, client_id);
create table if not exists sms_template (
    provider text not null,
    code text not null,
    name text not null,
    text text not null,
    variables text not null,
    primary key (provider, code)
) without rowid;
create table if not exists sms_push (
    id integer primary key,
    provider text not null check (provider in ('aliyun', 'tencent')),
    message_id integer references message,
    reply text,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'given_up')),
    tries integer not null default 0,
    next_at real not null,
    last_status integer,
    last_answer text,
    check ((message_id is null) <> (reply is null))
);
create index if not exists sms_push_due on sms_push (provider, next_at) where state = 'pending';
create table if not exists report (
    message integer primary key references message,
    state text not null default 'pending' check (state in ('pending', 'told', 'given_up')),
    tries integer not null default 0,
    next_at real not null
);
create index if not exists report_due on report (next_at) where state = 'pending';
create table if not exists chat_line (
    id integer primary key,
    openid text not null,
    author text not null check (author in ('person', 'account', 'trouble')),
    text text not null,
    created_at real not null
);
create index if not exists chat_line_openid on chat_line (openid, id);
create table if not exists invoice (
    request_no text primary key,
    invoice_no text not null unique,
    red_of text unique,
    content text not null,
    created_at real not null
);
create table if not exists condition (
    name text primary key,
    value text not null
) without rowid;
create table if not exists closed_day (
    day text primary key
) without rowid;
create table if not exists statement_file (
    token text primary key,
    channel text not null,
    content blob not null,
    until real not null
);
"""

TABLES = (
    "chat_line",
    "invoice",
    "notice",
    "failed_debit",
    "refund_ending",
    "refund",
    "trade",
    "agreement",
    "nonce",
    "sms_push",
    "sms_template",
    "report",
    "message",
    "condition",
    "closed_day",
    "statement_file",
)


VERSION = 4
"""A file with other tables is forgotten: nobody's money is in it."""


class Store:
    """Transactions on one file. Writers queue; what is committed outlives `kill -9`.

    Connections are kept: when the last one closes, SQLite tidies the whole file up.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        if self._version() not in (0, VERSION):
            self._close()
            for ending in ("", "-wal", "-shm"):
                Path(f"{path}{ending}").unlink(missing_ok=True)
        with self._connection() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript(SCHEMA)
            db.execute(f"pragma user_version = {VERSION}")

    def _version(self) -> int:
        """Of the tables in the file; 0 for a new one, 1 before versions were written down."""
        with self._connection() as db:
            version: int = db.execute("pragma user_version").fetchone()[0]
            tables = db.execute("select count(*) from sqlite_master").fetchone()[0]
        return version or min(tables, 1)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens, or nothing; nobody else writes meanwhile."""
        with self._connection() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent picture."""
        with self._connection() as db:
            db.execute("begin")
            yield db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """One that nobody uses at the moment; it is back in its place without a transaction."""
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._connect()
        try:
            yield db
        finally:
            if db.in_transaction:
                db.rollback()
            self._idle.append(db)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("pragma foreign_keys = on")
        db.execute("pragma synchronous = normal")
        return db

    def _close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def empty(self) -> None:
        """Forget everything."""
        with self.transaction() as db:
            for table in TABLES:
                db.execute(f"delete from {table}")  # noqa: S608 - names from the list above
