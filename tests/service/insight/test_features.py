"""What is looked at, and that nothing of it comes from later than the day it is asked about."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.insight import features
from service.insight.features import FEATURES, Samples
from service.insight.history import History, Numbers

DAY = 86400.0
START = 8000
"""A day in 2021, counted from 2000-01-01; instants below are noons of Beijing."""


def noon(day: float) -> float:
    """The noon in China of a day that is counted from 2000-01-01."""
    return 946656000.0 + DAY * day + DAY / 2


def history(
    bills: list[dict[str, float]], reversals: tuple[tuple[int, float], ...] = ()
) -> History:
    """Bills as days: of their issue, of when they were paid and since when that is known."""
    rows = sorted(bills, key=lambda each: (each.get("account", 0), each["issued"]))
    ordered = sorted(reversals)

    def column(name: str, usual: float) -> Numbers:
        return np.array([each.get(name, usual) for each in rows], np.float64)

    paid = column("paid", np.inf)
    posted = np.array([each.get("posted", each.get("paid", np.inf)) for each in rows], np.float64)
    return History(
        account_nos=("1", "2"),
        account=column("account", 0).astype(np.int64),
        point=column("account", 0).astype(np.int64),
        month=column("month", 24000).astype(np.int64),
        issued_at=noon(column("issued", 0)),
        due=column("issued", 0).astype(np.int64) + 15,
        wh=column("wh", 1000.0),
        settled_at=noon(posted),
        settled_day=paid,
        debit=column("debit", 0).astype(np.bool_),
        replaced_at=noon(column("replaced", np.inf)),
        reversals=(
            np.array([account for account, _day in ordered], np.int64),
            np.array([noon(day) for _account, day in ordered], np.float64),
        ),
    )


def looked_at(found: History, day: float, account: int = 0) -> dict[str, float]:
    """The features of an account's next bill on a day."""
    known = features.known(found, features.of_next_bill(found, noon(day)))
    return dict(zip(FEATURES, known.features[account].tolist(), strict=True))


def test_how_bills_were_paid_how_much_was_used_and_the_season_is_all_that_is_looked_at() -> None:
    assert FEATURES == (
        "late_share",
        "late_lately",
        "late_last",
        "days_late",
        "unpaid",
        "margin",
        "reversals",
        "debit",
        "use_year",
        "use_lately",
        "summer",
        "winter",
        "new",
    )
    fields = set(History.__dataclass_fields__)
    assert fields == {
        *("account_nos", "account", "point", "month", "issued_at", "due", "wh"),
        *("settled_at", "settled_day", "debit", "replaced_at", "reversals"),
    }


def test_the_numbers_of_a_plain_history() -> None:
    found = history(
        [
            {"issued": START, "paid": START + 5, "month": 24000, "wh": 1000},
            {"issued": START + 30, "paid": START + 49, "month": 24001, "wh": 1000},
            {"issued": START + 60, "paid": START + 72, "month": 24002, "wh": 1000, "debit": 1},
            {"issued": START + 90, "month": 24003, "wh": 2000},
        ],
        ((0, START + 50), (1, START + 50)),
    )
    seen = looked_at(found, START + 92)
    assert seen["late_share"] == pytest.approx(np.log(1.4 / 5.6))
    assert seen["late_lately"] == pytest.approx(1 / 3)
    assert (seen["late_last"], seen["unpaid"], seen["reversals"]) == (0, 0, 1)
    assert seen["days_late"] == pytest.approx(np.log(4))
    assert seen["margin"] == pytest.approx((10 + 3) / 2)
    assert seen["debit"] == pytest.approx(1 / 3)
    assert seen["use_lately"] == pytest.approx(np.log(2))
    assert np.isnan(seen["use_year"])
    assert (seen["summer"], seen["winter"], seen["new"]) == (0, 0, 1 / 4)


def test_the_same_month_a_year_before_is_compared() -> None:
    found = history(
        [
            {"issued": START - 365, "paid": START - 360, "month": 23994, "wh": 1000},
            {"issued": START, "month": 24006, "wh": 1500},
        ]
    )
    seen = looked_at(found, START + 1)
    assert seen["use_year"] == pytest.approx(np.log(1.5))
    assert np.isnan(seen["use_lately"])
    assert seen["summer"] == 1


def test_a_bill_past_due_counts_as_late_while_it_is_open_and_the_next_one_is_asked_about() -> None:
    found = history([{"issued": START, "month": 24010}])
    before, after = looked_at(found, START + 15), looked_at(found, START + 18)
    assert (before["unpaid"], before["new"], before["winter"]) == (0, 1, 0)
    assert (after["unpaid"], after["late_last"], after["winter"]) == (1, 1, 1)
    assert after["days_late"] == pytest.approx(np.log(3))


def test_a_bill_that_was_replaced_says_nothing() -> None:
    bill = {"issued": START, "paid": START + 40}
    assert looked_at(history([bill]), START + 60)["late_last"] == 1
    replaced = history([bill | {"replaced": START + 50}])
    assert looked_at(replaced, START + 60)["new"] == 1


def test_an_account_without_bills_is_known_for_nothing() -> None:
    found = history([{"issued": START, "paid": START + 3}])
    seen = looked_at(found, START + 20, account=1)
    assert (seen["new"], seen["unpaid"], seen["reversals"]) == (1, 0, 0)
    assert np.isnan(seen["margin"])
    assert np.isnan(looked_at(history([]), START)["use_year"])


days = st.integers(START, START + 500)
bill = st.fixed_dictionaries(
    {
        "account": st.integers(0, 1),
        "issued": days,
        "month": st.integers(24000, 24014),
        "wh": st.integers(1, 5000),
        "debit": st.integers(0, 1),
        "late": st.one_of(st.none(), st.integers(1, 60)),
        "lag": st.integers(0, 9),
        "after": st.one_of(st.none(), st.integers(1, 200)),
    }
)


def drawn(given_: dict[str, int | None]) -> dict[str, float]:
    """A drawn bill with its days in place of what they are after."""
    found = {name: each for name, each in given_.items() if name not in ("late", "lag", "after")}
    if given_["late"] is not None:
        found["paid"] = found["issued"] + given_["late"]
        found["posted"] = found["paid"] + given_["lag"]
    if given_["after"] is not None:
        found["replaced"] = found["issued"] + given_["after"]
    return found  # type: ignore[return-value]


def as_known(found: History, at: float) -> History:
    """The history with all that came after an instant taken out."""
    known = found.settled_at <= at
    cut = replace(
        found,
        settled_at=np.where(known, found.settled_at, np.inf),
        settled_day=np.where(known, found.settled_day, np.inf),
        debit=found.debit & known,
        replaced_at=np.where(found.replaced_at <= at, found.replaced_at, np.inf),
        reversals=tuple(each[found.reversals[1] <= at] for each in found.reversals),
    )
    issued = found.issued_at <= at
    names = ("account", "point", "month", "issued_at", "due", "wh")
    names += ("settled_at", "settled_day", "debit", "replaced_at")
    return replace(cut, **{name: getattr(cut, name)[issued] for name in names})


@given(
    st.lists(bill, max_size=16),
    st.lists(st.tuples(st.integers(0, 1), days), max_size=4),
)
def test_what_came_later_changes_nothing_of_what_was_known_at_an_issue(
    bills: list[dict[str, int | None]], reversals: list[tuple[int, int]]
) -> None:
    found = history([drawn(each) for each in bills], tuple(reversals))
    every = features.of_every_bill(found)
    seen = features.known(found, every)
    for place, at in enumerate(every.at.tolist()):
        then = as_known(found, at)
        here = _place_of(found, then, place, at)
        asked = Samples(*(np.array([each]) for each in (found.account[place], at, here, here)))
        known = features.known(then, asked)
        np.testing.assert_array_equal(known.features[0], seen.features[place])
        assert (known.bills[0], known.late[0]) == (seen.bills[place], seen.late[place])
        assert known.days[0] == seen.days[place]


def _place_of(found: History, then: History, place: int, at: float) -> int:
    """Where a bill stands when the later ones are not there."""
    return int((found.issued_at[:place] <= at).sum())
