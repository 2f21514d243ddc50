"""What the core says about its objects: the `data` of each kind of change (docs/core-api.md).

Each function gives a change for `core.feed.append`. Every change carries the whole object, so a
reader that missed one is right again with the next.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from core.feed import Change
from core.models import (
    Account,
    Bill,
    Meter,
    Posting,
    Reversal,
    ServiceOrder,
    ServicePoint,
)
from core.outages.models import Outage


def account(row: Account) -> Change:
    """Who holds the account, and on what terms."""
    return ("account", row.account_no, account_data(row))


def account_data(row: Account) -> dict[str, Any]:
    """The account without its balance."""
    return {
        "account_no": row.account_no,
        "customer_no": row.customer_no,
        "holder_name": row.holder_name,
        "phone": row.phone,
        "address": row.address,
        "kind": row.kind,
        "settlement": row.settlement,
        "people": row.people,
        "low_income": row.low_income,
        "opened": row.opened,
        "closed": row.closed,
    }


def balance(account_no: str, balance_fen: int, at: datetime) -> Change:
    """What is owed in all (positive) or held as credit (negative), in fen."""
    data = {"account_no": account_no, "balance_fen": balance_fen, "at": at}
    return ("balance", account_no, data)


def service_point(row: ServicePoint, account_no: str, tariff: str) -> Change:
    """A place of supply, with the tariff it is on today."""
    data = {
        "service_point_no": row.service_point_no,
        "account_no": account_no,
        "address": row.address,
        "area": row.area,
        "tariff": tariff,
        "contract_kva": row.contract_kva,
    }
    return ("service_point", row.service_point_no, data)


def meter(row: Meter, service_point_no: str) -> Change:
    """A meter, and whether it counts quarter-hours."""
    data = {
        "meter_no": row.meter_no,
        "service_point_no": service_point_no,
        "interval": row.interval,
        "installed": row.installed,
        "removed": row.removed,
    }
    return ("meter", row.meter_no, data)


def meter_day(
    meter_no: str,
    day: date,
    import_wh: Sequence[int],
    export_wh: Sequence[int] | None = None,
    reactive_varh: Sequence[int] | None = None,
    quality: str | None = None,
) -> Change:
    """96 quarter-hours of a civil day; `quality` as in `core.models.MeterDay`."""
    data = {
        "meter_no": meter_no,
        "day": day,
        "import_wh": import_wh,
        "export_wh": export_wh,
        "reactive_varh": reactive_varh,
        "quality": quality,
    }
    return ("meter_day", f"{meter_no}/{day}", data)


def daily_use(
    meter_no: str, day: date, import_wh: int, export_wh: int = 0, quality: str = "V"
) -> Change:
    """A day's total of a meter that is read by daily registers."""
    data = {
        "meter_no": meter_no,
        "day": day,
        "import_wh": import_wh,
        "export_wh": export_wh,
        "quality": quality,
    }
    return ("daily_use", f"{meter_no}/{day}", data)


_BILL_FIELDS = (
    "bill_no",
    "period",
    "revision",
    "status",
    "from_day",
    "to_day",
    "wh",
    "tariff",
    "tariff_version",
    "case",
    "lines",
    "readings",
    "total_fen",
    "consumption_fen",
    "export_fen",
    "late_fen",
    "settled_fen",
    "estimated",
    "issued_at",
    "due",
    "settled_at",
)


def bill(row: Bill, account_no: str, service_point_no: str) -> Change:
    """A bill that was issued, or one that was and is now cancelled. A held bill is not said."""
    return ("bill", row.bill_no, bill_data(row, account_no, service_point_no))


def bill_data(row: Bill, account_no: str, service_point_no: str) -> dict[str, Any]:
    """The bill with its lines, the case they were rated from, and what is settled of it."""
    owners = {"account_no": account_no, "service_point_no": service_point_no}
    return owners | {name: getattr(row, name) for name in _BILL_FIELDS}


def posting(row: Posting, account_no: str) -> Change:
    """Money received and what it went to."""
    return ("posting", row.posting_no, posting_data(row, account_no))


def posting_data(row: Posting, account_no: str) -> dict[str, Any]:
    """The posting; `credit_fen` is what was left for the balance."""
    return {
        "posting_no": row.posting_no,
        "account_no": account_no,
        "amount_fen": row.amount_fen,
        "channel": row.channel,
        "order_no": row.order_no,
        "paid_at": row.paid_at,
        "posted_at": row.posted_at,
        "allocations": row.allocations,
        "credit_fen": row.credit_fen,
    }


def reversal(row: Reversal, posting: Posting, account_no: str) -> Change:
    """Money of a posting that went back."""
    return ("reversal", row.reversal_no, reversal_data(row, posting, account_no))


def reversal_data(row: Reversal, posting: Posting, account_no: str) -> dict[str, Any]:
    """The reversal; `order_no` is that of its posting, `credit_fen` what was unspent credit."""
    return {
        "reversal_no": row.reversal_no,
        "posting_no": posting.posting_no,
        "account_no": account_no,
        "amount_fen": row.amount_fen,
        "reason": row.reason,
        "order_no": posting.order_no,
        "reversed_at": row.reversed_at,
        "allocations": row.allocations,
        "credit_fen": row.credit_fen,
    }


def service_order(row: ServiceOrder, account_no: str | None) -> Change:
    """Work for a customer and how far it is."""
    return ("service_order", row.service_order_no, service_order_data(row, account_no))


def service_order_data(row: ServiceOrder, account_no: str | None) -> dict[str, Any]:
    """The order as the API and the feed show it."""
    return {
        "service_order_no": row.service_order_no,
        "account_no": account_no,
        "kind": row.kind,
        "status": row.status,
        "details": row.details,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


_OUTAGE_FIELDS = (
    "outage_no",
    "kind",
    "areas",
    "places",
    "reason_code",
    "reason",
    "announced_at",
    "starts_at",
    "expected_end_at",
    "ended_at",
    "state",
    "updated_at",
)


def outage(row: Outage) -> Change:
    """Power that is off, will be or was."""
    return ("outage", row.outage_no, outage_data(row))


def outage_data(row: Outage) -> dict[str, Any]:
    """The outage; whom it hits follows from its areas and those of the service points."""
    return {name: getattr(row, name) for name in _OUTAGE_FIELDS}
