"""Small builders of what the core knows, for tests."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import numpy as np
from sqlalchemy.orm import Session

from core import feed
from core.billing import issuing
from core.metering.days import Day, letters_of, save
from core.metering.usage import month_days
from core.models import Account, Bill, Meter, ServicePoint, TariffAssignment
from runtime.crypto import blind_index

_numbers = count(1)


def create_account(session: Session, account_no: str | None = None, **given: Any) -> Account:
    """An account on a flat residential tariff, unless told otherwise."""
    number = next(_numbers)
    phone = given.pop("phone", f"138{number:08d}")
    fields: dict[str, Any] = {
        "account_no": account_no or f"42{number:010d}",
        "holder_name": "陈大文",
        "phone": phone,
        "phone_index": blind_index(phone, "core.account.phone"),
        "address": "海淀区灯火路1号",
        "kind": "residential",
        "opened": date(2020, 1, 1),
    }
    account = Account(**(fields | given))
    session.add(account)
    session.flush()
    return account


def create_service_point(
    session: Session, account: Account, tariff: str = "bj-residential", **given: Any
) -> ServicePoint:
    """A place of supply on a tariff, without a meter."""
    fields: dict[str, Any] = {
        "service_point_no": f"SP{next(_numbers):08d}",
        "account_id": account.id,
        "address": account.address,
        "area": "A-01",
    }
    point = ServicePoint(**(fields | given))
    session.add(point)
    session.flush()
    since = TariffAssignment(service_point_id=point.id, since=account.opened, tariff=tariff)
    session.add(since)
    session.flush()
    return point


def create_meter(session: Session, point: ServicePoint, **given: Any) -> Meter:
    """An interval meter in place since 2020."""
    fields: dict[str, Any] = {
        "meter_no": f"M{next(_numbers):08d}",
        "service_point_id": point.id,
        "installed": date(2020, 1, 1),
    }
    meter = Meter(**(fields | given))
    session.add(meter)
    session.flush()
    return meter


def create_bill(
    session: Session,
    point: ServicePoint,
    total_fen: int,
    period: str = "2026-09",
    issued: datetime = datetime(2026, 10, 1, 1, tzinfo=UTC),
    **given: Any,
) -> Bill:
    """An issued bill, owed from then on; due 15 days after its issue unless told otherwise."""
    due = given.pop("due", None)
    fields: dict[str, Any] = {
        "bill_no": f"{period.replace('-', '')}{point.service_point_no}00",
        "account_id": point.account_id,
        "service_point_id": point.id,
        "period": period,
        "revision": 0,
        "status": "held",
        "from_day": date.fromisoformat(f"{period}-01"),
        "to_day": date.fromisoformat(f"{period}-28"),
        "wh": 100_000,
        "used_wh": 100_000,
        "tariff": "bj-residential",
        "tariff_version": "2012-07",
        "case": {"tariff": "bj-residential", "period": period, "kwh": {"total": "100.00"}},
        "lines": [],
        "readings": [],
        "total_fen": total_fen,
        "consumption_fen": total_fen,
        "export_fen": 0,
        "late_fen": 0,
        "settled_fen": 0,
        "estimated": False,
    }
    bill = Bill(**(fields | given))
    session.add(bill)
    issuing.issue(session, bill, issued, due_days=15)
    bill.due = due or bill.due
    session.flush()
    return bill


def record_use(
    session: Session,
    meter: Meter,
    period: str,
    quarter_wh: int = 100,
    export_wh: int | None = None,
    days: int | None = None,
) -> None:
    """The same Wh in every quarter-hour of a month, or of its first days."""
    first, last = month_days(period)
    count = days or (last - first).days + 1
    save(
        session,
        [
            Day(
                meter.id,
                first + timedelta(days=n),
                np.full(96, quarter_wh),
                None if export_wh is None else np.full(96, export_wh),
                None,
                letters_of(None),
            )
            for n in range(count)
        ],
    )


def create_home(
    session: Session, tariff: str = "bj-residential", **account: Any
) -> tuple[Account, ServicePoint, Meter]:
    """An account with one service point and one interval meter."""
    holder = create_account(session, **account)
    point = create_service_point(session, holder, tariff)
    return holder, point, create_meter(session, point)


def all_changes(session: Session) -> list[dict[str, Any]]:
    """The whole feed, decoded."""
    page = feed.read(session, 0, feed.LARGEST_PAGE)
    return [msgspec.json.decode(line) for line in page.lines.splitlines()]
