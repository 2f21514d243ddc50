"""The load of a customer, quarter-hour by quarter-hour, made from the shapes and the seasons.

Homes follow the shapes of `shapes.npz`, day by day with the same weekday near the same date, but
with the seasons of a city on a Chinese river: hot damp summers, cool winters, little in spring and
autumn. Everybody shares the weather. Panels follow a clear sky (Haurwitz 1945) under clouds.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.demo.roster import Load, Supply, dice
from runtime import clock

Floats = NDArray[np.float64]
Wh = NDArray[np.int64]

HOURS = (np.arange(96) + 0.5) / 4
"""Middle of each quarter-hour, hours of the civil day."""

LATITUDE = np.radians(30.3)
LONGITUDE_HOURS = (114.3 - 120.0) / 15
"""How far the sun is behind the clock of China (120° east)."""

HOME_SEASON = (1.25, 1.12, 0.86, 0.74, 0.76, 0.98, 1.45, 1.52, 1.08, 0.78, 0.80, 1.10)
SHOP_SEASON = (1.05, 0.95, 0.92, 0.90, 0.95, 1.08, 1.25, 1.28, 1.10, 0.92, 0.92, 1.00)
WET_SEASON = (0.10, 0.10, 0.20, 0.40, 0.60, 0.75, 1.00, 0.95, 0.60, 0.35, 0.15, 0.10)
PUMP_HOURS = 4
SURGE = 6
COLD_SEASON = (0.75, 0.75, 0.82, 0.92, 1.02, 1.12, 1.25, 1.25, 1.12, 0.98, 0.85, 0.78)


@dataclass(frozen=True, slots=True)
class Month:
    """Days x 96 of one customer, Wh and varh; None where it is not counted."""

    days: list[date]
    import_wh: Wh
    export_wh: Wh | None
    reactive_varh: Wh | None


def month_of(supply: Supply, first: date, *, event: bool = False) -> Month:
    """The whole month that begins on `first`. `event`: what happens to the customer does so."""
    days = _days(first)
    luck = dice(supply.account_no, first.isoformat())
    used = _used(supply.load, days, luck)
    if event and supply.event == "surge":
        used = used * SURGE
    if event and supply.event == "empty":
        used = used * 0
    made = _made(supply.load, days)
    imported = np.rint(np.maximum(used - made, 0)).astype(np.int64)
    exported = np.rint(np.maximum(made - used, 0)).astype(np.int64)
    return Month(
        days,
        imported,
        exported if supply.load.pv_kwp else None,
        _reactive(supply.load, imported, luck),
    )


def _days(first: date) -> list[date]:
    following = (first + timedelta(days=32)).replace(day=1)
    return [first + timedelta(days=n) for n in range((following - first).days)]


def _used(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    if load.use == "home":
        return _home(load, days, luck)
    if load.use == "shop":
        return _shop(load, days, luck)
    if load.use == "pump":
        return _pump(load, days, luck)
    if load.use == "cold_store":
        return _cold_store(load, days, luck)
    return _workshop(load, days, luck)


@cache
def _homes() -> NDArray[np.uint16]:
    with np.load(Path(__file__).with_name("shapes.npz")) as file:
        shapes: NDArray[np.uint16] = file["homes"]
    return shapes


@cache
def weather(day: date) -> float:
    """What the day's weather does to cooling and heating: 1 is usual for the season."""
    return float(np.exp(dice("weather", day.isoformat()).normal(0, 0.12)))


@cache
def clearness(day: date) -> float:
    """How much of a clear sky's light comes through the clouds."""
    return float(0.12 + 0.88 * dice("clouds", day.isoformat()).beta(1.6, 1.2))


def _alike(day: date, luck: np.random.Generator) -> int:
    """A day of the shapes' year (2011) of the same weekday, at most ten days away."""
    same_date = (day.replace(year=2012) - date(2012, 1, 1)).days
    weekday = (same_date + 5) % 7  # 1 January 2011 was a Saturday
    return int(same_date + day.weekday() - weekday + 7 * luck.integers(-1, 2)) % 364


def _home(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    shape = np.roll(_homes()[load.shape], load.shift, axis=1).astype(float)
    hourly = shape[[_alike(day, luck) for day in days]]
    hourly /= hourly.mean()
    hourly *= np.array([weather(day) for day in days])[:, None]
    quarters = np.repeat(hourly, 4, axis=1) * luck.gamma(2.5, 0.4, (len(days), 96))
    wh = load.kwh * HOME_SEASON[days[0].month - 1] * 1000 / (30.4 * 96)
    wh *= luck.lognormal(0, 0.07)
    used: Floats = np.maximum(quarters * wh + _appliances(load, len(days), luck), 4)
    return used


def _appliances(load: Load, days: int, luck: np.random.Generator) -> Floats:
    """Kettles, irons and water heaters: now and then, a few hundred Wh in a quarter-hour."""
    awake = (HOURS > 6.5) & (HOURS < 23)
    running = (luck.random((days, 96)) < 0.02 * load.kwh / 220) & awake
    return np.where(running, luck.uniform(150, 420, (days, 96)), 0)


def _shop(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    opening = np.clip((HOURS - 8.5) * 1.5, 0, 1) * np.clip((22 - HOURS) * 1.5, 0, 1)
    profile = 0.18 + opening
    daily = np.array([weather(day) * (1.08 if day.weekday() >= 4 else 1) for day in days])
    noise = luck.gamma(20, 0.05, (len(days), 96))
    wh = load.kwh * SHOP_SEASON[days[0].month - 1] * 1000 / (30.4 * profile.sum())
    used: Floats = daily[:, None] * profile * noise * wh
    return used


def _pump(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    chance = 0.15 + 0.7 * WET_SEASON[days[0].month - 1]
    runs = luck.random(len(days)) < chance
    start = luck.uniform(4, 7, len(days))
    on = (start[:, None] <= HOURS) & (start[:, None] + PUMP_HOURS > HOURS) & runs[:, None]
    return np.where(on, load.kw * 250 * luck.uniform(0.92, 1.0, (len(days), 96)), 6)


def _workshop(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    noise = luck.gamma(60, 1 / 60, (len(days), 96))
    running = np.stack([_shift_profile(load.shifts, clock.is_working_day(day)) for day in days])
    level = np.array([0.92 + 0.08 * weather(day) for day in days])[:, None]
    used: Floats = load.kw * 250 * running * level * noise
    return used


@cache
def _shift_profile(shifts: int, working: bool) -> Floats:
    """Part of the full load at each quarter-hour, for one, two or three shifts a day."""
    if not working:
        return np.full(96, 0.45 if shifts == 3 else 0.07)
    if shifts == 3:
        return np.where((HOURS > 11.5) & (HOURS < 12.5), 0.85, 1.0)
    begin, end = (7.5, 17.5) if shifts == 1 else (6.0, 22.0)
    on = np.clip((HOURS - begin) * 2, 0, 1) * np.clip((end - HOURS) * 2, 0, 1)
    lunch = np.where((HOURS > 11.75) & (HOURS < 12.75), 0.55, 1.0)
    return 0.07 + 0.93 * on * lunch


def _cold_store(load: Load, days: list[date], luck: np.random.Generator) -> Floats:
    warm_day = 1 + 0.15 * np.cos((HOURS - 15) / 24 * 2 * np.pi)
    daily = np.array([COLD_SEASON[day.month - 1] * weather(day) for day in days])
    return load.kw * 250 * daily[:, None] * warm_day * luck.gamma(80, 1 / 80, (len(days), 96))


def _made(load: Load, days: list[date]) -> Floats:
    """What the panels of the roof give, Wh."""
    sky = np.stack([clear_sky(day) * clearness(day) for day in days])
    return sky * load.pv_kwp * 0.8 / 4


@cache
def clear_sky(day: date) -> Floats:
    """W/m² on the level under a clear sky (Haurwitz): 1098 cos z exp(-0.057 / cos z)."""
    turn = 2 * np.pi * (day.timetuple().tm_yday - 81) / 365
    declination = np.radians(23.45) * np.sin(turn)
    of_time = (9.87 * np.sin(2 * turn) - 7.53 * np.cos(turn) - 1.5 * np.sin(turn)) / 60
    angle = np.radians(15 * (HOURS + LONGITUDE_HOURS + of_time - 12))
    height = np.sin(LATITUDE) * np.sin(declination)
    height = height + np.cos(LATITUDE) * np.cos(declination) * np.cos(angle)
    cosine = np.maximum(height, 1e-3)
    return np.where(height > 0.01, 1098 * cosine * np.exp(-0.057 / cosine), 0.0)


def _reactive(load: Load, imported: Wh, luck: np.random.Generator) -> Wh | None:
    if load.power_factor is None:
        return None
    ratio = float(np.tan(np.arccos(load.power_factor)))
    reactive: Wh = np.rint(imported * (ratio * luck.uniform(0.95, 1.05, imported.shape))).astype(
        np.int64
    )
    return reactive
