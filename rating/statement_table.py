"""Statements of a bill run as columns: all lines in one row of arrays, account after account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from rating.case_table import CaseTable, Flags, Ints
from rating.codes import CODES
from rating.statement import EXPORT_CODE, LATE_CODES, Line, Statement, TierPosition


@dataclass(frozen=True, slots=True)
class LineColumn:
    """One kind of line for every account, present only where `present` says so."""

    code: str
    explain: str
    quantity: Ints
    rate: Ints | int
    amount_fen: Ints
    present: Flags
    base_fen: Ints | None = None


@dataclass(frozen=True, slots=True)
class TierColumns:
    """Tier positions: hundredths of a kWh, limits as one column a tier."""

    tier: Ints
    used: Ints
    limits: Sequence[Ints]


@dataclass(frozen=True, slots=True)
class StatementTable:
    """The lines of account `n` are those from `first[n]` up to `first[n + 1]`, in display order.

    For each line: `kind` (its place in `codes` and `explains`), `quantity` in hundredths of the
    unit, `rate` in 10^-8, `amount_fen`, and `base_fen` where `has_base`. For each account: the
    fen columns and `kwh_total` in hundredths.
    """

    cases: CaseTable
    codes: tuple[str, ...]
    explains: tuple[str, ...]
    has_base: tuple[bool, ...]
    first: NDArray[np.intp]
    kind: NDArray[np.intp]
    quantity: Ints
    rate: Ints
    amount_fen: Ints
    base_fen: Ints
    total_fen: Ints
    export_fen: Ints
    late_fen: Ints
    kwh_total: Ints
    tiers: TierColumns | None

    @property
    def consumption_fen(self) -> Ints:
        """What this month's use costs, without export and late charge."""
        return self.total_fen - self.export_fen - self.late_fen

    def statement(self, row: int) -> Statement:
        """One account's statement, as the scalar path would give it."""
        return Statement(
            tariff=self.cases.version.tariff.id,
            version=self.cases.version.terms.version,
            period=self.cases.period,
            kwh_total=_decimal(self.kwh_total[row], 2),
            lines=tuple(map(self._line, range(int(self.first[row]), int(self.first[row + 1])))),
            tier=self._tier(row),
        )

    def statements(self) -> Iterator[Statement]:
        """All statements, in the order of the cases."""
        return map(self.statement, range(self.cases.rows))

    def _line(self, place: int) -> Line:
        kind = int(self.kind[place])
        unit = CODES[self.codes[kind]]
        return Line(
            code=self.codes[kind],
            quantity=_decimal(self.quantity[place], 2),
            unit=unit,
            rate=_decimal(self.rate[place], 8),
            amount_fen=int(self.amount_fen[place]),
            base_fen=int(self.base_fen[place]) if self.has_base[kind] else None,
            explain=self.explains[kind],
        )

    def _tier(self, row: int) -> TierPosition | None:
        terms, tiers = self.cases.version.terms.tiers, self.tiers
        if terms is None or tiers is None:
            return None
        tier, used = int(tiers.tier[row]), _decimal(tiers.used[row], 2)
        limits = tuple(_decimal(limit[row], 2) for limit in tiers.limits)
        left = limits[tier - 1] - used if tier < terms.count else None
        return TierPosition(terms.cycle, tier, used, limits, left)


def gather(
    cases: CaseTable, kwh_total: Ints, columns: Sequence[LineColumn], tiers: TierColumns | None
) -> StatementTable:
    """Put the lines that are present one after another, account by account."""
    present = np.stack([column.present for column in columns], axis=1)
    row, kind = np.nonzero(present)
    rates = [np.broadcast_to(np.int64(column.rate), cases.rows) for column in columns]
    none = np.zeros(cases.rows, np.int64)
    bases = [none if column.base_fen is None else column.base_fen for column in columns]
    return StatementTable(
        cases=cases,
        codes=tuple(column.code for column in columns),
        explains=tuple(column.explain for column in columns),
        has_base=tuple(column.base_fen is not None for column in columns),
        first=np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.intp),
        kind=kind,
        quantity=_pick([column.quantity for column in columns], kind, row),
        rate=_pick(rates, kind, row),
        amount_fen=_pick([column.amount_fen for column in columns], kind, row),
        base_fen=_pick(bases, kind, row),
        total_fen=_sum(columns, cases.rows),
        export_fen=_sum([each for each in columns if each.code == EXPORT_CODE], cases.rows),
        late_fen=_sum([each for each in columns if each.code in LATE_CODES], cases.rows),
        kwh_total=kwh_total,
        tiers=tiers,
    )


def _pick(columns: Sequence[Ints], kind: NDArray[np.intp], row: NDArray[np.intp]) -> Ints:
    return np.stack(columns)[kind, row]


def _sum(columns: Sequence[LineColumn], rows: int) -> Ints:
    return sum((column.amount_fen for column in columns), np.zeros(rows, np.int64))


def _decimal(value: np.int64, places: int) -> Decimal:
    return Decimal(int(value)).scaleb(-places)
