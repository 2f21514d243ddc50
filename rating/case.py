"""What is to be rated: one account, one billing month. Read strictly: nothing is guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rating.codes import PERIODS
from rating.loading import (
    NotInForce,
    Tariffs,
    TariffVersion,
    UnknownTariff,
    first_day,
    load_tariffs,
)

MAX_QUANTITY = 10**9
"""kWh, kvarh, kW and kVA stay below this; the largest works on earth use less in a month."""
MAX_ARREARS_FEN = 10**12
MAX_PEOPLE = 999
YEARS = range(1990, 2101)
NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

CASE_FIELDS = (
    "tariff",
    "period",
    "kwh",
    "year_to_date_kwh",
    "opened",
    "household",
    "low_income",
    "kvarh",
    "max_demand_kw",
    "contract_kva",
    "export_kwh",
    "late",
)
ZERO = Decimal(0)


class CaseError(ValueError):
    """A case that cannot be rated; `field` is a dotted path such as "kwh.peak"."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = _shown(field), reason
        super().__init__(f"{self.field} {reason}")


class Repeated(dict[str, object]):
    """An object of JSON that named a field twice."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


@dataclass(frozen=True, slots=True)
class Late:
    """An older unpaid bill settled with this one (rule 7.9)."""

    arrears_fen: int
    due: date
    paid: date


@dataclass(frozen=True, slots=True)
class Case:
    """Typed input of the rating; quantities have at most 2 decimals and are not negative.

    `kwh` has the keys of `version.terms.registers`; a key left out counts as 0. None means not
    given: without `max_demand_kw` or `contract_kva` there is no basic charge, without `kvarh` no
    power-factor adjustment.
    """

    version: TariffVersion
    period: str
    kwh: Mapping[str, Decimal]
    year_to_date_kwh: Decimal = ZERO
    opened: date | None = None
    people: int = 0
    low_income: bool = False
    kvarh: Decimal | None = None
    max_demand_kw: Decimal | None = None
    contract_kva: Decimal | None = None
    export_kwh: Decimal = ZERO
    late: Late | None = None
    total_kwh: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total_kwh", sum(self.kwh.values(), ZERO))

    @property
    def year(self) -> int:
        return int(self.period[:4])

    @property
    def month(self) -> int:
        return int(self.period[5:])


def parse_case(value: object, tariffs: Tariffs | None = None) -> Case:
    """Read a case from plain data, in the form that docs/tariffs.md describes. Raises CaseError.

    Numbers are int, Decimal or text; a binary float is refused because it is not exact.
    """
    given = _object(value, "", CASE_FIELDS)
    version = _version(given, tariffs or load_tariffs())
    household = _household(given.get("household"))
    return Case(
        version=version,
        period=_text(given, "period"),
        kwh=_registers(given.get("kwh"), version),
        year_to_date_kwh=_quantity(given.get("year_to_date_kwh"), "year_to_date_kwh") or ZERO,
        opened=_opened(given),
        people=_count(household.get("people"), "household.people", MAX_PEOPLE) or 0,
        low_income=_low_income(given, household),
        kvarh=_quantity(given.get("kvarh"), "kvarh"),
        max_demand_kw=_quantity(given.get("max_demand_kw"), "max_demand_kw"),
        contract_kva=_quantity(given.get("contract_kva"), "contract_kva"),
        export_kwh=_export(given.get("export_kwh"), version),
        late=_late(given.get("late")),
    )


def _object(value: object, path: str, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise CaseError(path or "$", "must be an object")
    if isinstance(value, Repeated):
        raise CaseError(_join(path, value.field), "is given twice")
    for name in value:
        if name not in known:
            raise CaseError(_join(path, str(name)), "is not a known field")
    return value


def _version(given: Mapping[str, object], tariffs: Tariffs) -> TariffVersion:
    tariff, period = _text(given, "tariff"), _text(given, "period")
    try:
        return tariffs.find(tariff, _billing_month(period))
    except NotInForce as error:
        raise CaseError("period", f"is not covered: {error}") from error
    except UnknownTariff as error:
        raise CaseError("tariff", f"is unknown: {error}") from error


def _billing_month(period: str) -> date:
    try:
        day = first_day(period)
    except ValueError as error:
        raise CaseError("period", str(error)) from error
    if day.year not in YEARS:
        raise CaseError("period", f"must lie between {YEARS[0]} and {YEARS[-1]}")
    return day


def _registers(value: object, version: TariffVersion) -> dict[str, Decimal]:
    if value is None:
        raise CaseError("kwh", "is missing")
    registers = version.terms.registers
    given = _object(value, "kwh", ("total", *PERIODS))
    read = {name: _quantity(kwh, f"kwh.{name}") for name, kwh in given.items()}
    found = {name: kwh for name, kwh in read.items() if kwh is not None}
    for name, kwh in found.items():
        if kwh and name not in registers:
            takes = ", ".join(registers)
            raise CaseError(f"kwh.{name}", f"does not fit the tariff, which takes {takes}")
    if not found:
        raise CaseError("kwh" if len(registers) > 1 else "kwh.total", "is missing")
    return {name: found[name] for name in registers if name in found}


def _household(value: object) -> Mapping[str, object]:
    return {} if value is None else _object(value, "household", ("people", "low_income"))


def _export(value: object, version: TariffVersion) -> Decimal:
    exported = _quantity(value, "export_kwh") or ZERO
    if exported and version.terms.export is None:
        raise CaseError("export_kwh", "cannot be credited: the tariff has no export price")
    return exported


def _low_income(given: Mapping[str, object], household: Mapping[str, object]) -> bool:
    """The entitlement may stand in the household or beside it, but not both ways at once."""
    inside = _flag(household.get("low_income"), "household.low_income")
    beside = _flag(given.get("low_income"), "low_income")
    if inside is not None and beside is not None and inside != beside:
        raise CaseError("low_income", "contradicts household.low_income")
    return bool(inside or beside)


def _opened(given: Mapping[str, object]) -> date | None:
    value = given.get("opened")
    if value is None:
        return None
    opened = _day(value, "opened")
    if f"{opened:%Y-%m}" > _text(given, "period"):
        raise CaseError("opened", "is after the billing month")
    return opened


def _late(value: object) -> Late | None:
    if value is None:
        return None
    given = _object(value, "late", ("arrears_fen", "due", "paid"))
    arrears = _count(given.get("arrears_fen"), "late.arrears_fen", MAX_ARREARS_FEN)
    if arrears is None:
        raise CaseError("late.arrears_fen", "is missing")
    return Late(arrears, _day(given.get("due"), "late.due"), _day(given.get("paid"), "late.paid"))


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if value is None:
        raise CaseError(name, "is missing")
    if not isinstance(value, str):
        raise CaseError(name, "must be text")
    return value


def _flag(value: object, path: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise CaseError(path, "must be true or false")
    return value


def _count(value: object, path: str, most: int) -> int | None:
    """A whole number, also as text or with a point: 5, "5" and 5.0 are the same."""
    if value is None:
        return None
    number = _decimal(value, path)
    if not number.is_finite() or number != number.to_integral_value():
        raise CaseError(path, "must be a whole number")
    if number < 0:
        raise CaseError(path, "must not be negative")
    if number > most:
        raise CaseError(path, f"must not be above {most}")
    return int(number)


def _day(value: object, path: str) -> date:
    if value is None:
        raise CaseError(path, "is missing")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise CaseError(path, "must be a date such as 2025-07-31")
    if day.year not in YEARS:
        raise CaseError(path, f"must lie between {YEARS[0]} and {YEARS[-1]}")
    return day


def _quantity(value: object, path: str) -> Decimal | None:
    """An amount of kWh, kvarh, kW or kVA with at most 2 decimals."""
    if value is None:
        return None
    number = _decimal(value, path)
    if not number.is_finite():
        raise CaseError(path, "must be a finite number")
    if number < 0:
        raise CaseError(path, "must not be negative")
    if number >= MAX_QUANTITY:
        raise CaseError(path, f"must be below {MAX_QUANTITY}")
    hundredths = number.quantize(Decimal("0.01"))
    if hundredths != number:
        raise CaseError(path, "must have at most 2 decimals")
    return abs(hundredths)


def _decimal(value: object, path: str) -> Decimal:
    if isinstance(value, float):
        raise CaseError(path, "must be exact: give a decimal or text, not a binary float")
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise CaseError(path, "must be a number")
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise CaseError(path, "must be a plain decimal number")
    return Decimal(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(field: str) -> str:
    return field if len(field) <= 80 else f"{field[:77]}..."
