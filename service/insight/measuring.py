"""How good probabilities are: do they tell late from prompt, and do they mean what they say?"""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from service.insight.history import Numbers

BINS = 10
Outcomes = NDArray[np.bool_]


@dataclass(frozen=True)
class Bin:
    """Bills of like probability: how many, what was foretold in the mean, what share was late."""

    bills: int
    foretold: float
    happened: float


@dataclass(frozen=True)
class Measured:
    """How probabilities did on bills of which it is known how they were paid.

    `auc`: how often a late bill stands above a prompt one; 0.5 is chance. `brier`: the mean
    squared error, `brier_base` that of foretelling the same for all. `ece`: by how much foretold
    and happened differ in the mean over ten bins. `lift`: how many times more late bills there are
    in the highest tenth than in all. `bins` begin with the lowest.
    """

    bills: int
    late: int
    auc: float
    brier: float
    brier_base: float
    ece: float
    lift: float
    bins: tuple[Bin, ...]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """From what `as_json` made."""
        return cls(**kept | {"bins": tuple(Bin(**each) for each in kept["bins"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"bins": [asdict(each) for each in self.bins]}


def measure(scores: Numbers, late: Outcomes) -> Measured:
    """Compare probabilities with what happened. Raises ValueError unless both kinds are there."""
    if not 0 < late.sum() < len(late):
        raise ValueError("late and prompt bills are needed to measure")
    base = float(late.mean())
    order = np.argsort(scores, kind="stable")
    found = tuple(_bin(scores[some], late[some]) for some in np.array_split(order, BINS))
    return Measured(
        bills=len(late),
        late=int(late.sum()),
        auc=auc(scores, late),
        brier=float(np.mean((scores - late) ** 2)),
        brier_base=base * (1 - base),
        ece=sum(each.bills * abs(each.foretold - each.happened) for each in found) / len(late),
        lift=found[-1].happened / base,
        bins=found,
    )


def auc(scores: Numbers, late: Outcomes) -> float:
    """The area under the ROC curve, by ranks; equal scores count half."""
    _values, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ours = int(late.sum())
    return float((ranks[late].sum() - ours * (ours + 1) / 2) / (ours * (len(late) - ours)))


def _bin(scores: Numbers, late: Outcomes) -> Bin:
    if not len(scores):
        return Bin(0, 0.0, 0.0)
    return Bin(len(scores), float(scores.mean()), float(late.mean()))
