"""Small builders of the customer layer's rows, for the tests of every room above it.

Each adds one object to the session, flushes, and returns it. What is not named gets a plain value;
numbers are unique within a test session.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from rating import Statement, parse_case, rate
from runtime.crypto import blind_index
from service import partitions
from service.models import (
    Account,
    Bill,
    DailyUse,
    Link,
    Meter,
    MeterDay,
    Posting,
    Reversal,
    ServicePoint,
    User,
)
from service.outages.models import Outage

T = TypeVar("T")

_numbers = count(1)


def create_user(session: Session, *, phone: str | None = None, **fields: Any) -> User:
    phone = phone or f"139{next(_numbers):08d}"
    user = User(phone=phone, phone_index=blind_index(phone, "user.phone"), **fields)
    return _added(session, user)


def create_account(session: Session, account_no: str | None = None, **fields: Any) -> Account:
    values = {
        "account_no": account_no or f"42{next(_numbers):010d}",
        "holder_name": "王建华",
        "phone": "13800138000",
        "address": "梧桐里 12 栋 502",
        "kind": "residential",
        "settlement": "postpaid",
        "opened": date(2019, 4, 1),
    } | fields
    indexes = {
        "phone_index": blind_index(values["phone"], "account.phone"),
        "holder_name_index": blind_index(values["holder_name"], "account.holder_name"),
    }
    return _added(session, Account(**indexes | values))


def create_link(session: Session, user: User, account: Account, role: str = "owner") -> Link:
    return _added(session, Link(user_id=user.id, account_no=account.account_no, role=role))


def create_customer(session: Session, role: str = "owner", **fields: Any) -> tuple[User, Account]:
    """A user with an account and the link between them; `fields` are the account's."""
    user, account = create_user(session), create_account(session, **fields)
    create_link(session, user, account, role)
    return user, account


def create_service_point(
    session: Session, account: Account, tariff: str = "zj-residential-tou", **fields: Any
) -> ServicePoint:
    values = {
        "service_point_no": f"SP{next(_numbers):08d}",
        "account_no": account.account_no,
        "address": account.address,
        "area": "T-17",
        "tariff": tariff,
    }
    return _added(session, ServicePoint(**values | fields))


def create_meter(session: Session, point: ServicePoint, **fields: Any) -> Meter:
    values = {
        "meter_no": f"M{next(_numbers):08d}",
        "service_point_no": point.service_point_no,
        "interval": True,
        "installed": date(2019, 4, 1),
    }
    return _added(session, Meter(**values | fields))


def create_meter_day(
    session: Session, meter: Meter, day: date, import_wh: Sequence[int] | int, **fields: Any
) -> MeterDay:
    """A day of 96 values; a single number stands for 96 of it."""
    partitions.ensure_months(session.connection(), [day])
    values = [import_wh] * 96 if isinstance(import_wh, int) else list(import_wh)
    row = MeterDay(meter_no=meter.meter_no, day=day, import_wh=values, **fields)
    return _added(session, row)


def create_daily_use(
    session: Session, meter: Meter, day: date, import_wh: int, **fields: Any
) -> DailyUse:
    row = DailyUse(meter_no=meter.meter_no, day=day, import_wh=import_wh, **fields)
    return _added(session, row)


def create_bill(
    session: Session,
    account: Account,
    period: str = "2026-10",
    *,
    case: Mapping[str, Any] | None = None,
    service_point_no: str = "SP1",
    **fields: Any,
) -> Bill:
    """An issued bill, rated from `case` (TARIFFS 9.1; tariff, period and kwh have defaults).

    `total_fen` alone may be given to make a bill of that amount without caring for its lines.
    """
    given = {"tariff": "zj-residential-tou", "kwh": {"peak": "178", "valley": "108"}}
    given = given | dict(case or {}) | {"period": period}
    statement = rate(parse_case(given))
    first = date(int(period[:4]), int(period[5:]), 1)
    following = (first + timedelta(days=31)).replace(day=1)
    values = {
        "bill_no": f"B{period.replace('-', '')}{next(_numbers):06d}",
        "account_no": account.account_no,
        "service_point_no": service_point_no,
        "period": period,
        "status": "issued",
        "from_day": first,
        "to_day": following - timedelta(days=1),
        "wh": int(statement.kwh_total * 1000),
        "tariff": statement.tariff,
        "tariff_version": statement.version,
        "case": given,
        "lines": lines_of(statement),
        "readings": [],
        "total_fen": statement.total_fen,
        "consumption_fen": fields.get("total_fen", statement.consumption_fen),
        "export_fen": statement.export_fen,
        "issued_at": datetime(following.year, following.month, 3, 1, tzinfo=UTC),
        "due": following.replace(day=18),
    }
    return _added(session, Bill(**values | fields))


def create_posting(
    session: Session, account: Account, amount_fen: int = 10000, **fields: Any
) -> Posting:
    number = next(_numbers)
    values = {
        "posting_no": f"P{number:012d}",
        "account_no": account.account_no,
        "amount_fen": amount_fen,
        "channel": "wechat",
        "order_no": f"O{number:012d}",
        "paid_at": datetime(2026, 11, 5, 2, tzinfo=UTC),
        "posted_at": datetime(2026, 11, 5, 2, 0, 3, tzinfo=UTC),
        "allocations": [],
    }
    return _added(session, Posting(**values | fields))


def create_reversal(
    session: Session, posting: Posting, amount_fen: int | None = None, **fields: Any
) -> Reversal:
    """A posting taken back, whole unless an amount is given."""
    values = {
        "reversal_no": f"R{next(_numbers):012d}",
        "posting_no": posting.posting_no,
        "account_no": posting.account_no,
        "amount_fen": amount_fen or posting.amount_fen,
        "reason": "paid_twice",
        "order_no": posting.order_no,
        "reversed_at": datetime(2026, 11, 6, 2, tzinfo=UTC),
    }
    return _added(session, Reversal(**values | fields))


def create_outage(session: Session, starts_at: datetime, **fields: Any) -> Outage:
    """A planned outage of two hours in the area of `create_service_point`, announced before."""
    values = {
        "outage_no": f"T{next(_numbers):012d}",
        "kind": "planned",
        "areas": ["T-17"],
        "places": ["梧桐里 9–12 栋"],
        "reason_code": "maintenance",
        "reason": "10 千伏梧桐线计划检修",
        "announced_at": starts_at - timedelta(days=8),
        "starts_at": starts_at,
        "expected_end_at": starts_at + timedelta(hours=2),
        "state": "announced",
        "updated_at": starts_at - timedelta(days=8),
    }
    return _added(session, Outage(**values | fields))


def lines_of(statement: Statement) -> list[dict[str, Any]]:
    """Lines in the form in which the core sends them."""
    return [
        {
            "code": line.code,
            "quantity": str(line.quantity),
            "unit": line.unit,
            "rate": str(line.rate),
            "amount_fen": line.amount_fen,
            "base_fen": line.base_fen,
            "explain": line.explain,
        }
        for line in statement.lines
    ]


def _added(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row
