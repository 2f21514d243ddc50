"""Nightly CSV files: a source for a utility that drops files instead of serving a feed.

Each drop is a folder named by its civil day, `2026-11-20`, or `2026-11-20.2` for a second one of
the same day. It holds one CSV file for each kind of change that has news (`bill.csv`) and, written
last, `manifest.json` with the rows and the SHA-256 of each file. docs/sync.md describes the form.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
from msgspec import Meta, Struct, inspect

from runtime.errors import Unavailable
from runtime.logs import get_logger
from service.sync.kinds import KINDS, MeterDayRow, Row
from service.sync.sources import Batch

MANIFEST = "manifest.json"
ROWS_IN_A_FILE = 10**9
FILES_IN_A_DROP = 20
DROPS_IN_A_DAY = 100

_DROP = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d?))?", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)

_log = get_logger(__name__)


class NightlyFiles:
    """A folder of drops, read in the order of their names."""

    name = "files"

    def __init__(self, folder: Path, batch: int = 5000) -> None:
        self._folder = folder
        self._batch = batch
        self._sound: set[Path] = set()

    def fetch(self, position: str) -> Batch:
        """The next rows. Raises Unavailable when a file is not what its manifest says."""
        place = _Place.parse(position)
        drops = [drop for drop in self._drops() if drop.comes_at_or_after(place)]
        if not drops:
            return Batch(b"", position, 0)
        drop = drops[0]
        self._check(drop)
        lines, reached = self._read(drop, place if drop.name == place.drop else drop.start)
        later = sum(_promised(each) for each in drops[1:])
        return Batch(lines, str(reached), drop.waiting(reached) + later)

    def close(self) -> None:
        """Nothing stays open between two batches."""

    def _drops(self) -> Iterator["_Drop"]:
        """The drops whose manifest is there, the oldest first."""
        try:
            folders = [each for each in self._folder.iterdir() if (each / MANIFEST).is_file()]
        except OSError as error:
            raise Unavailable("sync.folder_unreadable", folder=self._folder.name) from error
        for folder in sorted(folders, key=lambda each: _ordinal(each.name) or 0):
            if _ordinal(folder.name) is None:
                _log.warning("drop_ignored", drop=folder.name)
            else:
                yield _Drop(folder)

    def _check(self, drop: "_Drop") -> None:
        """Compare the files of a drop with its manifest, once."""
        if drop.folder in self._sound:
            return
        for name, expected in drop.manifest.files.items():
            if _sha256(drop.folder / name) != expected.sha256.lower():
                raise Unavailable("sync.drop_incomplete", drop=drop.name, file=name)
        self._sound.add(drop.folder)

    def _read(self, drop: "_Drop", place: "_Place") -> tuple[bytes, "_Place"]:
        """Up to a batch of rows of one file, and the place after them."""
        if not place.kind:
            return b"", place
        try:
            header, records = _cells(drop.folder / f"{place.kind}.csv", place.byte, self._batch)
        except (OSError, csv.Error) as error:
            raise Unavailable(
                "sync.file_unreadable", drop=drop.name, file=f"{place.kind}.csv", row=place.row
            ) from error
        lines = [
            _line(place.kind, header, cells, drop.number(place.kind, place.row + offset), drop.at)
            for offset, (cells, _) in enumerate(records)
        ]
        if len(records) < self._batch:
            return b"".join(lines), drop.after(place.kind)
        row, byte = place.row + len(records), records[-1][1]
        return b"".join(lines), _Place(drop.name, place.kind, row, byte)


class _File(Struct):
    rows: Annotated[int, Meta(ge=0, lt=ROWS_IN_A_FILE)]
    sha256: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{64}$")]


class _Manifest(Struct):
    written_at: Annotated[datetime, Meta(tz=True)]
    files: dict[str, _File]


@dataclass(frozen=True)
class _Place:
    """Where reading goes on: a row and byte of a file of a drop; no kind means the drop is done."""

    drop: str = ""
    kind: str = ""
    row: int = 0
    byte: int = 0

    @classmethod
    def parse(cls, position: str) -> "_Place":
        if not position:
            return cls()
        drop, kind, row, byte = position.split("/")
        return cls(drop, kind, int(row), int(byte))

    def __str__(self) -> str:
        return f"{self.drop}/{self.kind}/{self.row}/{self.byte}"


@dataclass(frozen=True)
class _Drop:
    """A drop with its manifest."""

    folder: Path

    @cached_property
    def manifest(self) -> _Manifest:
        """What the drop says of itself. Raises Unavailable when it cannot be read."""
        return _manifest(self.folder)

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds it has files of, in the order in which they are read."""
        return [kind for kind in KINDS if f"{kind}.csv" in self.manifest.files]

    @property
    def start(self) -> _Place:
        return _Place(self.name, self.kinds[0] if self.kinds else "")

    @property
    def at(self) -> str:
        return self.manifest.written_at.astimezone(UTC).isoformat()

    def after(self, kind: str) -> _Place:
        """The start of the file that follows; the end of the drop after the last."""
        following = self.kinds[self.kinds.index(kind) + 1 :]
        return _Place(self.name, following[0] if following else "")

    def comes_at_or_after(self, place: _Place) -> bool:
        """Whether it holds, or may hold, what has not been read."""
        if self.name == place.drop:
            return bool(place.kind)
        return (_ordinal(self.name) or 0) > (_ordinal(place.drop) or 0)

    def number(self, kind: str, row: int) -> int:
        """The number of a change: it rises with the day, the drop, the file and the row."""
        ordinal = _ordinal(self.name) or 0
        return (ordinal * FILES_IN_A_DROP + list(KINDS).index(kind)) * ROWS_IN_A_FILE + row + 1

    def waiting(self, reached: _Place) -> int:
        """Rows of this drop that have not been read, by what the manifest promises."""
        left = self.kinds[self.kinds.index(reached.kind) :] if reached.kind else []
        rows = sum(self.manifest.files[f"{kind}.csv"].rows for kind in left)
        return max(0, rows - reached.row)


def _ordinal(name: str) -> int | None:
    """The place of a drop among all, by its name; None when it is no name of a drop."""
    found = _DROP.fullmatch(name)
    if not found:
        return None
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return None
    return day.toordinal() * DROPS_IN_A_DAY + int(found[2] or 1)


def _manifest(folder: Path) -> _Manifest:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_Manifest)
    except (msgspec.MsgspecError, OSError) as error:
        raise Unavailable("sync.drop_incomplete", drop=folder.name, file=MANIFEST) from error
    for name in manifest.files:
        if name.removesuffix(".csv") not in KINDS:
            _log.warning("file_ignored", drop=folder.name, file=name)
    return manifest


def _promised(drop: _Drop) -> int:
    """The rows of a drop whose turn has not come; 0 when it cannot be read yet."""
    try:
        return drop.waiting(drop.start)
    except Unavailable:
        return 0


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _cells(path: Path, byte: int, count: int) -> tuple[list[str], list[tuple[list[str], int]]]:
    """The names of the columns, and up to `count` records from a byte on."""
    with path.open("rb") as file:
        header = next(_records(file), ([], 0))[0]
        file.seek(max(byte, file.tell()))
        return header, list(islice(_records(file), count))


def _records(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """Records of CSV with the byte behind each; a record may span lines."""
    start, read = file.tell(), 0

    def lines() -> Iterator[str]:
        nonlocal read
        for line in iter(file.readline, b""):
            read += len(line)
            yield line.decode(
                "utf-8-sig" if start + read == len(line) else "utf-8", "surrogateescape"
            )

    for cells in csv.reader(lines(), strict=True):
        yield cells, start + read


def _line(kind: str, header: list[str], cells: list[str], number: int, at: str) -> bytes:
    """A record as a line of the feed. What fits no type stays text, and reading sets it aside."""
    writers = _CELLS[KINDS[kind]]
    data = ",".join(
        f"{json.dumps(name)}:{writers.get(name, _text)(cell)}"
        for name, cell in zip(header, cells, strict=False)
    )
    line = f'{{"seq":{number},"kind":"{kind}","at":"{at}","data":{{{data}}}}}\n'
    return line.encode("utf-8", "surrogateescape")


def _text(cell: str) -> str:
    return json.dumps(cell, ensure_ascii=False) if cell else "null"


def _number(cell: str) -> str:
    return cell if _WHOLE.fullmatch(cell) else _text(cell)


def _flag(cell: str) -> str:
    return cell if cell in ("true", "false") else _text(cell)


def _numbers(cell: str) -> str:
    """Numbers with blanks between them."""
    parts = cell.split()
    return f"[{','.join(map(_number, parts))}]" if parts else "null"


def _json(cell: str) -> str:
    try:
        return msgspec.json.format(cell, indent=-1) if cell else "null"
    except msgspec.DecodeError:
        return _text(cell)


def _cell_of(row: type[Row], form: inspect.Type) -> Callable[[str], str]:
    """How a column is written, by the type of its field."""
    forms = {type(each) for each in getattr(form, "types", [form])}
    if inspect.RawType in forms:
        return _numbers if row is MeterDayRow else _json
    if inspect.IntType in forms:
        return _number
    return _flag if inspect.BoolType in forms else _text


def _cells_of(row: type[Row]) -> dict[str, Callable[[str], str]]:
    described: Any = inspect.type_info(row)
    return {field.encode_name: _cell_of(row, field.type) for field in described.fields}


_CELLS = {row: _cells_of(row) for row in KINDS.values()}
