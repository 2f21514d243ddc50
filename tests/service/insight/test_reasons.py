"""Reasons are the parts of the score, with the figures that they are about."""

import numpy as np

from service.insight import reasons, scoring
from service.insight.features import FEATURES, Known
from service.insight.scoring import Model

PLAIN = dict.fromkeys(FEATURES, 0.0) | {"margin": 9.6, "debit": 0.25}


def known(bills: int = 6, late: int = 2, days: float = 10.0, **features: float) -> Known:
    values = PLAIN | features
    row = np.array([[values[name] for name in FEATURES]])
    return Known(row, np.array([bills]), np.array([late]), np.array([days]))


def model(**weights: float) -> Model:
    """Each feature adds its weight times its value."""
    return Model(
        method="logistic",
        base=0.1,
        intercept=-2.0,
        features=FEATURES,
        coefficients=tuple(weights.get(name, 0.0) for name in FEATURES),
        means=(0.0,) * len(FEATURES),
        scales=(1.0,) * len(FEATURES),
    )


def told(of: Model, seen: Known) -> list[dict[str, object]]:
    return reasons.reasons(of, seen)[0]


def test_every_feature_is_told_as_something() -> None:
    grouped = [name for names in reasons.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(FEATURES)


def test_the_weightiest_comes_first_and_trifles_are_left_out() -> None:
    of = model(late_share=0.3, late_last=0.2, unpaid=1.2, margin=-0.001, use_year=0.4)
    seen = known(late_share=-1.0, late_last=1.0, unpaid=2.0, use_year=np.log(1.5))
    assert told(of, seen) == [
        {"code": "unpaid", "count": 2, "weight": 2.4},
        {"code": "use_year", "percent": 50, "weight": 0.162},
        {"code": "history", "bills": 6, "late": 2, "days": 5, "weight": -0.1},
    ]


def test_how_bills_were_paid_is_always_said_and_four_things_at_most() -> None:
    of = model(unpaid=1, margin=-0.1, reversals=1, debit=1, use_lately=1, winter=-0.5)
    seen = known(late=0, days=0, unpaid=1.0, reversals=1.0, debit=1.0, use_lately=-1.0, winter=1.0)
    found = told(of, seen)
    assert [each["code"] for each in found] == ["unpaid", "reversals", "debit", "history"]
    assert found[-1] == {"code": "history", "bills": 6, "late": 0, "weight": 0.0}


def test_the_figures_of_each() -> None:
    def one(name: str, value: float) -> dict[str, object]:
        return told(model(**{name: 1.0}), known(**{name: value}))[0]

    assert one("margin", 9.6) == {"code": "margin", "days": 10, "weight": 9.6}
    assert one("debit", 0.25) == {"code": "debit", "percent": 25, "weight": 0.25}
    assert one("use_lately", -0.5) == {"code": "use_lately", "percent": -39, "weight": -0.5}
    beyond = {"code": "use_year", "percent": 172, "beyond": True, "weight": 1.0}
    assert one("use_year", 1.0) == beyond
    assert one("summer", 1.0) == {"code": "season", "season": "summer", "weight": 1.0}


def test_what_is_not_known_is_not_told() -> None:
    seen = known(margin=np.nan, debit=np.nan, use_year=np.nan)
    found = told(model(margin=1.0, debit=1.0, use_year=1.0), seen)
    assert [each["code"] for each in found] == ["history"]


def test_the_weights_of_all_groups_are_the_score() -> None:
    luck = np.random.default_rng(5)
    of = model(**dict(zip(FEATURES, luck.normal(size=len(FEATURES)), strict=True)))
    seen = known(**dict(zip(FEATURES, luck.normal(size=len(FEATURES)), strict=True)))
    weights = reasons._weights(of, seen).sum()
    score = scoring.probabilities(of, seen)[0]
    np.testing.assert_allclose(np.log(score / (1 - score)), -2.0 + weights)
