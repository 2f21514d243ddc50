"""Cases of a bill run as columns: one tariff version and one billing month a table.

Quantities are int64 hundredths (of a kWh, kvarh, kW, kVA), money is int64 fen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from rating.case import MAX_ARREARS_FEN, MAX_QUANTITY, YEARS, Case, CaseError
from rating.loading import TariffVersion

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]

NOT_GIVEN = -1
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Columns of equal length; None stands for a column that no account has.

    `kwh` has the keys of `version.terms.registers`. `kvarh` is -1 where none was metered.
    `opened`, `late_due` and `late_paid` are days (datetime64[D]), NaT where there is none.
    Raises CaseError, naming the column, when a column does not fit or is out of bounds.
    """

    version: TariffVersion
    period: str
    kwh: Mapping[str, Ints]
    year_to_date: Ints | None = None
    opened: Days | None = None
    people: Ints | None = None
    low_income: Flags | None = None
    kvarh: Ints | None = None
    max_demand: Ints | None = None
    contract_kva: Ints | None = None
    export: Ints | None = None
    arrears_fen: Ints | None = None
    late_due: Days | None = None
    late_paid: Days | None = None
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        if set(self.kwh) != set(self.version.terms.registers):
            raise CaseError(
                "kwh", f"must have the columns {', '.join(self.version.terms.registers)}"
            )
        object.__setattr__(self, "rows", len(next(iter(self.kwh.values()))))
        for name, column in self._columns():
            if column.shape != (self.rows,):
                raise CaseError(name, f"must be a column of {self.rows} rows")
        for name, column, least, most in self._bounded():
            if self.rows and (column.min() < least or column.max() > most):
                raise CaseError(name, f"must lie between {least} and {most} in every row")

        for name, column in self._columns():
            if column.dtype.kind == "M" and _outside(column.astype("datetime64[Y]")):
                raise CaseError(name, f"must lie between {YEARS[0]} and {YEARS[-1]} in every row")

    def _columns(self) -> Iterable[tuple[str, NDArray[np.generic]]]:
        named = {name: getattr(self, name) for name in self.__slots__ if name not in _PLAIN}
        yield from ((name, column) for name, column in named.items() if column is not None)
        yield from ((f"kwh.{register}", column) for register, column in self.kwh.items())

    def _bounded(self) -> Iterable[tuple[str, Ints, int, int]]:
        for name, column in self._columns():
            if name == "arrears_fen":
                yield name, column.astype(np.int64), 0, MAX_ARREARS_FEN
            elif np.issubdtype(column.dtype, np.integer):
                least = NOT_GIVEN if name == "kvarh" else 0
                yield name, column.astype(np.int64), least, MAX_QUANTITY * HUNDRED - 1


_PLAIN = {"version", "period", "kwh", "rows"}


def _outside(years: Days) -> bool:
    first, last = (np.datetime64(str(year), "Y") for year in (YEARS[0], YEARS[-1]))
    return bool(((years < first) | (years > last)).any())


def tabulate(cases: Sequence[Case]) -> list[tuple[list[int], CaseTable]]:
    """Tables of some cases, one for each version and month, with each case's place in `cases`."""
    places: dict[tuple[TariffVersion, str], list[int]] = {}
    for place, case in enumerate(cases):
        places.setdefault((case.version, case.period), []).append(place)
    return [
        (found, _table(version, period, [cases[place] for place in found]))
        for (version, period), found in places.items()
    ]


def _table(version: TariffVersion, period: str, cases: Sequence[Case]) -> CaseTable:
    registers = version.terms.registers
    late = [case.late for case in cases]
    return CaseTable(
        version,
        period,
        {name: _hundredths(case.kwh.get(name) for case in cases) for name in registers},
        year_to_date=_hundredths(case.year_to_date_kwh for case in cases),
        opened=_days(case.opened for case in cases),
        people=np.array([case.people for case in cases], np.int64),
        low_income=np.array([case.low_income for case in cases], np.bool_),
        kvarh=_hundredths((case.kvarh for case in cases), NOT_GIVEN),
        max_demand=_hundredths(case.max_demand_kw for case in cases),
        contract_kva=_hundredths(case.contract_kva for case in cases),
        export=_hundredths(case.export_kwh for case in cases),
        arrears_fen=np.array([bill.arrears_fen if bill else 0 for bill in late], np.int64),
        late_due=_days(bill.due if bill else None for bill in late),
        late_paid=_days(bill.paid if bill else None for bill in late),
    )


def _hundredths(quantities: Iterable[Decimal | None], missing: int = 0) -> Ints:
    return np.array(
        [missing if each is None else int(each * HUNDRED) for each in quantities], np.int64
    )


def _days(days: Iterable[object]) -> Days:
    return np.array(list(days), "datetime64[D]")
