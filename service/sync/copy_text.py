"""Rows as the text that PostgreSQL's COPY takes, each column written by its type."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from msgspec import Raw
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

Writer = Callable[[Any], str]


def copy_line(row: Row, seq: int) -> str:
    """A row as one line of COPY: its fields in their order, then the number of the change.

    Raises Malformed.
    """
    row.check()
    fields = [
        _NOTHING if (value := getattr(row, name)) is None else write(value)
        for name, write in _WRITERS[type(row)]
    ]
    fields.append(f"{seq}\n")
    return "\t".join(fields)


def columns(kind: type[Row]) -> tuple[str, ...]:
    """The columns that a kind of change fills, without the number of the change."""
    return kind.__struct_fields__


def array_text(raw: Raw) -> str:
    """96 whole numbers, none negative, from a JSON array to PostgreSQL's form of it.

    The JSON was well-formed when it was read, so numbers of digits alone are whole and not
    negative, and 95 commas between two brackets part 96 of them.
    """
    text = bytes(raw)
    if text == b"null":
        return _NOTHING
    if text.count(b",") != QUARTERS - 1 or text.translate(None, _SIGNS) != b"[]":
        raise Malformed(f"an array must hold {QUARTERS} whole numbers, none of them negative")
    return f"{{{text[1:-1].decode()}}}"


def json_text(raw: Raw) -> str:
    """JSON for COPY; a tab can only stand between its parts, for inside text it is escaped."""
    return bytes(raw).decode().replace("\\", "\\\\").replace("\t", " ")


def plain_text(value: str) -> str:
    """Text for COPY, with the signs escaped that would end a field or a line."""
    if value.isprintable() and "\\" not in value:
        return value
    if "\0" in value:
        raise Malformed("text must not hold a zero character")
    return value.translate(_ESCAPES)


def _writer(column: Column[Any]) -> Writer:
    if isinstance(column.type, EncryptedText):
        return _sealed(column.type.context)
    for form, write in _BY_TYPE:
        if isinstance(column.type, form):
            return write
    if isinstance(column.type, String):
        return _limited(column.name, column.type.length)
    return str


def _sealed(context: str) -> Writer:
    return lambda text: f"\\\\x{crypto.keys().encrypt(text, context).hex()}"


def _limited(name: str, longest: int | None) -> Writer:
    """Text that fits its column; checked here, so that an older change that fits is not lost."""
    if longest is None:
        return plain_text

    def write(value: str) -> str:
        if len(value) > longest:
            raise Malformed(f"{name} is longer than {longest} characters")
        return plain_text(value)

    return write


_BY_TYPE: tuple[tuple[type[Any], Writer], ...] = (
    (ARRAY, array_text),
    (JSONB, json_text),
    (Date, date.isoformat),
    (UtcDateTime, datetime.isoformat),
    (Boolean, lambda value: "t" if value else "f"),
)

_WRITERS: dict[type[Row], tuple[tuple[str, Writer], ...]] = {
    row: tuple(
        (name, _writer(Base.metadata.tables[row.table].columns[name])) for name in columns(row)
    )
    for row in KINDS.values()
}
