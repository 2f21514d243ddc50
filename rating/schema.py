"""The form of a tariff file. What stands here is checked when a file is loaded.

Prices are yuan per kWh (per kW or kVA and month for the basic charge), energy is kWh.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rating.codes import PERIODS, Period
from rating.hours import day_labels

DayType = Literal["working", "rest"]
"""`rest` is a week-end or a holiday; the caller knows the calendar, rating does not."""

DAY_TYPES: tuple[DayType, ...] = ("working", "rest")
ALL_MONTHS = tuple(range(1, 13))


def _whole_to_decimal(value: object) -> object:
    return Decimal(value) if type(value) is int else value


def _one_to_many(value: object) -> object:
    return value if isinstance(value, tuple) else (value,)


Number = Annotated[Decimal, BeforeValidator(_whole_to_decimal)]
Price = Annotated[Number, Field(ge=0, lt=500, decimal_places=8)]
BasicPrice = Annotated[Number, Field(ge=0, lt=500, decimal_places=6)]
Kwh = Annotated[Number, Field(ge=0, lt=10**8, decimal_places=2)]
DayRate = Annotated[Number, Field(gt=0, lt=Decimal("0.01"), decimal_places=8)]
Month = Annotated[int, Field(ge=1, le=12)]
Prices = Annotated[tuple[Price, ...], BeforeValidator(_one_to_many), Field(min_length=1)]
"""One price for every kWh, or one for each tier."""


class Strict(BaseModel):
    """Immutable, exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Strict):
    """A name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Season(Strict):
    """Tier limits in kWh (per month or per year, as the cycle is) in some months."""

    months: tuple[Month, ...] = ALL_MONTHS
    limits: tuple[Kwh, ...] = Field(min_length=1, max_length=2)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.limits) != sorted(set(self.limits)):
            raise ValueError("limits must rise from tier to tier")
        return self


class LargeHousehold(Strict):
    """From so many registered people on, every limit rises by so many kWh a month (rule 7.3)."""

    people: int = Field(ge=2)
    kwh_per_month: Kwh


class Tiers(Strict):
    """Tiers of a monthly or yearly cycle. With `surcharges` (mode S) all kWh are billed at the
    tier 1 price of their period and each higher tier pays its surcharge on top."""

    cycle: Literal["monthly", "yearly"]
    seasons: tuple[Season, ...] = Field(min_length=1)
    surcharges: tuple[Price, ...] | None = None
    large_household: LargeHousehold | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sorted(month for season in self.seasons for month in season.months) != [*ALL_MONTHS]:
            raise ValueError("seasons must name each of the 12 months once")
        if len({len(season.limits) for season in self.seasons}) > 1:
            raise ValueError("every season must have the same number of limits")
        if self.cycle == "yearly" and len(self.seasons) > 1:
            raise ValueError("a yearly cycle has one season")
        if self.surcharges is not None and len(self.surcharges) != self.count - 1:
            raise ValueError("surcharges must name one price for each tier above the first")
        return self

    @property
    def count(self) -> int:
        return len(self.seasons[0].limits) + 1

    def limits(self, month: int) -> tuple[Decimal, ...]:
        """The limits that hold in a month of the year (rule 7.10), in kWh of the cycle."""
        return next(season.limits for season in self.seasons if month in season.months)


class Hours(Strict):
    """When each period runs, in some months and on some days. "22:00-06:00" spans midnight."""

    months: tuple[Month, ...] = ALL_MONTHS
    days: Literal["all", "working", "rest"] = "all"
    sharp: tuple[str, ...] = ()
    peak: tuple[str, ...] = ()
    flat: tuple[str, ...] = ()
    valley: tuple[str, ...] = ()
    deep: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> tuple[Period, ...]:
        """The period of each of the 96 quarter-hours of a day."""
        return day_labels({period: getattr(self, period) for period in PERIODS})

    @model_validator(mode="after")
    def _whole_day(self) -> Self:
        assert self.labels  # noqa: S101 -- raises HoursError, a ValueError, with the reason
        return self

    def rule(self, month: int, day_type: DayType) -> bool:
        """Whether these hours hold on such a day."""
        return month in self.months and self.days in ("all", day_type)


class Utilisation(Strict):
    """A well-used transformer pays only `factor` of the demand price (rule 7.7)."""

    kwh_per_kva: Annotated[Kwh, Field(gt=0, lt=10_000)]
    factor: Annotated[Number, Field(gt=0, le=1, decimal_places=2)]


class Demand(Strict):
    """Basic charge by maximum demand, yuan per kW and month."""

    price: BasicPrice
    utilisation: Utilisation | None = None


class Capacity(Strict):
    """Basic charge by transformer capacity, yuan per kVA and month."""

    price: BasicPrice


class Components(Strict):
    """What every kWh pays besides its energy price."""

    td: Price | None = None
    line_loss: Price | None = None
    system_op: Price | None = None
    fund: Price | None = None


class LateFee(Strict):
    """Part of the arrears charged for each day; `cross_year` for days after the due year."""

    rate: DayRate
    cross_year: DayRate | None = None


class Energy(Strict):
    """Either `total` for a single meter register, or a price for each period of the day."""

    total: Prices | None = None
    sharp: Prices | None = None
    peak: Prices | None = None
    flat: Prices | None = None
    valley: Prices | None = None
    deep: Prices | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.total is None) == (not self.periods):
            raise ValueError("must have either a total price or prices by period")
        return self

    @cached_property
    def periods(self) -> dict[Period, tuple[Decimal, ...]]:
        """Prices by period in the order of display; empty when the hour does not matter."""
        found: dict[Period, tuple[Decimal, ...] | None]
        found = {period: getattr(self, period) for period in PERIODS}
        return {period: prices for period, prices in found.items() if prices is not None}

    @property
    def widths(self) -> set[int]:
        """How many prices stand in a row: {1} for one price, {3} for a price by tier."""
        rows = self.periods.values() if self.total is None else [self.total]
        return {len(prices) for prices in rows}


class Terms(Strict):
    """What one version of a tariff charges."""

    version: str = Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")
    valid_from: date = Field(alias="from")
    valid_to: date | None = Field(alias="to")
    illustrative: bool = False
    source: tuple[str, ...] = Field(min_length=1)
    energy: Energy
    hours: tuple[Hours, ...] = ()
    tiers: Tiers | None = None
    free_kwh: Kwh | None = None
    demand: Demand | None = None
    capacity: Capacity | None = None
    components: Components = Components()
    power_factor: Annotated[Number, Field(gt=0, lt=1, decimal_places=2)] | None = None
    export: Price | None = None
    late_fee: LateFee

    @model_validator(mode="after")
    def _whole_months(self) -> Self:
        last = self.valid_to
        if self.valid_from.day != 1 or (last and (last + timedelta(days=1)).day != 1):
            raise ValueError("a version must run from the first to the last day of a month")
        if last and last < self.valid_from:
            raise ValueError("a version must not end before it begins")
        return self

    @model_validator(mode="after")
    def _priced_tiers(self) -> Self:
        by_tier = self.tiers is not None and self.tiers.surcharges is None
        expected = self.tiers.count if self.tiers and by_tier else 1
        if self.energy.widths != {expected}:
            raise ValueError(f"each energy price must name {expected} value(s) to fit the tiers")
        if self.tiers and self.tiers.surcharges is not None and not self.energy.periods:
            raise ValueError("surcharges go with prices by period")
        return self

    @model_validator(mode="after")
    def _hours_fit_prices(self) -> Self:
        for month, day_type in self._kinds_of_day() if self.energy.periods else ():
            found = [hours for hours in self.hours if hours.rule(month, day_type)]
            if len(found) != 1:
                raise ValueError(f"{len(found)} hours hold on a {day_type} day of month {month}")
        unpriced = {label for hours in self.hours for label in hours.labels}
        unpriced -= set(self.energy.periods)
        if unpriced:
            raise ValueError(f"hours name {', '.join(sorted(unpriced))} without a price")
        return self

    @model_validator(mode="after")
    def _one_basic_charge(self) -> Self:
        if self.demand and self.capacity:
            raise ValueError("must not have both a demand and a capacity charge")
        return self

    @staticmethod
    def _kinds_of_day() -> list[tuple[int, DayType]]:
        return [(month, day_type) for month in ALL_MONTHS for day_type in DAY_TYPES]

    @property
    def by_tier(self) -> bool:
        """Mode P or a single register: each tier has its own price (not a surcharge)."""
        return self.tiers is not None and self.tiers.surcharges is None

    @property
    def registers(self) -> tuple[str, ...]:
        """The keys under which a period's kWh are given: ("total",) or the periods."""
        return tuple(self.energy.periods) or ("total",)

    def holds_on(self, day: date) -> bool:
        """Whether this version is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Tariff(Strict):
    """One tariff file: what it is called, whom it is for, and its versions in time."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: Text
    customer_class: Literal["residential", "commercial", "industrial", "agriculture"] = Field(
        alias="class"
    )
    region: Text
    versions: tuple[Terms, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if len({terms.version for terms in self.versions}) < len(self.versions):
            raise ValueError("every version must have a name of its own")
        for earlier, later in zip(self.versions, self.versions[1:], strict=False):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise ValueError(
                    f"version {earlier.version} must end before {later.version} begins"
                )
        return self
