"""Probabilities are plain arithmetic on a few numbers, the same as the library's own."""

import subprocess
import sys

import numpy as np
import pytest

from service.insight import learning, scoring
from service.insight.features import FEATURES, Known
from service.insight.learning import Learned
from service.insight.scoring import Model

COUNT = len(FEATURES)


def known(*rows: list[float], bills: int = 6, late: int = 2) -> Known:
    size = len(rows)
    return Known(np.array(rows), np.full(size, bills), np.full(size, late), np.full(size, 10.0))


def model(**weights: float) -> Model:
    """A logistic model in which only some features count; means 1 and scales 2."""
    return Model(
        method="logistic",
        base=0.1,
        intercept=-1.0,
        features=FEATURES,
        coefficients=tuple(weights.get(name, 0.0) for name in FEATURES),
        means=(1.0,) * COUNT,
        scales=(2.0,) * COUNT,
    )


def test_a_logistic_model_by_hand() -> None:
    row = [1.0] * COUNT
    row[FEATURES.index("unpaid")] = 3.0
    found = scoring.probabilities(model(unpaid=1.5), known(row))
    assert found.tolist() == [pytest.approx(1 / (1 + np.exp(-0.5)))]


def test_what_is_not_known_adds_nothing() -> None:
    row = [float("nan")] * COUNT
    found = scoring.probabilities(model(unpaid=1.5, debit=2.0), known(row))
    assert found.tolist() == [pytest.approx(1 / (1 + np.e))]


def test_counting_draws_few_bills_to_the_share_of_all() -> None:
    counted = Model(method="counted", base=0.1, prior_bills=4)
    found = scoring.probabilities(counted, known([0.0] * COUNT, bills=6, late=2))
    assert found.tolist() == [pytest.approx(2.4 / 10)]
    assert scoring.probabilities(counted, known([0.0] * COUNT, bills=0, late=0)).tolist() == [
        pytest.approx(0.1)
    ]


def test_numbers_survive_their_table_and_other_features_do_not() -> None:
    plain = model(unpaid=1.5)
    assert Model.of(plain.as_json()) == plain
    with pytest.raises(ValueError, match="other features"):
        Model.of(plain.as_json() | {"features": ["age"]})


def test_the_kept_numbers_foretell_what_the_library_would() -> None:
    from sklearn.linear_model import LogisticRegression

    luck = np.random.default_rng(7)
    values = luck.normal(3.0, 2.0, (400, COUNT))
    late = luck.random(400) < 1 / (1 + np.exp(-(values[:, 0] - 4)))
    some = np.zeros(400, np.int64)
    seen = Known(values, some, some, some.astype(np.float64))
    found = scoring.probabilities(learning.logistic(Learned(seen, late, some)), seen)
    plain = (values - values.mean(axis=0)) / values.std(axis=0)
    theirs = LogisticRegression(C=0.1, max_iter=1000).fit(plain, late).predict_proba(plain)[:, 1]
    np.testing.assert_allclose(found, theirs, atol=1e-9)


def test_no_process_loads_the_library_that_only_learning_needs() -> None:
    script = (
        "import sys, service.insight.work, service.insight.nights, service.insight.evaluation,"
        " portal.staff.insight; print('sklearn' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout.strip() == "False"
