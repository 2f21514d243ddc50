"""The rating rules, one function a rule. Exact decimals; fen are rounded once a line.

The numbers in the docstrings (7.1 to 7.10) are those of the project's rating rules, which
docs/tariffs.md sums up.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from rating.case import Case
from rating.codes import (
    CODES,
    COMPONENTS,
    EXPLAIN_PENALTY,
    EXPLAIN_REWARD,
    EXPLAIN_UTILISED,
    PF_BASE,
    explain_key,
)
from rating.power_factor import power_factor_hundredths
from rating.schema import Tiers
from rating.statement import Line, Statement
from rating.tiers import shares_by_period, steps, tier_limits, tier_position, up_to_tier

EXACT = Context(prec=60)
ZERO = Decimal(0)


def rate(case: Case) -> Statement:
    """Rate one account for one month: its lines in the order of display."""
    with localcontext(EXACT):
        lines = [*basic_charge(case), *energy(case), *surcharges(case), *free_kwh(case)]
        lines += components(case)
        lines += power_factor_adjustment(case, lines)
        lines += [*export_credit(case), *late_charge(case)]
        return Statement(
            tariff=case.version.tariff.id,
            version=case.version.terms.version,
            period=case.period,
            kwh_total=case.total_kwh,
            lines=tuple(lines),
            tier=tier_position(
                case.version,
                period=case.period,
                ytd_kwh_before=case.year_to_date_kwh,
                kwh=case.total_kwh,
                opened=case.opened,
                people=case.people,
            ),
        )


def round_fen(fen: Decimal) -> int:
    """Half a fen is rounded away from zero, on credits too (rule 7.1)."""
    return int(fen.to_integral_value(ROUND_HALF_UP))


def priced(
    code: str, quantity: Decimal, price: Decimal, *, credit: bool = False, explain: str = ""
) -> Iterator[Line]:
    """Quantity times price in yuan; no line without a quantity (rule 7.1)."""
    if quantity:
        fen = round_fen(quantity * price * 100)
        amount = -fen if credit else fen
        yield Line(code, quantity, CODES[code], price, amount, None, explain or explain_key(code))


def energy(case: Case) -> Iterator[Line]:
    """Energy by tier, by period, by both (mode P), or at a single price (rules 7.2 and 7.4)."""
    prices, tiers = case.version.terms.energy, case.version.terms.tiers
    if tiers and prices.total:
        for tier, kwh in enumerate(steps(kwh_up_to_tier(case, tiers))):
            yield from priced(f"energy.tier{tier + 1}", kwh, prices.total[tier])
    elif prices.total:
        yield from priced("energy", case.total_kwh, prices.total[0])
    elif tiers and tiers.surcharges is None:
        yield from energy_by_tier_and_period(case, tiers)
    else:
        for period, (price, *_) in prices.periods.items():
            yield from priced(f"energy.{period}", case.kwh.get(period, ZERO), price)


def energy_by_tier_and_period(case: Case, tiers: Tiers) -> Iterator[Line]:
    """Mode P: the kWh of each tier are split by this month's period shares (rule 7.4)."""
    prices = case.version.terms.energy.periods
    parts = shares_by_period(kwh_up_to_tier(case, tiers), case.kwh, tuple(prices))
    for tier in range(tiers.count):
        for period in prices:
            code = f"energy.tier{tier + 1}.{period}"
            yield from priced(code, parts[period][tier], prices[period][tier])


def surcharges(case: Case) -> Iterator[Line]:
    """Mode S: each tier above the first pays its surcharge on its kWh (rule 7.4)."""
    tiers = case.version.terms.tiers
    if tiers and tiers.surcharges:
        _, *higher = steps(kwh_up_to_tier(case, tiers))
        for tier, (kwh, price) in enumerate(zip(higher, tiers.surcharges, strict=True), start=2):
            yield from priced(f"surcharge.tier{tier}", kwh, price)


def kwh_up_to_tier(case: Case, tiers: Tiers) -> list[Decimal]:
    """kWh up to each tier; a yearly counter goes on from the year's earlier bills (rule 7.2)."""
    limits = tier_limits(tiers, case.period, case.opened, case.people)
    before = case.year_to_date_kwh if tiers.cycle == "yearly" else ZERO
    return up_to_tier(limits, before, case.total_kwh)


def free_kwh(case: Case) -> Iterator[Line]:
    """Free kWh of a low-income household at the tier 1 price, dearest period first (rule 7.5).

    They are credited, and still count for the tiers.
    """
    left, prices = case.version.terms.free_kwh, case.version.terms.energy
    if not case.low_income or left is None:
        return
    if prices.total:
        yield from priced("free_kwh", min(left, case.total_kwh), prices.total[0], credit=True)
    for period, (price, *_) in prices.periods.items():
        free = min(left, case.kwh.get(period, ZERO))
        yield from priced(f"free_kwh.{period}", free, price, credit=True)
        left -= free


def basic_charge(case: Case) -> Iterator[Line]:
    """Two-part tariffs: maximum demand or transformer capacity (rule 7.7)."""
    terms = case.version.terms
    if terms.capacity:
        yield from priced("capacity", case.contract_kva or ZERO, terms.capacity.price)
    if terms.demand:
        factor = utilisation_factor(case)
        explain = EXPLAIN_UTILISED if factor != 1 else ""
        price = terms.demand.price * factor
        yield from priced("demand", case.max_demand_kw or ZERO, price, explain=explain)


def utilisation_factor(case: Case) -> Decimal:
    """The part of the demand price that is paid; less when the transformer is well used (7.7)."""
    rule = case.version.terms.demand and case.version.terms.demand.utilisation
    if rule and case.contract_kva and case.total_kwh >= rule.kwh_per_kva * case.contract_kva:
        return rule.factor
    return Decimal(1)


def components(case: Case) -> Iterator[Line]:
    """Transmission, losses, system operation and funds on the kWh of all periods."""
    for code in COMPONENTS:
        price: Decimal | None = getattr(case.version.terms.components, code)
        if price is not None:
            yield from priced(code, case.total_kwh, price)


def power_factor_adjustment(case: Case, lines: Sequence[Line]) -> Iterator[Line]:
    """Percent of the basic and energy charges by the month's power factor (rule 7.6).

    Needs kvarh and some kWh; the base is made of rounded lines, without funds.
    """
    rates = case.version.pf_rates
    if rates is None or case.kvarh is None or not case.total_kwh:
        return
    factor = power_factor_hundredths(int(case.total_kwh * 100), int(case.kvarh * 100))
    if fraction := rates[factor]:
        base = sum(line.amount_fen for line in lines if line.code.split(".")[0] in PF_BASE)
        explain = EXPLAIN_PENALTY if fraction > 0 else EXPLAIN_REWARD
        amount = round_fen(base * fraction)
        pf = Decimal(factor).scaleb(-2)
        yield Line("pf_adjustment", pf, "pf", fraction, amount, base, explain)


def export_credit(case: Case) -> Iterator[Line]:
    """What a roof gave to the grid, credited at the export price (rule 7.8)."""
    if case.version.terms.export is not None:
        price = case.version.terms.export
        yield from priced("export_credit", case.export_kwh, price, credit=True)


def late_charge(case: Case) -> Iterator[Line]:
    """Simple charge for each day late, the due date not counted, the day of payment counted.

    Where a cross-year rate exists it takes the days after 31 December of the due year (rule 7.9).
    """
    late, fee = case.late, case.version.terms.late_fee
    if late is None or late.paid <= late.due:
        return
    days = (late.paid - late.due).days
    same_year = min(days, (date(late.due.year, 12, 31) - late.due).days)
    if fee.cross_year is None:
        same_year = days
    yield from _late_line("late_fee", late.arrears_fen, fee.rate, same_year)
    yield from _late_line("late_fee.cross_year", late.arrears_fen, fee.cross_year, days - same_year)


def _late_line(code: str, arrears_fen: int, rate: Decimal | None, days: int) -> Iterator[Line]:
    if rate is not None and days:
        amount = round_fen(arrears_fen * rate * days)
        yield Line(code, Decimal(days), "days", rate, amount, arrears_fen, explain_key(code))
