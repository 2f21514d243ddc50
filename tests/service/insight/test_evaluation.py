"""The figures of `docs/insight.md` are those that the command finds."""

import re
from pathlib import Path

import pytest

from service.insight import evaluation, features, simulator
from service.insight.evaluation import Evaluation
from service.insight.rules import rules

DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "insight.md"
FIGURE = re.compile(r"\d[\d,]*\.?\d*")


@pytest.fixture(scope="module")
def simulated() -> Evaluation:
    return evaluation.simulated(rules())


def test_the_simulated_figures_of_the_document_come_out_again(simulated: Evaluation) -> None:
    section = DOCUMENT.read_text("utf-8").split("### Simulated households")[1].split("###")[0]
    found = evaluation.markdown(simulated)
    first, *_rest = found.splitlines()
    written = section[section.index("Learned from") :][: len(found)]
    assert written.startswith(first)
    assert FIGURE.sub("#", written) == FIGURE.sub("#", found)
    for theirs, ours in zip(FIGURE.findall(written), FIGURE.findall(found), strict=True):
        assert float(theirs.replace(",", "")) == pytest.approx(
            float(ours.replace(",", "")), abs=0.003
        )


def test_what_can_be_reached_is_known(simulated: Evaluation) -> None:
    """Nobody who sees the bills alone does better than Bayes' rule, nor that than the truth."""
    found = dict(simulated.measured)
    assert found["truth"].brier < found["bayes"].brier
    assert found["bayes"].brier < min(found["boosted"].brier, found["logistic"].brier)
    assert found["logistic"].brier < found["counted"].brier < found["counted"].brier_base
    assert found["logistic"].ece < 0.02


def test_a_seed_gives_the_same_households() -> None:
    one, same, other = (simulator.simulate(20, 14, seed) for seed in (1, 1, 2))
    assert one.truth.tolist() == same.truth.tolist()
    assert one.truth.tolist() != other.truth.tolist()
    assert one.history.late.mean() == pytest.approx(one.truth.mean(), abs=0.06)
    assert features.of_every_bill(one.history).bill.tolist() == list(range(20 * 14))
