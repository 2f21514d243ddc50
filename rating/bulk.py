"""The rating rules for a whole bill run: columns in, columns out, to the fen as `rating.rules`.

All is int64 fixed point: hundredths of a unit, prices in 10^-8 yuan, fen. Each function has the
name and the rule number of its scalar twin.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from rating.case_table import CaseTable, Days, Flags, Ints, tabulate
from rating.codes import (
    COMPONENTS,
    EXPLAIN_PENALTY,
    EXPLAIN_REWARD,
    EXPLAIN_UTILISED,
    PF_BASE,
    explain_key,
)
from rating.power_factor import power_factor_hundredths
from rating.schema import Tiers
from rating.statement_table import LineColumn, StatementTable, TierColumns, gather

__all__ = ["CaseTable", "StatementTable", "rate_many", "tabulate"]

SCALE = 10**8
"""Prices are whole numbers of 10^-8 yuan; hundredths of a unit times a price are 10^-8 fen."""

EXACT_PRODUCT = 1_500_000_000
"""Twice the square of a number up to this, plus the number, still fits into int64."""

NEAR_TIE = 1e-6


def rate_many(table: CaseTable) -> StatementTable:
    """Rate every account of a table; prices, rules and rounding are those of `rating.rate`."""
    total = _total(table)
    tiers = _tier_columns(table, total)
    columns = [
        *_basic_charge(table, total),
        *_energy(table, total, tiers),
        *_surcharges(table, total, tiers),
        *_free_kwh(table, total),
        *_components(table, total),
    ]
    columns += _power_factor_adjustment(table, total, columns)
    columns += [*_export_credit(table), *_late_charge(table)]
    return gather(table, total, columns, tiers)


def round_fen(quantity: Ints, price: Ints | int) -> Ints:
    """quantity x price / SCALE, half up, for numbers not below 0 (rule 7.1).

    The whole multiples of SCALE are multiplied apart, so that no product overflows.
    """
    whole, part = quantity // SCALE, quantity % SCALE
    fen: Ints = whole * price + (part * price + SCALE // 2) // SCALE
    return fen


def _total(table: CaseTable) -> Ints:
    return sum(table.kwh.values(), np.zeros(table.rows, np.int64))


def _priced(
    code: str, quantity: Ints, price: Decimal, *, credit: bool = False, explain: str = ""
) -> LineColumn:
    """Quantity times price; no line without a quantity (rule 7.1)."""
    fixed = _fixed(price)
    fen = round_fen(quantity, fixed)
    amount = -fen if credit else fen
    return LineColumn(code, explain or explain_key(code), quantity, fixed, amount, quantity != 0)


def _energy(table: CaseTable, total: Ints, tiers: TierColumns | None) -> Iterator[LineColumn]:
    """Energy by tier, by period, by both (mode P), or at a single price (rules 7.2 and 7.4)."""
    prices, rules = table.version.terms.energy, table.version.terms.tiers
    if tiers and prices.total:
        for tier, kwh in enumerate(_steps(_up_to_tier(total, tiers))):
            yield _priced(f"energy.tier{tier + 1}", kwh, prices.total[tier])
    elif prices.total:
        yield _priced("energy", total, prices.total[0])
    elif rules and tiers and rules.surcharges is None:
        yield from _energy_by_tier_and_period(table, total, rules, tiers)
    else:
        for period, (price, *_) in prices.periods.items():
            yield _priced(f"energy.{period}", table.kwh[period], price)


def _energy_by_tier_and_period(
    table: CaseTable, total: Ints, rules: Tiers, tiers: TierColumns
) -> Iterator[LineColumn]:
    """Mode P: the kWh of each tier are split by this month's period shares (rule 7.4)."""
    prices = table.version.terms.energy.periods
    left, left_total, parts = _up_to_tier(total, tiers), total, {}
    for period in prices:
        own = table.kwh[period]
        taken = [_share(part, own, left_total) for part in left]
        parts[period] = _steps(taken)
        left = [part - used for part, used in zip(left, taken, strict=True)]
        left_total = left_total - own
    for tier in range(rules.count):
        for period in prices:
            code = f"energy.tier{tier + 1}.{period}"
            yield _priced(code, parts[period][tier], prices[period][tier])


def _share(part: Ints, own: Ints, total: Ints) -> Ints:
    """part x own / total, half up; `part` and `own` are not above `total`. 0 where `total` is 0."""
    divisor = np.maximum(total, 1)
    if divisor.max(initial=1) > EXACT_PRODUCT:
        part, own, divisor = (each.astype(object) for each in (part, own, divisor))
    shared: Ints = ((2 * part * own + divisor) // (2 * divisor)).astype(np.int64)
    return shared


def _surcharges(table: CaseTable, total: Ints, tiers: TierColumns | None) -> Iterator[LineColumn]:
    """Mode S: each tier above the first pays its surcharge on its kWh (rule 7.4)."""
    rules = table.version.terms.tiers
    if rules and tiers and rules.surcharges:
        _, *higher = _steps(_up_to_tier(total, tiers))
        for tier, (kwh, price) in enumerate(zip(higher, rules.surcharges, strict=True), start=2):
            yield _priced(f"surcharge.tier{tier}", kwh, price)


def _tier_columns(table: CaseTable, total: Ints) -> TierColumns | None:
    """Limits and counter after this month (rules 7.2 and 7.3)."""
    rules = table.version.terms.tiers
    if rules is None:
        return None
    used = total
    if rules.cycle == "yearly" and table.year_to_date is not None:
        used = total + table.year_to_date
    limits = _tier_limits(table, rules)
    tier = 1 + sum((used > limit for limit in limits), np.zeros(table.rows, np.int64))
    return TierColumns(tier, used, limits)


def _tier_limits(table: CaseTable, rules: Tiers) -> list[Ints]:
    """Upper limits of all tiers but the last, for each account (rules 7.3 and 7.10)."""
    bonus = np.zeros(table.rows, np.int64)
    if rules.large_household and table.people is not None:
        large = table.people >= rules.large_household.people
        bonus = np.where(large, _hundredths(rules.large_household.kwh_per_month), 0)
    listed = [_hundredths(limit) for limit in rules.limits(int(table.period[5:]))]
    if rules.cycle == "monthly":
        return [limit + bonus for limit in listed]
    months = _months_of_use(table.period, table.opened)
    return [(2 * (limit + 12 * bonus) * months + 12) // 24 for limit in listed]


def _months_of_use(period: str, opened: Days | None) -> Ints | int:
    """12, or 13 less the opening month when the account was opened in that year (rule 7.3)."""
    if opened is None:
        return 12
    january = np.datetime64(period[:4], "M")
    in_year = opened.astype("datetime64[Y]") == january.astype("datetime64[Y]")
    return np.where(in_year, 12 - (opened.astype("datetime64[M]") - january).astype(np.int64), 12)


def _up_to_tier(total: Ints, tiers: TierColumns) -> list[Ints]:
    """This month's kWh up to and including each tier (rule 7.2)."""
    before = tiers.used - total
    return [*(np.clip(limit - before, 0, total) for limit in tiers.limits), total]


def _steps(cumulative: Sequence[Ints]) -> list[Ints]:
    first, *_ = cumulative
    return [first, *(upper - lower for lower, upper in pairwise(cumulative))]


def _free_kwh(table: CaseTable, total: Ints) -> Iterator[LineColumn]:
    """Free kWh of low-income households, credited at the tier 1 price (rule 7.5)."""
    terms = table.version.terms
    if table.low_income is None or terms.free_kwh is None:
        return
    left = np.where(table.low_income, _hundredths(terms.free_kwh), 0)
    if terms.energy.total:
        free = np.minimum(left, total)
        yield _priced("free_kwh", free, terms.energy.total[0], credit=True)
    for period, (price, *_) in terms.energy.periods.items():
        free = np.minimum(left, table.kwh[period])
        yield _priced(f"free_kwh.{period}", free, price, credit=True)
        left = left - free


def _basic_charge(table: CaseTable, total: Ints) -> Iterator[LineColumn]:
    """Two-part tariffs: maximum demand or transformer capacity (rule 7.7)."""
    terms = table.version.terms
    if terms.capacity and table.contract_kva is not None:
        yield _priced("capacity", table.contract_kva, terms.capacity.price)
    if terms.demand and table.max_demand is not None:
        rule, utilised = terms.demand.utilisation, _utilised(table, total)
        yield _priced("demand", np.where(utilised, 0, table.max_demand), terms.demand.price)
        if rule:
            reduced = np.where(utilised, table.max_demand, 0)
            price = terms.demand.price * rule.factor
            explain = EXPLAIN_UTILISED if rule.factor != 1 else ""
            yield _priced("demand", reduced, price, explain=explain)


def _utilised(table: CaseTable, total: Ints) -> Flags:
    """Where the transformer is used so well that the demand price is reduced (rule 7.7)."""
    rule = table.version.terms.demand and table.version.terms.demand.utilisation
    if not rule or table.contract_kva is None:
        return np.zeros(table.rows, np.bool_)
    least = _hundredths(rule.kwh_per_kva) * table.contract_kva
    return (table.contract_kva > 0) & (total * 100 >= least)


def _components(table: CaseTable, total: Ints) -> Iterator[LineColumn]:
    """Transmission, losses, system operation and funds on the kWh of all periods."""
    for code in COMPONENTS:
        price: Decimal | None = getattr(table.version.terms.components, code)
        if price is not None:
            yield _priced(code, total, price)


def _power_factor_adjustment(
    table: CaseTable, total: Ints, lines: Sequence[LineColumn]
) -> Iterator[LineColumn]:
    """Percent of the basic and energy charges by the month's power factor (rule 7.6)."""
    rates, reactive = table.version.pf_rates, table.kvarh
    if rates is None or reactive is None:
        return
    assessed = (reactive >= 0) & (total > 0)
    factor = _power_factors(total, np.maximum(reactive, 0))
    fraction = np.array([_fixed(rate) for rate in rates], np.int64)[factor]
    based = (line.amount_fen for line in lines if line.code.split(".")[0] in PF_BASE)
    base = sum(based, np.zeros(table.rows, np.int64))
    amount = np.sign(fraction) * round_fen(base, np.abs(fraction))
    for explain, wanted in ((EXPLAIN_PENALTY, fraction > 0), (EXPLAIN_REWARD, fraction < 0)):
        present = assessed & wanted
        fen = np.where(present, amount, 0)
        yield LineColumn("pf_adjustment", explain, factor, fraction, fen, present, base)


def _power_factors(active: Ints, reactive: Ints) -> Ints:
    """P / sqrt(P² + Q²) in hundredths, half up; 0 where both are 0.

    Binary floats only find the candidate: their error is far below NEAR_TIE, and what lies nearer
    to a tie than that is worked out exactly.
    """
    apparent = np.maximum(np.hypot(active, reactive), 1)
    shifted = 100 * active / apparent + 0.5
    factor = np.floor(shifted).astype(np.int64)
    for row in np.flatnonzero(np.abs(shifted - np.rint(shifted)) < NEAR_TIE):
        factor[row] = power_factor_hundredths(int(active[row]), int(reactive[row]))
    return factor


def _export_credit(table: CaseTable) -> Iterator[LineColumn]:
    """What roofs gave to the grid, credited at the export price (rule 7.8)."""
    price = table.version.terms.export
    if price is not None and table.export is not None:
        yield _priced("export_credit", table.export, price, credit=True)


def _late_charge(table: CaseTable) -> Iterator[LineColumn]:
    """Simple charge for each day late, cross-year days at their own rate (rule 7.9)."""
    arrears, due, paid = table.arrears_fen, table.late_due, table.late_paid
    if arrears is None or due is None or paid is None:
        return
    fee, known = table.version.terms.late_fee, ~(np.isnat(due) | np.isnat(paid))
    days = np.where(known, np.maximum((paid - due).astype(np.int64), 0), 0)
    if fee.cross_year is None:
        yield _late_line("late_fee", arrears, fee.rate, days)
        return
    year_end = (due.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
    same_year = np.minimum(days, np.where(known, (year_end - due).astype(np.int64), 0))
    yield _late_line("late_fee", arrears, fee.rate, same_year)
    yield _late_line("late_fee.cross_year", arrears, fee.cross_year, days - same_year)


def _late_line(code: str, arrears: Ints, rate: Decimal, days: Ints) -> LineColumn:
    fixed = _fixed(rate)
    fen = np.where(days > 0, round_fen(arrears, fixed * days), 0)
    return LineColumn(code, explain_key(code), days * 100, fixed, fen, days > 0, arrears)


def _fixed(price: Decimal) -> int:
    return int(price.scaleb(8))


def _hundredths(kwh: Decimal) -> int:
    return int(kwh.scaleb(2))
