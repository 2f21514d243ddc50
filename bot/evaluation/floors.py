"""Reads the reports of `rasa test nlu` and fails when a figure is below its floor.

rasa test nlu --nlu tests/nlu.yml --model MODEL --out FOLDER --no-plot
python -m evaluation.floors held-out FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HELD_OUT = {
    "macro-F1 of intents": 0.95,
    "recall of emergency": 1.0,
    "recall of out_of_scope": 0.86,
    "F1 of entities": 0.90,
}
# Folds of the training file are harder: its lines were written to be unlike each other.
CROSS_VALIDATION = {
    "macro-F1 of intents": 0.79,
    "recall of emergency": 0.97,
    "recall of out_of_scope": 0.76,
    "F1 of entities": 0.84,
}
FLOORS = {"held-out": HELD_OUT, "cross-validation": CROSS_VALIDATION}


def figures(folder: Path) -> dict[str, float]:
    """The figures in the folder of reports; the entities' by the extractor that found them.

    Raises OSError or KeyError when a report is missing or empty.
    """
    intents = json.loads((folder / "intent_report.json").read_text("utf-8"))
    (entities,) = folder.glob("*Extractor_report.json")
    found = json.loads(entities.read_text("utf-8"))
    return {
        "macro-F1 of intents": intents["macro avg"]["f1-score"],
        "recall of emergency": intents["emergency"]["recall"],
        "recall of out_of_scope": intents["out_of_scope"]["recall"],
        "F1 of entities": found["micro avg"]["f1-score"],
    }


def below(measured: dict[str, float], floors: dict[str, float]) -> list[str]:
    """One sentence for each figure below its floor."""
    return [
        f"{name} is {measured[name]:.4f}, its floor {floor}"
        for name, floor in floors.items()
        if measured[name] < floor
    ]


def main(kind: str, folder: str) -> int:
    """Prints the figures; 1 when one is too low."""
    measured = figures(Path(folder))
    for name, figure in measured.items():
        sys.stdout.write(f"{kind}: {name} {figure:.4f}\n")
    failures = below(measured, FLOORS[kind])
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
