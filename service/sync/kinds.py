"""The kinds of change that are kept, and how strictly each is read.

A change that does not fit raises `msgspec.ValidationError` or `Malformed` with a reason that
names the field and never shows a value: it may be a name or a phone number.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from service.outages.models import Outage

YEARS = range(2000, 2101)
"""Years in which a day or an instant may lie."""

LONGEST_BILL = timedelta(days=800)
MAGNITUDE, LONGEST_FIGURE = 15, 40
"""The power of ten, up or down, and the characters that a quantity or a rate may have."""

T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1)]
Instant = Annotated[datetime, Meta(tz=True)]
Fen = Annotated[int, Meta(ge=-(10**17), le=10**17)]
Energy = Annotated[int, Meta(ge=0, le=10**17)]
Dial = Annotated[int, Meta(ge=-(10**17), le=10**17)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Period = Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z")]
Quality = Annotated[str, Meta(pattern=r"^[VEM]{96}$")]


class Malformed(ValueError):  # noqa: N818 - it is the change that is malformed
    """A change that can be read but does not make sense; the message is the reason."""


class Row(Struct, gc=False):
    """The `data` of a change. `table` is where it is kept and `key` what it is kept by.

    A kind without a table is not kept: what it says is applied to what we have (`storing`).
    `indexes` are columns of blind indexes, each with the field by which its row is found.
    """

    table: ClassVar[str] = ""
    key: ClassVar[tuple[str, ...]]
    indexes: ClassVar[dict[str, str]] = {}

    def check(self) -> None:
        """Raise Malformed when the values contradict each other."""


class AccountRow(Row):
    table = "account"
    key = ("account_no",)
    indexes: ClassVar[dict[str, str]] = {
        "holder_name_index": "holder_name",
        "phone_index": "phone",
    }

    account_no: Name
    customer_no: str | None
    holder_name: str
    phone: str
    address: str
    kind: Name
    settlement: Name
    people: Count | None
    low_income: bool
    opened: date
    closed: date | None


class BalanceRow(Row):
    """A balance is kept with its account, under a sequence number of its own."""

    table = "account"
    key = ("account_no",)

    account_no: Name
    balance_fen: Fen
    balance_at: Instant = field(name="at")

    def check(self) -> None:
        _check_year(self.balance_at, "at")


class ServicePointRow(Row):
    table = "service_point"
    key = ("service_point_no",)

    service_point_no: Name
    account_no: Name
    address: str
    area: str
    tariff: Name
    contract_kva: Count | None


class MeterRow(Row):
    table = "meter"
    key = ("meter_no",)

    meter_no: Name
    service_point_no: Name
    interval: bool
    installed: date
    removed: date | None


class MeterDayRow(Row):
    """The arrays stay as they came: they are checked by their signs and go to COPY as text."""

    table = "meter_day"
    key = ("meter_no", "day")

    meter_no: Name
    day: date
    import_wh: Raw
    export_wh: Raw
    reactive_varh: Raw
    quality: Quality | None

    def check(self) -> None:
        _check_year(self.day, "day")


class DailyUseRow(Row):
    table = "daily_use"
    key = ("meter_no", "day")

    meter_no: Name
    day: date
    import_wh: Energy
    export_wh: Energy
    quality: Literal["V", "E"]

    def check(self) -> None:
        _check_year(self.day, "day")


class BillRow(Row):
    table = "bill"
    key = ("bill_no",)

    bill_no: Name
    account_no: Name
    service_point_no: Name
    period: Period
    revision: Count
    status: Literal["issued", "cancelled"]
    from_day: date
    to_day: date
    wh: Energy
    tariff: Name
    tariff_version: Name
    case: Raw
    lines: Raw
    readings: Raw
    total_fen: Fen
    consumption_fen: Fen
    export_fen: Fen
    settled_fen: Fen
    estimated: bool
    issued_at: Instant
    due: date
    settled_at: Instant | None

    def check(self) -> None:
        _decoded(_READINGS, self.readings, "readings")
        _decoded(_CASE, self.case, "case")
        amount = 0
        for line in _decoded(_LINES, self.lines, "lines"):
            amount += line.amount_fen
            if not (line.quantity.is_finite() and line.rate.is_finite()):
                raise Malformed("a line has a quantity or rate that is no number")
            if _beyond(line.quantity) or _beyond(line.rate):
                raise Malformed("a line has a quantity or rate beyond all measure")
        if amount != self.total_fen:
            raise Malformed("the lines do not add up to total_fen")
        self._check_times()

    def _check_times(self) -> None:
        for when in (self.from_day, self.due, self.issued_at, self.settled_at or self.issued_at):
            if when.year not in YEARS:
                raise Malformed(f"every day must lie between {YEARS[0]} and {YEARS[-1]}")
        if self.to_day < self.from_day:
            raise Malformed("to_day is before from_day")
        if self.to_day - self.from_day > LONGEST_BILL:
            raise Malformed("the bill covers too long a time")


class PostingRow(Row):
    table = "posting"
    key = ("posting_no",)

    posting_no: Name
    account_no: Name
    amount_fen: Fen
    channel: Name
    order_no: str
    paid_at: Instant
    posted_at: Instant
    allocations: Raw
    credit_fen: Fen

    def check(self) -> None:
        _decoded(_ALLOCATIONS, self.allocations, "allocations")
        _check_year(self.paid_at, "paid_at")
        _check_year(self.posted_at, "posted_at")


class ReversalRow(Row):
    table = "reversal"
    key = ("reversal_no",)

    reversal_no: Name
    posting_no: Name
    account_no: Name
    amount_fen: Annotated[int, Meta(ge=1, le=10**17)]
    reason: Name
    order_no: str
    reversed_at: Instant
    allocations: Raw

    def check(self) -> None:
        _decoded(_ALLOCATIONS, self.allocations, "allocations")
        _check_year(self.reversed_at, "reversed_at")


class OutageRow(Row):
    table = Outage.__tablename__
    key = ("outage_no",)

    outage_no: Name
    kind: Literal["planned", "unplanned"]
    areas: Raw
    places: Raw
    reason_code: Name
    reason: str
    announced_at: Instant
    starts_at: Instant
    expected_end_at: Instant | None
    ended_at: Instant | None
    state: Literal["announced", "ongoing", "restored", "cancelled"]
    updated_at: Instant

    def check(self) -> None:
        _decoded(_NAMES, self.places, "places")
        if not _decoded(_NAMES, self.areas, "areas"):
            raise Malformed("areas: there must be one at least")
        for name in ("announced_at", "starts_at", "expected_end_at", "ended_at", "updated_at"):
            if (instant := getattr(self, name)) is not None:
                _check_year(instant, name)


class ServiceOrderRow(Row):
    """Of an order only how far it is, and the request it is for, if it is one of ours."""

    key = ("service_order_no",)

    service_order_no: Annotated[str, Meta(min_length=1, max_length=24)]
    status: Literal["received", "accepted", "in_progress", "done", "rejected", "cancelled"]
    details: Raw
    updated_at: Instant

    def check(self) -> None:
        _decoded(_ORDER_DETAILS, self.details, "details")
        _check_year(self.updated_at, "updated_at")

    @property
    def request_no(self) -> str | None:
        """The number of the request that the order was told."""
        return _decoded(_ORDER_DETAILS, self.details, "details").request_no


class OrderDetails(Struct, gc=False):
    """What an order was told of itself; the rest is the core's affair."""

    request_no: str | None = None


class Line(Struct, gc=False):
    """A bill line as rating makes it."""

    code: Name
    quantity: Decimal
    unit: Literal["kwh", "kw", "kva", "pf", "days"]
    rate: Decimal
    amount_fen: Fen
    base_fen: Fen | None
    explain: str


class Reading(Struct, gc=False):
    """Dial readings at both ends of the billed time."""

    meter_no: Name
    register: Literal["import", "export", "reactive"]
    start_wh: Dial
    end_wh: Dial


class Allocation(Struct, gc=False):
    """What a posting paid of one bill, or a reversal took back from it."""

    bill_no: Name
    principal_fen: Fen
    late_fee_fen: Fen


class Case(Struct, gc=False):
    """What every rating input has; rating reads the rest when it is asked."""

    tariff: Name
    period: Period
    kwh: dict[str, str | int | float]


_LINES = msgspec.json.Decoder(list[Line])
_READINGS = msgspec.json.Decoder(list[Reading])
_ALLOCATIONS = msgspec.json.Decoder(list[Allocation])
_CASE = msgspec.json.Decoder(Case)
_ORDER_DETAILS = msgspec.json.Decoder(OrderDetails)
_NAMES = msgspec.json.Decoder(list[Name])

KINDS: dict[str, type[Row]] = {
    "account": AccountRow,
    "service_point": ServicePointRow,
    "meter": MeterRow,
    "balance": BalanceRow,
    "meter_day": MeterDayRow,
    "daily_use": DailyUseRow,
    "bill": BillRow,
    "posting": PostingRow,
    "reversal": ReversalRow,
    "outage": OutageRow,
    "service_order": ServiceOrderRow,
}
"""Row by kind, in the order in which a batch is stored: an account before its balance."""


def key_of(kind: str) -> Callable[[Any], Any]:
    """What two rows of a kind must share to be about the same object."""
    return attrgetter(*KINDS[kind].key)


def _decoded(decoder: msgspec.json.Decoder[T], raw: Raw, name: str) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Malformed(f"{name}: {error}") from error


def _check_year(day: date, name: str) -> None:
    if day.year not in YEARS:
        raise Malformed(f"{name} must lie between {YEARS[0]} and {YEARS[-1]}")


def _beyond(figure: Decimal) -> bool:
    return abs(figure.adjusted()) > MAGNITUDE or len(str(figure)) > LONGEST_FIGURE
