"""From lines of JSON to changes. What cannot be read is set aside alone; the rest goes on."""

from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Union

import msgspec
from msgspec import Meta, Raw, Struct, defstruct

from service.sync.copy_text import copy_lines
from service.sync.kinds import KINDS, Malformed, Row, key_of


class Change(Struct, gc=False):
    """One line of the feed: the whole object of a kind as of its number."""

    seq: Annotated[int, Meta(ge=1)]
    at: Annotated[datetime, Meta(tz=True)]


class Envelope(Change, gc=False):
    """A line of which only the outside is read."""

    kind: str
    data: Raw


class Ready(Struct, gc=False):
    """A change that is ready to be stored: its row, and the row as a line of COPY."""

    seq: int
    row: Row
    copy: str


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A change that could not be read or stored, and why. The reason shows no value of it."""

    seq: int | None
    kind: str
    payload: str
    reason: str


@dataclass
class Reading:
    """What lines came to: rows by kind, the last of each object, and what was set aside."""

    ready: dict[str, list[Ready]] = field(default_factory=dict)
    poisoned: list[Poisoned] = field(default_factory=list)
    skipped: int = 0
    latest_at: datetime | None = None


_TYPES: dict[type[Any], str] = {
    defstruct(
        f"{kind}_change", [("data", row)], bases=(Change,), tag_field="kind", tag=kind, gc=False
    ): kind
    for kind, row in KINDS.items()
}
_CHANGES: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(_TYPES)])  # noqa: UP007
_ENVELOPE = msgspec.json.Decoder(Envelope)
_ROWS = {kind: msgspec.json.Decoder(row) for kind, row in KINDS.items()}
_KEYS = {kind: key_of(kind) for kind in KINDS}
_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, Malformed)


def read(lines: bytes) -> Reading:
    """The changes in `lines`, in the form of the core's feed.

    All at once when all are sound, else line by line, so that one bad line costs only itself.
    """
    try:
        return _read_all(lines)
    except _FAULTS:
        return _read_each(lines)


def _read_all(lines: bytes) -> Reading:
    changes = _CHANGES.decode_lines(lines)
    latest = max(changes, key=attrgetter("seq"), default=None)
    by_kind: dict[str, dict[Any, Any]] = {kind: {} for kind in KINDS}
    for change in sorted(changes, key=attrgetter("seq")):
        kind = _TYPES[type(change)]
        by_kind[kind][_KEYS[kind](change.data)] = change
    ready = {kind: _ready([*found.values()]) for kind, found in by_kind.items() if found}
    return Reading(ready, latest_at=latest.at if latest else None)


def _ready(changes: list[Any]) -> list[Ready]:
    """Changes of one kind with their lines of COPY. Raises Malformed."""
    rows, seqs = [change.data for change in changes], [change.seq for change in changes]
    return list(map(Ready, seqs, rows, copy_lines(rows, seqs)))


def _read_each(lines: bytes) -> Reading:
    reading = Reading()
    last: dict[tuple[str, Any], Ready] = {}
    for line in lines.splitlines():
        if line.strip():
            _read_one(line, reading, last)
    for (kind, _), ready in last.items():
        reading.ready.setdefault(kind, []).append(ready)
    return reading


def _read_one(line: bytes, reading: Reading, last: dict[tuple[str, Any], Ready]) -> None:
    envelope: Envelope | None = None
    try:
        envelope = _ENVELOPE.decode(line)
        reading.latest_at = envelope.at
        if envelope.kind not in KINDS:
            reading.skipped += 1
            return
        row = _ROWS[envelope.kind].decode(envelope.data)
        ready = Ready(envelope.seq, row, *copy_lines([row], [envelope.seq]))
    except _FAULTS as error:
        reading.poisoned.append(_poisoned(line, envelope, error))
        return
    key = (envelope.kind, _KEYS[envelope.kind](row))
    if key not in last or last[key].seq < ready.seq:
        last[key] = ready


def _poisoned(line: bytes, envelope: Envelope | None, error: Exception) -> Poisoned:
    reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
    return Poisoned(
        seq=envelope.seq if envelope else None,
        kind=envelope.kind if envelope else "",
        payload=line.decode("utf-8", "replace"),
        reason=reason,
    )
