"""Rows as the text that PostgreSQL's COPY takes.

Written column by column: what must hold for each value is asked of a whole column at once, which
is many times faster than row by row. Who wants to know which row is at fault asks row by row.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Raw
from msgspec.structs import astuple
from sqlalchemy import ARRAY, Boolean, Column, Date, String
from sqlalchemy.dialects.postgresql import JSONB

from runtime import crypto
from runtime.crypto import EncryptedText
from runtime.database import Base, UtcDateTime
from service.sync.kinds import KINDS, Malformed, Row

QUARTERS = 96

_NOTHING = "\\N"
_SIGNS = b"0123456789, "
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Writer = Callable[[Sequence[Any]], Sequence[str]]
"""Writes the values of a column. Raises Malformed when one of them does not fit it."""


def copy_lines(rows: Sequence[Row], seqs: Sequence[int]) -> list[str]:
    """Rows of one kind as lines of COPY: their `columns`, then the number of the change.

    Of a kind that is not kept they are empty. Raises Malformed when one of them cannot be stored.
    """
    if not rows:
        return []
    for row in rows:
        row.check()
    if not rows[0].table:
        return [""] * len(rows)
    kind = type(rows[0])
    fields = dict(zip(kind.__struct_fields__, zip(*map(astuple, rows), strict=True), strict=True))
    values = (*fields.values(), *(fields[name] for name in kind.indexes.values()))
    writers = _WRITERS[kind]
    written = [write(column) for write, column in zip(writers, values, strict=True)]
    return [f"{line}\n" for line in map("\t".join, zip(*written, map(str, seqs), strict=True))]


def columns(kind: type[Row]) -> tuple[str, ...]:
    """The columns that a kind of change fills, without the number of the change."""
    return (*kind.__struct_fields__, *kind.indexes)


def array_texts(raws: Sequence[Raw]) -> list[str]:
    """96 whole numbers, none negative, from JSON arrays to PostgreSQL's form of them.

    The JSON was well-formed when it was read, so numbers of digits alone are whole and not
    negative, and 95 commas between two brackets part 96 of them.
    """
    texts = [bytes(raw) for raw in raws]
    arrays = [text for text in texts if text != b"null"]
    if any(text.count(b",") != QUARTERS - 1 for text in arrays) or (
        b"".join(arrays).translate(None, _SIGNS) != b"[]" * len(arrays)
    ):
        raise Malformed(f"an array must hold {QUARTERS} whole numbers, none of them negative")
    return [_NOTHING if text == b"null" else f"{{{text[1:-1].decode()}}}" for text in texts]


def json_texts(raws: Sequence[Raw]) -> list[str]:
    """JSON for COPY; a tab can only stand between its parts, for inside text it is escaped."""
    texts = [bytes(raw).decode() for raw in raws]
    return [
        text.replace("\\", "\\\\").replace("\t", " ") if "\\" in text or "\t" in text else text
        for text in texts
    ]


def plain_texts(texts: Sequence[str]) -> Sequence[str]:
    """Text for COPY, with the signs escaped that would end a field or a line."""
    whole = "".join(texts)
    if whole.isprintable() and "\\" not in whole:
        return texts
    if "\0" in whole:
        raise Malformed("text must not hold a zero character")
    return [text.translate(_ESCAPES) for text in texts]


def _writer(column: Column[Any]) -> Writer:
    write = _writer_of_values(column)
    return _nullable(write) if column.nullable else write


def _writer_of_values(column: Column[Any]) -> Writer:
    if isinstance(column.type, EncryptedText):
        return _sealed(column.type.context)
    for form, write in _BY_TYPE:
        if isinstance(column.type, form):
            return write
    if isinstance(column.type, String):
        return _limited(column.name, column.type.length)
    return _each(str)


def _nullable(write: Writer) -> Writer:
    def write_or_nothing(values: Sequence[Any]) -> Sequence[str]:
        if None not in values:
            return write(values)
        written = iter(write([value for value in values if value is not None]))
        return [_NOTHING if value is None else next(written) for value in values]

    return write_or_nothing


def _each(write: Callable[[Any], str]) -> Writer:
    return lambda values: list(map(write, values))


def _sealed(context: str) -> Writer:
    return _each(lambda text: f"\\\\x{crypto.keys().encrypt(text, context).hex()}")


def _indexed(context: str) -> Writer:
    """The blind index of an encrypted column."""
    return _each(lambda text: f"\\\\x{crypto.blind_index(text, context).hex()}")


def _limited(name: str, longest: int | None) -> Writer:
    """Text that fits its column; checked here, so that an older change that fits is not lost."""
    if longest is None:
        return plain_texts

    def write(texts: Sequence[str]) -> Sequence[str]:
        if max(map(len, texts), default=0) > longest:
            raise Malformed(f"{name} is longer than {longest} characters")
        return plain_texts(texts)

    return write


_BY_TYPE: tuple[tuple[type[Any], Writer], ...] = (
    (ARRAY, array_texts),
    (JSONB, json_texts),
    (Date, _each(date.isoformat)),
    (UtcDateTime, _each(datetime.isoformat)),
    (Boolean, _each(lambda value: "t" if value else "f")),
)


def _writers(row: type[Row]) -> tuple[Writer, ...]:
    table = Base.metadata.tables[row.table].columns
    return (
        *(_writer(table[name]) for name in row.__struct_fields__),
        *(_indexed(f"{row.table}.{field}") for field in row.indexes.values()),
    )


_WRITERS = {row: _writers(row) for row in KINDS.values() if row.table}
