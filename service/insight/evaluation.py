"""How well late bills are foretold, as tables: of simulated households, and of the copy's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.database import Database
from service.insight import features, simulator, training
from service.insight.learning import Learned
from service.insight.measuring import Measured, measure
from service.insight.rules import Rules
from service.insight.training import Trained

HOUSEHOLDS, MONTHS, WARM = 2000, 30, 12
"""So many simulated households and months; the first year is known, but not learned from."""

NAMES = {
    "truth": "the probability itself",
    "bayes": "the best without knowing the habit",
    "logistic": "logistic regression",
    "boosted": "gradient boosting",
    "counted": "counting",
}


@dataclass(frozen=True)
class Evaluation:
    """What was learned from, what was tested on, and how each way did."""

    taught: int
    tested: int
    measured: tuple[tuple[str, Measured], ...]
    model: Trained


def simulated(rules: Rules) -> Evaluation:
    """Of households whose habits are known; the same figures every time."""
    of = simulator.simulate(HOUSEHOLDS, MONTHS)
    history = of.history
    late_enough = history.month >= simulator.FIRST_MONTH + WARM
    every = features.known(history, features.of_every_bill(history))
    learned = Learned(every, history.late, history.due)
    kept = learned.only(late_enough)
    trained = training.best_of(kept, rules.learning, compare=True)
    recent = kept.due > kept.due.max() - rules.learning.test_days
    bounds = tuple(
        (name, measure(chances[late_enough][recent], kept.late[recent]))
        for name, chances in (("truth", of.truth), ("bayes", of.best))
    )
    return _evaluation(trained, kept, rules, bounds)


def own(database: Database, rules: Rules) -> Evaluation | None:
    """Of the copy's own bills; None where there are too few of them."""
    learned = training.gather(database, rules)
    trained = training.best_of(learned, rules.learning, compare=True)
    return _evaluation(trained, learned, rules) if trained.measured else None


def _evaluation(
    trained: Trained,
    learned: Learned,
    rules: Rules,
    bounds: tuple[tuple[str, Measured], ...] = (),
) -> Evaluation:
    earlier, latest = learned.parted(rules.learning.test_days)
    both = dict(bounds) | dict(trained.others)
    order = tuple((name, both[name]) for name in NAMES if name in both)
    return Evaluation(len(earlier.late), len(latest.late), order, trained)


def markdown(evaluation: Evaluation) -> str:
    """The tables as `docs/insight.md` has them."""
    base = evaluation.measured[0][1]
    held = evaluation.model.model.method
    return "\n".join(
        [
            f"Learned from {evaluation.taught:,} bills, tested on the {evaluation.tested:,} that "
            f"followed; {base.late:,} of these were late.",
            "",
            *_compared(evaluation.measured),
            "",
            f"By tenths of the tested bills, foretold by {NAMES[held]}:",
            "",
            *_reliability(dict(evaluation.measured)[held]),
        ]
    )


def _compared(measured: Sequence[tuple[str, Measured]]) -> list[str]:
    base = measured[0][1].brier_base
    rows = [
        f"| {NAMES[name]} | {each.auc:.3f} | {each.brier:.4f} | {each.ece:.3f} | {each.lift:.2f} |"
        for name, each in measured
    ]
    return [
        "| foretold by | AUC | Brier | calibration error | lift of the highest tenth |",
        "|---|---|---|---|---|",
        *rows,
        f"| the same for all | 0.500 | {base:.4f} | 0.000 | 1.00 |",
    ]


def _reliability(measured: Measured) -> list[str]:
    rows = [
        f"| {number} | {each.bills:,} | {each.foretold:.3f} | {each.happened:.3f} |"
        for number, each in enumerate(measured.bins, 1)
    ]
    return ["| tenth | bills | foretold | happened |", "|---|---|---|---|", *rows]
