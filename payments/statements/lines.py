"""The lines of a long text, a piece at a time."""

from collections.abc import Iterator

from payments.statements.base import StatementRefused
from payments.statements.unpacking import CHUNK, Readable

MOST_BYTES = 1 << 16
"""Bytes of one line: a file without line breaks would be read into memory whole."""

Numbered = Iterator[tuple[int, str]]

_MARK = b"\xef\xbb\xbf"


def numbered(stream: Readable, gateway: str, encoding: str) -> Numbered:
    """Each line with its number, from 1, and without its end.

    Raises StatementRefused when a line is too long or the text is in another character set.
    """
    return enumerate(_lines(stream, gateway, encoding), 1)


def is_over(rest: Numbered) -> bool:
    """Whether nothing follows but empty lines."""
    return not any(line for _, line in rest)


def _lines(stream: Readable, gateway: str, encoding: str) -> Iterator[str]:
    given = 0
    rest = stream.read(CHUNK).removeprefix(_MARK)
    while piece := stream.read(CHUNK):
        head, end, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > MOST_BYTES:
            raise StatementRefused(gateway, "malformed", given + head.count(b"\n") + 1)
        if end:
            lines = _split(head, given, gateway, encoding)
            yield from lines
            given += len(lines)
    if rest:
        yield from _split(rest.removesuffix(b"\n"), given, gateway, encoding)


def _split(text: bytes, given: int, gateway: str, encoding: str) -> list[str]:
    """The lines of whole lines; a line break is never part of a character in GBK or UTF-8."""
    try:
        decoded = text.decode(encoding)
    except UnicodeDecodeError as error:
        line = given + 1 + text.count(b"\n", 0, error.start)
        raise StatementRefused(gateway, "wrong_charset", line) from error
    return decoded.replace("\r\n", "\n").removesuffix("\r").split("\n")
