"""From what is known of an account to a probability: plain arithmetic on the numbers of a model."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from service.insight.features import FEATURES, Known
from service.insight.history import Numbers

Method = Literal["logistic", "counted"]


@dataclass(frozen=True)
class Model:
    """What was learned, as numbers.

    `base` is the share of late bills. A logistic model adds to `intercept` for each feature its
    coefficient times (value - mean) / scale; a feature that is not known adds nothing. A counted
    one adds `prior_bills` bills, late as often as all are, to the late and all bills of an account.
    """

    method: Method
    base: float
    prior_bills: int = 0
    intercept: float = 0.0
    features: tuple[str, ...] = ()
    coefficients: tuple[float, ...] = ()
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """From what `as_json` made. Raises ValueError for features that are not ours."""
        lists = ("features", "coefficients", "means", "scales")
        model = cls(**kept | {name: tuple(kept[name]) for name in lists})
        if model.method == "logistic" and model.features != FEATURES:
            raise ValueError("the model was learned from other features")
        return model

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def probabilities(model: Model, known: Known) -> Numbers:
    """The probability of each sample that its bill is not paid by the due date."""
    if model.method == "counted":
        return counted(known, model.base, model.prior_bills)
    return sigmoid(model.intercept + contributions(model, known).sum(axis=1))


def contributions(model: Model, known: Known) -> Numbers:
    """What each feature of a logistic model adds to the log odds, against the mean of all."""
    values = (known.features - np.array(model.means)) / np.array(model.scales)
    added: Numbers = np.where(np.isnan(values), 0.0, values) * np.array(model.coefficients)
    return added


def counted(known: Known, base: float, prior_bills: int) -> Numbers:
    """The share of late bills, drawn to that of all where few bills are known."""
    return (known.late + prior_bills * base) / (known.bills + prior_bills)


def sigmoid(logits: Numbers) -> Numbers:
    """From log odds to a probability, without overflow."""
    found: Numbers = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return found
