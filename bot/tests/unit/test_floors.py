"""The gate of the measurements: it reads Rasa's own reports and lets nothing below a floor pass."""

import json
from pathlib import Path

import pytest

from evaluation import floors


def reports(folder: Path, macro: float = 0.97, emergency: float = 1.0, entities: float = 0.92):
    intents = {
        "macro avg": {"f1-score": macro},
        "emergency": {"recall": emergency},
        "out_of_scope": {"recall": 0.9},
    }
    (folder / "intent_report.json").write_text(json.dumps(intents))
    found = {"micro avg": {"f1-score": entities}}
    (folder / "CharacterEntityExtractor_report.json").write_text(json.dumps(found))
    return folder


def test_good_figures_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert floors.main("held-out", str(reports(tmp_path))) == 0
    assert "recall of emergency 1.0000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("low", "named"),
    [
        ({"macro": 0.9}, "macro-F1 of intents"),
        ({"emergency": 0.99}, "recall of emergency"),
        ({"entities": 0.5}, "F1 of entities"),
    ],
)
def test_a_figure_below_its_floor_fails_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], low: dict[str, float], named: str
):
    assert floors.main("held-out", str(reports(tmp_path, **low))) == 1
    assert named in capsys.readouterr().err


def test_a_missing_report_is_no_success(tmp_path: Path):
    with pytest.raises(OSError, match="intent_report"):
        floors.main("held-out", str(tmp_path))


def test_the_floors_are_at_least_the_goals():
    assert floors.HELD_OUT["macro-F1 of intents"] >= 0.92
    assert floors.HELD_OUT["recall of emergency"] == 1.0
    assert floors.HELD_OUT["recall of out_of_scope"] >= 0.85
    assert floors.HELD_OUT["F1 of entities"] >= 0.85
