"""A part is taught anew when anything that it calls upon changes, not its class alone."""

import shutil
from pathlib import Path

import pytest
from rasa.engine.training.fingerprinting import calculate_fingerprint_key

from components import part
from components.e5 import MeaningFeaturizer
from components.entities import CharacterEntityExtractor
from components.intents import LinearIntentClassifier
from components.tokenizer import CharacterTokenizer

PARTS = (
    *(CharacterTokenizer, MeaningFeaturizer),
    *(LinearIntentClassifier, CharacterEntityExtractor),
)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the parts are made of, free to be changed."""
    shutil.copytree(part.HERE, tmp_path / "components")
    shutil.copy(part.PACKAGES, tmp_path)
    monkeypatch.setattr(part, "HERE", tmp_path / "components")
    monkeypatch.setattr(part, "PACKAGES", tmp_path / part.PACKAGES.name)
    return tmp_path


@pytest.mark.parametrize("name", ["components/sequences.py", "requirements.txt"])
@pytest.mark.parametrize("taught", PARTS)
def test_rasa_knows_a_part_by_all_that_it_calls_upon(copied: Path, taught: type, name: str):
    known = calculate_fingerprint_key(taught, {}, {})
    assert calculate_fingerprint_key(taught, {}, {}) == known
    with (copied / name).open("a") as file:
        file.write("# changed\n")
    assert calculate_fingerprint_key(taught, {}, {}) != known
