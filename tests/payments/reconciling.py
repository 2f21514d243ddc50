"""The three sides of a day for tests of reconciliation: books, statements, the core's file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from payments.gateways.base import GatewayRefused
from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.models import Order, OrderEvent, OrderItem, PostingTask
from payments.receipts import book_payment
from payments.reconciliation.models import Difference
from payments.statements.base import Line, Statement, StatementRefused
from runtime import clock
from runtime.database import Database
from runtime.errors import Refused
from service.models import User

DAY = date(2026, 11, 20)
NOON = clock.civil_midnight(DAY) + timedelta(hours=12)
ACCOUNT = "420011875603"
COLUMNS = (
    "kind",
    "posting_no",
    "account_no",
    "amount_fen",
    "channel",
    "order_no",
    "paid_at",
    "posted_at",
)


def line(number: str, fen: int = 10000, *, at: datetime = NOON, **change: object) -> Line:
    """A payment on a statement; the fee is 0.6 %."""
    given = {"trade_no": f"T{number}", "fee_fen": (fen * 6 + 500) // 1000} | change
    return Line("payment", number, str(given["trade_no"]), None, fen, given["fee_fen"], at)  # type: ignore[arg-type]


def back(number: str, refund_no: str, fen: int, *, at: datetime = NOON, fee_fen: int = 0) -> Line:
    """A refund on a statement."""
    return Line("refund", number, f"T{number}", refund_no, fen, fee_fen, at)


@dataclass
class Said:
    """A gateway's statements: what it will say, or the reason why it is refused."""

    name: str = "wechat"
    lines: dict[date, list[Line]] = field(default_factory=dict)
    refused: str | None = None

    def fetch(self, day: date, folder: Path) -> Statement:
        if self.refused:
            raise StatementRefused(self.name, self.refused, 7)  # type: ignore[arg-type]
        if day not in self.lines:
            raise GatewayRefused(self.name, "no_statement")
        rows = self.lines[day]
        path = folder / f"{self.name}-{day}.csv"
        text = "".join(f"`{','.join(map(str, row))}\n" for row in rows)
        path.write_text(f"交易时间,商户订单号\n{text}", encoding="utf-8")
        return Statement(
            self.name,
            day,
            path,
            sha256(path.read_bytes()).hexdigest(),
            len(rows),
            sum(row.amount_fen for row in rows if row.kind == "payment"),
            sum(row.amount_fen for row in rows if row.kind == "refund"),
            sum(row.fee_fen if row.kind == "payment" else -row.fee_fen for row in rows),
            rows,
        )


@dataclass
class CoreFile:
    """The core's settlement files; rows as `booked` gives them."""

    rows: dict[date, list[tuple[object, ...]]] = field(default_factory=dict)
    refused: str | None = None

    def settlement(self, day: date, folder: Path) -> Path:
        if self.refused:
            raise Refused("settlement.malformed", reason=self.refused)
        rows = self.rows.get(day, [])
        path = folder / f"core-{day}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(COLUMNS)
            lines.writerows(rows)
            lines.writerow(("total", len(rows), sum(int(str(row[3])) for row in rows)))
        return path


def booked(
    number: str,
    fen: int = 10000,
    *,
    at: datetime = NOON,
    posting_no: str | None = None,
    channel: str = "wechat",
) -> tuple[object, ...]:
    """A posting in the core's file."""
    posting_no = posting_no or f"P{number}"
    when = at.isoformat()
    return ("posting", posting_no, ACCOUNT, fen, channel, number, when, when)


def place_order(
    session: Session, number: str, fen: int = 10000, *, gateway: str = "wechat", **given: object
) -> Order:
    """An order that waits for its payment."""
    user_id = session.scalar(select(func.min(User.id)))
    order = Order(
        order_no=number,
        user_id=user_id,
        status="awaiting",
        gateway=gateway,
        product="native",
        purpose="top_up",
        amount_fen=fen,
        idempotency_key=number,
        created_at=NOON - timedelta(minutes=5),
        expires_at=NOON + timedelta(days=9),
        next_query_at=NOON + timedelta(days=9),
        items=[OrderItem(account_no=ACCOUNT, principal_fen=fen, amount_fen=fen, held=False)],
    )
    for name, value in given.items():
        setattr(order, name, value)
    session.add(order)
    session.flush()
    session.add(OrderEvent(order_id=order.id, to_status="created", cause="customer"))
    return order


def pay_order(
    session: Session,
    number: str,
    fen: int = 10000,
    *,
    at: datetime = NOON,
    posted_at: datetime | None = None,
    posted: bool = True,
    gateway: str = "wechat",
) -> Order:
    """An order that was paid, and posted unless told otherwise; the books know of both."""
    order = place_order(session, number, fen, gateway=gateway)
    order.status, order.paid_at, order.trade_no = "paid", at, f"T{number}"
    book_payment(session, order)
    key = f"{number}:{ACCOUNT}"
    task = PostingTask(
        order_id=order.id, account_no=ACCOUNT, amount_fen=fen, bill_nos=[], idempotency_key=key
    )
    if posted:
        order.status, order.posted_at = "posted", posted_at or at
        task.posting_no, task.posted_at = f"P{number}", posted_at or at
        book(
            session,
            Kind.POSTING,
            key,
            debit=RECEIVED,
            credit=POSTED,
            amount_fen=fen,
            order_no=number,
        )
    session.flush()
    session.add(task)
    session.flush()
    return order


def differences(database: Database) -> list[tuple[str, str, str, str, str | None]]:
    """Source, class, key, state and how of all, sorted."""
    with database.unit_of_work() as session:
        rows = session.scalars(select(Difference)).all()
        return sorted((row.source, row.kind, row.key, row.state, row.how) for row in rows)


def jobs(database: Database) -> Iterator[tuple[str, str]]:
    """Task and order of the jobs that wait."""
    with database.unit_of_work() as session:
        rows = session.execute(
            text("SELECT task_name, args ->> 'order_no' FROM procrastinate_jobs ORDER BY 1, 2")
        ).all()
    return iter([tuple(row) for row in rows])
