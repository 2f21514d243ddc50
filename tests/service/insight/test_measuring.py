"""Figures that can be counted by hand."""

import numpy as np
import pytest

from service.insight.measuring import Measured, auc, measure


def test_auc_counts_pairs_and_halves_ties() -> None:
    scores = np.array([0.1, 0.2, 0.2, 0.9])
    assert auc(scores, np.array([False, True, False, True])) == pytest.approx(3.5 / 4)
    assert auc(scores, np.array([True, False, True, False])) == pytest.approx(0.5 / 4)


def test_the_figures_of_twenty_bills() -> None:
    scores = np.repeat([0.1, 0.8], [18, 2])
    late = np.array([True, *[False] * 17, True, True])
    found = measure(scores, late)
    assert (found.bills, found.late) == (20, 3)
    assert found.brier == pytest.approx((0.9**2 + 17 * 0.1**2 + 2 * 0.2**2) / 20)
    assert found.brier_base == pytest.approx(0.15 * 0.85)
    assert found.lift == pytest.approx(1 / 0.15)
    assert found.bins[0].happened == 0.5
    assert found.bins[-1].foretold == pytest.approx(0.8)
    assert found.ece == pytest.approx((2 * 0.4 + 16 * 0.1 + 2 * 0.2) / 20)
    assert Measured.of(found.as_json()) == found


def test_without_both_kinds_nothing_is_measured() -> None:
    with pytest.raises(ValueError, match="late and prompt"):
        measure(np.array([0.5, 0.5]), np.array([True, True]))
