"""The demo's customers and loads, without a database."""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from core.demo import people
from core.demo.loads import HOURS, clear_sky, month_of
from core.demo.roster import Scale, roster
from rating import load_tariffs

JULY, APRIL = date(2026, 7, 1), date(2026, 4, 1)


def test_there_are_about_three_hundred_accounts_with_numbers_of_their_own() -> None:
    everyone = roster()
    assert len(everyone) == 298
    assert len({supply.account_no for supply in everyone}) == 298
    assert {len(supply.account_no) for supply in everyone} == {12}
    firms = Counter(supply.customer_no for supply in everyone if supply.customer_no)
    assert firms == {"C420000871": 40, "C420000902": 6}


def test_every_named_person_is_supplied_as_told() -> None:
    by_number = {supply.account_no: supply for supply in roster(Scale(0, 0, 0, 1, 1))}
    for person in people.PEOPLE:
        supply = by_number[person.account_no]
        assert (supply.holder_name, supply.phone) == (person.holder_name, person.phone)


def test_nobody_shares_a_phone_but_with_themselves() -> None:
    holders: dict[str, set[str]] = {}
    for supply in roster():
        holders.setdefault(supply.phone, set()).add(supply.holder_name)
    assert [names for names in holders.values() if len(names) > 1] == []


def test_every_tariff_exists_and_dials_have_no_time_of_day() -> None:
    tariffs = load_tariffs()
    for supply in roster():
        version = tariffs.find(supply.tariff, "2026-10")
        if not supply.interval:
            assert tuple(version.terms.registers) == ("total",), supply.tariff


def test_every_kind_of_customer_is_there() -> None:
    everyone = roster()
    assert sum(supply.load.pv_kwp > 0 for supply in everyone) >= 10
    assert sum(supply.habit == "prepaid" for supply in everyone) >= 10
    assert sum(supply.low_income for supply in everyone) >= 5
    assert sum((supply.people or 0) >= 5 for supply in everyone) >= 10
    assert sum(not supply.interval for supply in everyone) >= 5
    assert {supply.event for supply in everyone} == {
        None,
        "exchange",
        "spike",
        "surge",
        "empty",
        "rollover",
    }


def test_a_load_is_the_same_each_time() -> None:
    [home] = roster(Scale(1, 0, 0, 0, 0))[6:]
    once, again = month_of(home, JULY), month_of(home, JULY)
    assert np.array_equal(once.import_wh, again.import_wh)
    assert not np.array_equal(once.import_wh[:30], month_of(home, APRIL).import_wh)


@pytest.mark.parametrize("first", [date(2026, 2, 1), date(2024, 2, 1), JULY])
def test_a_month_has_its_days(first: date) -> None:
    month = month_of(roster()[0], first)
    assert month.import_wh.shape == (len(month.days), 96)
    assert (month.days[0], {day.month for day in month.days}) == (first, {first.month})


def test_homes_use_what_homes_use_and_more_in_summer() -> None:
    homes = [
        s for s in roster() if s.load.use == "home" and s.tariff != "zj-residential-collective"
    ]
    april = [month_of(home, APRIL).import_wh.sum() / 1000 for home in homes if not home.load.pv_kwp]
    july = [month_of(home, JULY).import_wh.sum() / 1000 for home in homes if not home.load.pv_kwp]
    assert min(april) > 30
    assert max(july) < 800
    assert 1.6 < sum(july) / sum(april) < 2.4


def test_panels_give_by_day_only() -> None:
    home = next(supply for supply in roster() if supply.account_no == people.PV_HOME.account_no)
    month = month_of(home, JULY)
    assert month.export_wh is not None
    assert month.export_wh.sum() > 50_000
    night = (HOURS < 4.5) | (HOURS > 20.5)
    assert month.export_wh[:, night].sum() == 0
    assert np.minimum(month.import_wh, month.export_wh).max() == 0


def test_the_sun_stands_highest_a_little_after_noon_of_china() -> None:
    sky = clear_sky(date(2026, 6, 21))
    assert 12.0 < HOURS[sky.argmax()] < 12.8
    assert 950 < sky.max() < 1050
    assert 400 < clear_sky(date(2026, 12, 21)).max() < 650


def test_a_workshop_rests_on_a_holiday() -> None:
    workshop = next(s for s in roster() if s.load.use == "workshop" and s.load.shifts == 1)
    daily = month_of(workshop, date(2025, 10, 1)).import_wh.sum(axis=1)
    national_day, working_day = daily[0], daily[8]
    assert national_day * 3 < working_day


def test_reactive_energy_follows_the_power_factor() -> None:
    workshop = next(s for s in roster() if s.load.use == "workshop")
    month = month_of(workshop, JULY)
    assert month.reactive_varh is not None
    active, reactive = month.import_wh.sum(), month.reactive_varh.sum()
    assert active / np.hypot(active, reactive) == pytest.approx(
        workshop.load.power_factor, abs=0.01
    )
