"""Vectors are made once for a text and kept; a broken file costs time, never an answer."""

from pathlib import Path

import numpy as np
import pytest

from components import meaning


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DENGHUO_VAR", str(tmp_path))
    return tmp_path / "assistant" / "models" / "queries.npz"


def test_kept_vectors_are_those_of_the_model_in_the_order_asked(kept: Path):
    texts = ["电费多少", "交电费", "电费多少"]
    assert np.allclose(meaning.kept_queries(texts), meaning.query(texts), atol=1e-6)
    assert np.allclose(meaning.kept_queries(texts[::-1]), meaning.query(texts[::-1]), atol=1e-6)


def test_only_what_is_new_is_made(kept: Path, monkeypatch: pytest.MonkeyPatch):
    meaning.kept_queries(["电费多少", "交电费"])
    asked: list[str] = []
    embed = meaning.query
    monkeypatch.setattr(meaning, "query", lambda texts: asked.extend(texts) or embed(texts))
    meaning.kept_queries(["交电费", "停电了"])
    assert asked == ["停电了"]


@pytest.mark.parametrize("rubbish", [b"", b"PK\x03\x04", b"no archive at all"])
def test_a_broken_file_is_made_again(kept: Path, rubbish: bytes):
    kept.parent.mkdir(parents=True)
    kept.write_bytes(rubbish)
    assert meaning.kept_queries(["电费多少"]).shape == (1, 384)
    assert kept.stat().st_size > 1000


def test_a_disk_that_is_full_costs_time_alone(kept: Path, monkeypatch: pytest.MonkeyPatch):
    def half_written(path: Path, **_: np.ndarray) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", half_written)
    assert meaning.kept_queries(["电费多少"]).shape == (1, 384)
    assert list(kept.parent.iterdir()) == []


def test_no_texts_have_no_vectors(kept: Path):
    assert meaning.kept_queries([]).shape == (0, 384)
