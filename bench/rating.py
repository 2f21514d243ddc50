"""How much faster a bill run is rated as columns than account by account.

Both ways rate the same 100,000 account-months of all shipped tariffs; every line and every total
is compared before a figure is given. The vectorised way ends with the line arrays of each account.
"""

import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from rating import Case, Late, Statement, TariffVersion, load_tariffs, rate
from rating.bulk import CaseTable, StatementTable, rate_many, tabulate

T = TypeVar("T")
ACCOUNT_MONTHS = 100_000
PERIODS = ("2025-01", "2025-04", "2025-07", "2025-11")
REPEATS = 5


def main() -> None:
    """Measure and print one JSON line."""
    cases = account_months(random.Random(20250701))  # noqa: S311 -- a repeatable mix, no secret
    tables = tabulate(cases)
    seconds = statistics.median(_timed(lambda: _bill_run(tables))[0] for _ in range(REPEATS))
    floor, statements = _timed(lambda: [rate(case) for case in cases])
    _compare(statements, tables, _bill_run(tables))
    print(
        json.dumps(
            {
                "name": "rating",
                "value": round(len(cases) / seconds),
                "floor": round(len(cases) / floor),
                "ratio": round(floor / seconds, 1),
                "unit": "account-months/s",
            }
        )
    )


def _bill_run(tables: list[tuple[list[int], CaseTable]]) -> list[StatementTable]:
    return [rate_many(table) for _, table in tables]


def account_months(chance: random.Random, count: int = ACCOUNT_MONTHS) -> list[Case]:
    """A mix of all tariffs over four months, with every feature that some account has."""
    tariffs = load_tariffs()
    kinds = [(tariffs.find(each.id, period), period) for each in tariffs for period in PERIODS]
    return [_account_month(chance, *kinds[place % len(kinds)]) for place in range(count)]


def _account_month(chance: random.Random, version: TariffVersion, period: str) -> Case:
    business = version.tariff.customer_class != "residential"
    size = 20_000 if business else 300
    return Case(
        version=version,
        period=period,
        kwh={name: _hundredths(chance, size) for name in version.terms.registers},
        year_to_date_kwh=_hundredths(chance, 4000),
        opened=date(2025, 1, 9) if chance.random() < 0.05 else date(2019, 5, 1),
        people=chance.randint(1, 7),
        low_income=chance.random() < 0.03,
        kvarh=_hundredths(chance, size) if business else None,
        max_demand_kw=_hundredths(chance, 400) if business else None,
        contract_kva=_hundredths(chance, 630) if business else None,
        export_kwh=Decimal(0) if business else _hundredths(chance, 200),
        late=_late(chance) if chance.random() < 0.05 else None,
    )


def _late(chance: random.Random) -> Late:
    due = date(2024, 12, 20)
    return Late(chance.randint(1, 500_000), due, due + timedelta(days=chance.randint(-3, 40)))


def _hundredths(chance: random.Random, most: int) -> Decimal:
    return Decimal(chance.randint(0, most * 100)).scaleb(-2)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _compare(
    statements: list[Statement],
    tables: list[tuple[list[int], CaseTable]],
    rated: list[StatementTable],
) -> None:
    """Stop unless every statement, with every line and total, is the same on both ways."""
    for (places, _), table in zip(tables, rated, strict=True):
        for row, (place, found) in enumerate(zip(places, table.statements(), strict=True)):
            expected = statements[place]
            if found != expected or table.total_fen[row] != expected.total_fen:
                raise SystemExit(f"account-month {place}: {found} is not {expected}")
