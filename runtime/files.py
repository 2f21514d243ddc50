"""How a file comes to stand where others look for it: whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from runtime import clock

_DRAFT = ".part"
_LEFT_SECONDS = 86_400
"""A draft that is older was left by a process that was killed."""


@contextmanager
def draft(final: Path) -> Iterator[Path]:
    """An empty file beside `final`, for its owner only, that takes its place in the end.

    When something is raised, `final` stays as it was and nothing of the draft is left. Drafts that
    a killed process left in the folder are removed first.
    """
    _remove_leftovers(final.parent)
    descriptor, name = mkstemp(dir=final.parent, prefix=f".{final.name}.", suffix=_DRAFT)
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
        path.replace(final)
    finally:
        path.unlink(missing_ok=True)


def _remove_leftovers(folder: Path) -> None:
    before = clock.now().timestamp() - _LEFT_SECONDS
    for path in folder.glob(f".*{_DRAFT}"):
        with suppress(FileNotFoundError):  # its process has just put it in place
            if path.stat().st_mtime < before:
                path.unlink()
