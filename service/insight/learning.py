"""Learning from bills of which it is known how they were paid.

Only here is scikit-learn imported, and only when something is learned: it costs seconds to load
and a hundred megabytes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.insight.features import FEATURES, Known
from service.insight.history import Numbers
from service.insight.measuring import Outcomes
from service.insight.scoring import Model

SEED = 20261101


@dataclass(frozen=True)
class Learned:
    """Samples with their outcomes, and the day each bill was due."""

    known: Known
    late: Outcomes
    due: NDArray[np.int64]

    def only(self, kept: NDArray[np.bool_]) -> "Learned":
        """Some of them."""
        some = Known(
            self.known.features[kept],
            self.known.bills[kept],
            self.known.late[kept],
            self.known.days[kept],
        )
        return Learned(some, self.late[kept], self.due[kept])

    def parted(self, test_days: int) -> tuple["Learned", "Learned"]:
        """The earlier bills to learn from, and those due in the last days to test on."""
        recent = self.due > (self.due.max(initial=0) - test_days)
        return self.only(~recent), self.only(recent)


def joined(parts: list[Learned]) -> Learned:
    """All of them together."""
    known = [each.known for each in parts]
    return Learned(
        Known(
            np.concatenate([np.empty((0, len(FEATURES))), *(each.features for each in known)]),
            _together([each.bills for each in known]),
            _together([each.late for each in known]),
            np.concatenate([np.empty(0), *(each.days for each in known)]),
        ),
        np.concatenate([np.empty(0, np.bool_), *(each.late for each in parts)]),
        _together([each.due for each in parts]),
    )


def logistic(learned: Learned) -> Model:
    """Logistic regression, held back a little (L2, C = 0.1), on standardised features."""
    from sklearn.linear_model import LogisticRegression

    values = learned.known.features
    means, scales = _mean_and_scale(values)
    plain = np.nan_to_num((values - means) / scales, nan=0.0)
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit(plain, learned.late)
    return Model(
        method="logistic",
        base=float(learned.late.mean()),
        intercept=float(fitted.intercept_[0]),
        features=FEATURES,
        coefficients=tuple(float(each) for each in fitted.coef_[0]),
        means=tuple(float(each) for each in means),
        scales=tuple(float(each) for each in scales),
    )


def boosted(learned: Learned, asked: Known) -> Numbers:
    """Probabilities by gradient boosting, which explains nothing: to compare with, never to use."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees: Any = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.1, max_leaf_nodes=15, random_state=SEED, early_stopping=False
    )
    ever = ~np.isnan(learned.known.features).all(axis=0)
    trees.fit(learned.known.features[:, ever], learned.late)
    found: Numbers = trees.predict_proba(asked.features[:, ever])[:, 1]
    return found


def counting(late: Outcomes, *, supposed: float, prior_bills: int) -> Model:
    """What is said without learning: how often bills are late at all."""
    base = (late.sum() + supposed) / (len(late) + 1)
    return Model(method="counted", base=float(base), prior_bills=prior_bills)


def _mean_and_scale(values: Numbers) -> tuple[Numbers, Numbers]:
    """Of what is known of each feature; one that is never known, or always the same, counts 0."""
    there = ~np.isnan(values)
    counts = np.maximum(there.sum(axis=0), 1)
    means = np.where(there, values, 0).sum(axis=0) / counts
    scales = np.sqrt((np.where(there, values - means, 0) ** 2).sum(axis=0) / counts)
    return means, np.where(scales > 1e-9, scales, 1.0)


def _together(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])
