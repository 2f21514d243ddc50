"""What a log may know of a fault of ours: its type and its place, nothing that was in hand."""

from pathlib import Path
from traceback import extract_tb


def place(error: BaseException) -> str:
    """`KeyError at http.py:88`."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
