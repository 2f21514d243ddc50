"""How a statement comes to lie on disk: whole and checked, or not at all."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import file_digest
from pathlib import Path

import numpy as np

from payments.statements.base import Line, Statement, StatementRefused
from payments.statements.kept import KeptLines
from runtime import files

Bring = Callable[[Path], None]
"""Fills an empty file that exists, for its owner only."""

Read = Callable[[Path], Iterator[Line]]
"""Reads a file's lines and refuses it where it breaks its own rules, totals included."""


@dataclass(frozen=True)
class Form:
    """What a gateway's statements look like from outside."""

    gateway: str
    suffix: str
    first_line: int
    """The number of the line in the file that `read` gives first; the others follow it."""


def fetch(form: Form, day: date, folder: Path, bring: Bring, read: Read) -> Statement:
    """`<gateway>-<day><suffix>` in `folder`, once it is checked; what was there is replaced.

    Raises what `bring` raises, and StatementRefused.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    final = folder / f"{form.gateway}-{day}{form.suffix}"
    with files.draft(final) as draft:
        bring(draft)
        statement = checked(form, day, draft, read)
    return replace(statement, path=final)


def checked(form: Form, day: date, path: Path, read: Read) -> Statement:
    """A file's counts, sums and lines, once each has been read. Raises StatementRefused.

    In memory it keeps eight bytes of each line, to find one that is there twice.
    """
    marks, kept = array("q"), KeptLines(path.parent)
    paid = refunded = fees = 0
    for line in kept.keeping(read(path)):
        marks.append(_mark(line))
        if line.kind == "payment":
            paid += line.amount_fen
            fees += line.fee_fen
        else:
            refunded += line.amount_fen
            fees -= line.fee_fen
    if alike := _alike(marks):
        _refuse_repeats(form, path, read, alike)
    sha256 = sha256_of(path)
    return Statement(form.gateway, day, path, sha256, len(marks), paid, refunded, fees, kept)


def _mark(line: Line) -> int:
    """64 bits that two lines about the same movement share."""
    return hash((line.order_no, line.trade_no, line.refund_no))


def _alike(marks: "array[int]") -> set[int]:
    """The marks that are there more than once."""
    ordered = np.sort(np.frombuffer(marks, dtype=np.int64))
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _refuse_repeats(form: Form, path: Path, read: Read, alike: set[int]) -> None:
    """Two lines may share a mark by chance: only their whole numbers decide."""
    seen: set[tuple[str, str, str | None]] = set()
    for number, line in enumerate(read(path), start=form.first_line):
        movement = (line.order_no, line.trade_no, line.refund_no)
        if movement in seen:
            raise StatementRefused(form.gateway, "duplicate_line", number)
        if _mark(line) in alike:
            seen.add(movement)


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
