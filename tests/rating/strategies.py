"""Cases of every shipped tariff, ordinary and odd, for property tests."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from rating import Case, Late, TariffVersion, load_tariffs

PERIODS = ("2024-02", "2025-01", "2025-05", "2025-07", "2025-10", "2025-12")
VERSIONS: list[tuple[TariffVersion, str]] = [
    (load_tariffs().find(tariff.id, period), period)
    for tariff in load_tariffs()
    for period in PERIODS
]
EDGES = (
    "0 0.01 0.5 1 14.99 15 15.01 50 199.99 200 200.01 230 240 240.01 260 300 400 400.01 600 "
    "2760 2760.01 2880 3120 4800 4800.01 5000 999999999.99"
)

hundredths = st.integers(0, 10**11 - 1) | st.integers(0, 10**6) | st.integers(0, 10**4)
quantities = st.sampled_from([Decimal(edge) for edge in EDGES.split()]) | hundredths.map(
    lambda whole: Decimal(whole).scaleb(-2)
)
days = st.dates(date(2023, 1, 1), date(2026, 12, 31))
overdue = st.integers(-5, 800).map(timedelta)
late = st.builds(
    lambda fen, due, wait: Late(fen, due, due + wait), st.integers(0, 10**12), days, overdue
)


@st.composite
def cases(draw: st.DrawFn, versions: list[tuple[TariffVersion, str]] | None = None) -> Case:
    """Any case that `parse_case` would let through, with any tariff."""
    version, period = draw(st.sampled_from(versions or VERSIONS))
    month = date(int(period[:4]), int(period[5:]), 1)
    return Case(
        version=version,
        period=period,
        kwh={name: draw(quantities) for name in version.terms.registers},
        year_to_date_kwh=draw(quantities),
        opened=draw(st.none() | st.dates(date(2023, 1, 1), month)),
        people=draw(st.integers(0, 9)),
        low_income=draw(st.booleans()),
        kvarh=draw(st.none() | quantities),
        max_demand_kw=draw(st.none() | quantities),
        contract_kva=draw(st.none() | quantities),
        export_kwh=draw(quantities) if version.terms.export else Decimal(0),
        late=draw(st.none() | late),
    )
