"""From one bill's case to another's, one cause at a time, each step rated exactly.

Steps are rated as if all use were in the first tier; what the higher tiers cost on either bill is
a part of its own. So "used more" and "reached the second tier" are two things, as people see them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from rating import Case, CaseError, Statement, TariffVersion, TierPosition, parse_case, rate
from rating.schema import Energy
from service.models import Bill

PARTS = (
    "days",
    "use",
    "mix",
    "tier",
    "demand",
    "capacity",
    "power_factor",
    "free_kwh",
    "price",
    "tariff",
    "export",
    "late",
    "other",
)
"""Every key of a part. `other` is what cannot be rated again: a corrected price, an old tariff."""

REASONS = (
    "days.more",
    "days.less",
    "use.more",
    "use.less",
    "mix.more",
    "mix.less",
    "tier.reached",
    "tier.more",
    "tier.less",
    "tier.reset",
    "demand.more",
    "demand.less",
    "capacity.more",
    "capacity.less",
    "power_factor.more",
    "power_factor.less",
    "free_kwh.more",
    "free_kwh.less",
    "price.more",
    "price.less",
    "tariff.more",
    "tariff.less",
    "export.more",
    "export.less",
    "late.more",
    "late.less",
    "other.more",
    "other.less",
)
"""Every key of a reason in the sentence on top. `more` and `less` say what it did to the bill."""

_KWH = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Part:
    """What one cause added to a bill (positive, fen) or took away.

    `params` are the figures of that cause, now and before, for the words beside it; `reason` is
    the key for the sentence on top.
    """

    key: str
    amount_fen: int
    params: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @classmethod
    def of(cls, key: str, amount_fen: int, **params: Any) -> "Part":
        direction = "more" if amount_fen > 0 else "less"
        return cls(key, amount_fen, params, f"{key}.{direction}")


def rated_parts(bill: Bill, against: Bill) -> list[Part]:
    """The parts that rating explains; none when one of the bills cannot be rated any more."""
    try:
        now, before = _Side.of(bill), _Side.of(against)
    except CaseError:
        return []
    return [*_Steps(before).to(now)]


def case_of(bill: Bill) -> Case:
    """The bill's rating input without late charge and export. Raises CaseError."""
    given = {key: _exact(value) for key, value in bill.case.items()}
    return parse_case(given | {"late": None, "export_kwh": None})


@dataclass(frozen=True)
class _Side:
    """One of the two bills: its case, and the same case as if there were no tiers."""

    case: Case
    flat: Case
    days: int

    @classmethod
    def of(cls, bill: Bill) -> "_Side":
        case = case_of(bill)
        flat = replace(case, version=_without_tiers(case.version))
        return cls(case, flat, (bill.to_day - bill.from_day).days + 1)

    @cached_property
    def statement(self) -> Statement:
        """The bill rated again."""
        return rate(self.case)

    @cached_property
    def flat_fen(self) -> int:
        """What it would have come to without tiers."""
        return _fen(self.flat)

    @property
    def tier_fen(self) -> int:
        """What the higher tiers add."""
        return self.statement.consumption_fen - self.flat_fen

    @property
    def tier(self) -> TierPosition | None:
        return self.statement.tier

    @property
    def power_factor(self) -> Decimal | None:
        """The power factor that the bill was adjusted for, where there was an adjustment."""
        lines = self.statement.lines
        return next((line.quantity for line in lines if line.code == "pf_adjustment"), None)

    @property
    def kwh_per_day(self) -> Decimal:
        return (self.case.total_kwh / self.days).quantize(Decimal("0.1"), ROUND_HALF_UP)


class _Steps:
    """Turns the older case into the newer one and notes what each step changes."""

    def __init__(self, start: _Side) -> None:
        self._before = start
        self._case = start.flat
        self._fen = start.flat_fen

    def to(self, now: _Side) -> Iterator[Part]:
        yield from self._use(now)
        yield from self._power(now)
        free = now.case.low_income
        yield self._step("free_kwh", replace(self._case, low_income=free), entitled=free)
        yield self._prices(now)
        yield _tier_part(now, self._before)

    def _use(self, now: _Side) -> Iterator[Part]:
        """Days, daily use, and the mix of periods where both tariffs know the same ones."""
        before = self._before
        longer = self._scaled(before.case.total_kwh * now.days / before.days, now)
        yield self._step("days", longer, days=now.days, days_before=before.days)
        yield self._step(
            "use",
            self._scaled(now.case.total_kwh, now),
            kwh_per_day=now.kwh_per_day,
            kwh_per_day_before=before.kwh_per_day,
        )
        if _registers(now.case) == _registers(before.case):
            mixed = replace(self._case, kwh=now.case.kwh)
            yield self._step("mix", mixed, **_mix_params(now.case, before.case))

    def _power(self, now: _Side) -> Iterator[Part]:
        """What a two-part tariff measures besides energy."""
        case, before = now.case, self._before.case
        demand = replace(self._case, max_demand_kw=case.max_demand_kw)
        kw, kw_before = case.max_demand_kw, before.max_demand_kw
        yield self._step("demand", demand, kw=kw, kw_before=kw_before)
        capacity = replace(self._case, contract_kva=case.contract_kva)
        kva, kva_before = case.contract_kva, before.contract_kva
        yield self._step("capacity", capacity, kva=kva, kva_before=kva_before)
        reactive = replace(self._case, kvarh=case.kvarh)
        pf, pf_before = now.power_factor, self._before.power_factor
        yield self._step("power_factor", reactive, pf=pf, pf_before=pf_before)

    def _prices(self, now: _Side) -> Part:
        """What is left once all figures are alike: the tariff, or its prices."""
        new, old = now.case.version, self._before.case.version
        if new.tariff.id != old.tariff.id:
            ids = {"tariff": new.tariff.id, "tariff_before": old.tariff.id}
            return self._step("tariff", now.flat, **ids)
        versions = {"version": new.terms.version, "version_before": old.terms.version}
        return self._step("price", now.flat, **versions)

    def _step(self, key: str, case: Case, **params: Any) -> Part:
        fen = self._fen if case == self._case else _fen(case)
        part = Part.of(key, fen - self._fen, **params)
        self._case, self._fen = case, fen
        return part

    def _scaled(self, total: Decimal, now: _Side) -> Case:
        """The older case with another use in its own mix, and reactive energy in proportion."""
        old = self._before.flat
        if not old.total_kwh:
            return replace(self._case, kwh=_spread(total, _pattern_without_use(old, now.flat)))
        kvarh = old.kvarh
        if kvarh is not None:
            kvarh = (kvarh * total / old.total_kwh).quantize(_KWH, ROUND_HALF_UP)
        return replace(self._case, kwh=_spread(total, old.kwh), kvarh=kvarh)


def _tier_part(now: _Side, before: _Side) -> Part:
    part = Part.of("tier", now.tier_fen - before.tier_fen)
    here, there = now.tier, before.tier
    params = {
        "tier": here.tier if here else None,
        "tier_before": there.tier if there else None,
        "kwh_above": _above_first(here, now.case),
        "kwh_above_before": _above_first(there, before.case),
    }
    return replace(part, params=params, reason=_tier_reason(part, now, before))


def _tier_reason(part: Part, now: _Side, before: _Side) -> str:
    here, there = now.tier, before.tier
    if here is None or there is None:
        return part.reason
    if part.amount_fen > 0 and here.tier > there.tier:
        return "tier.reached"
    new_year = here.cycle == "yearly" and now.case.year > before.case.year
    return "tier.reset" if part.amount_fen < 0 and new_year else part.reason


def _above_first(position: TierPosition | None, case: Case) -> Decimal:
    """kWh of this bill that fell above the first tier."""
    if position is None:
        return _ZERO
    return min(case.total_kwh, max(_ZERO, position.used_kwh - position.limits_kwh[0]))


def _mix_params(now: Case, before: Case) -> dict[str, Any]:
    """The period whose share of the use moved most, in whole percent."""
    shares, old = _percents(now), _percents(before)
    if not shares or not old:
        return {}
    period = max(shares, key=lambda name: (abs(shares[name] - old[name]), name))
    return {"period": period, "percent": shares[period], "percent_before": old[period]}


def _percents(case: Case) -> dict[str, int]:
    if not case.total_kwh:
        return {}
    return {
        name: int((100 * case.kwh.get(name, _ZERO) / case.total_kwh).to_integral_value())
        for name in _registers(case)
    }


def _without_tiers(version: TariffVersion) -> TariffVersion:
    """The same prices with everything in the first tier."""
    terms = version.terms
    if terms.tiers is None:
        return version
    first = {
        name: prices[:1]
        for name in ("total", *terms.energy.periods)
        if (prices := getattr(terms.energy, name)) is not None
    }
    return replace(
        version, terms=terms.model_copy(update={"tiers": None, "energy": Energy(**first)})
    )


def _registers(case: Case) -> tuple[str, ...]:
    return case.version.terms.registers


def _pattern_without_use(old: Case, now: Case) -> Mapping[str, Decimal]:
    """The newer mix, or all in one register where the older tariff does not know its periods."""
    return now.kwh if _registers(old) == _registers(now) else {_registers(old)[0]: _ZERO}


def _spread(total: Decimal, pattern: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """A total in the shares of a pattern, to 0.01 kWh; the parts add up and none is negative."""
    whole = sum(pattern.values(), _ZERO)
    total = total.quantize(_KWH, ROUND_HALF_UP)
    if not whole:
        return {name: total if place == 0 else _ZERO for place, name in enumerate(pattern)}
    spread, reached, given = {}, _ZERO, _ZERO
    for name, kwh in pattern.items():
        reached += kwh
        upto = (total * reached / whole).quantize(_KWH, ROUND_HALF_UP)
        spread[name], given = upto - given, upto
    return spread


def _fen(case: Case) -> int:
    return rate(case).consumption_fen


def _exact(value: Any) -> Any:
    """JSON numbers come out of the database as floats; their shortest text is what was sent."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    return value
