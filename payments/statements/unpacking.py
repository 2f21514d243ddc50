"""Packed files read as streams, never further than allowed: a few bytes can hold a terabyte."""

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from payments.statements.base import StatementRefused

CHUNK = 1 << 18
"""Bytes read at once."""

_END = b"PK\x05\x06"
_END_BYTES = 22
_MOST_ENTRIES = 8
_MOST_DIRECTORY = 8192
"""Bytes: a statement is a file or two, and reading a directory takes a hundred times its size."""

_NAME = re.compile(r"[^/\\:\x00]{1,200}")


@dataclass(frozen=True)
class Limits:
    """Bytes of a file as it is downloaded, and of what is in it."""

    packed: int
    unpacked: int


LIMITS = Limits(packed=512 << 20, unpacked=4 << 30)
"""Ten times what a million lines take."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, most: int, /) -> bytes:
        """At most so many bytes; none at the end."""


class Bounded:
    """A packed stream that is refused when it is too long, cut off or damaged."""

    def __init__(self, stream: Readable, gateway: str, most: int) -> None:
        self._stream = stream
        self._gateway = gateway
        self._left = most

    def read(self, most: int) -> bytes:
        try:
            piece = self._stream.read(most)
        except EOFError as error:
            raise StatementRefused(self._gateway, "truncated") from error
        except (OSError, zlib.error, zipfile.BadZipFile) as error:
            raise StatementRefused(self._gateway, "malformed") from error
        self._left -= len(piece)
        if self._left < 0:
            raise StatementRefused(self._gateway, "malformed")
        return piece


@contextmanager
def gunzipped(path: Path, gateway: str, most: int) -> Iterator[Bounded]:
    """What a gzip file holds."""
    with gzip.open(path) as stream:
        yield Bounded(stream, gateway, most)


@contextmanager
def unzipped(path: Path, gateway: str, encoding: str) -> Iterator[zipfile.ZipFile]:
    """An archive of a few plain files, their names in `encoding`. Raises StatementRefused.

    Files are only ever read from it as streams; no name in it becomes a name on disk.
    """
    with path.open("rb") as file:
        _check_directory(file, gateway)
        try:
            archive = zipfile.ZipFile(file, metadata_encoding=encoding)
        except (zipfile.BadZipFile, UnicodeDecodeError, struct.error) as error:
            raise StatementRefused(gateway, "malformed") from error
        with archive:
            if not all(_is_plain(entry) for entry in archive.infolist()):
                raise StatementRefused(gateway, "malformed")
            yield archive


@contextmanager
def entry(archive: zipfile.ZipFile, ending: str, gateway: str, most: int) -> Iterator[Bounded]:
    """The one file in the archive whose name ends so."""
    found = [each for each in archive.infolist() if each.filename.endswith(ending)]
    if len(found) != 1:
        raise StatementRefused(gateway, "malformed")
    try:
        stream = archive.open(found[0])
    except (OSError, zipfile.BadZipFile) as error:
        raise StatementRefused(gateway, "malformed") from error
    with stream:
        yield Bounded(stream, gateway, most)


def _check_directory(file: BinaryIO, gateway: str) -> None:
    """Before anything is unpacked: the directory stands at the end, whole and small."""
    if file.read(2) != b"PK":
        raise StatementRefused(gateway, "malformed")
    file.seek(max(0, file.seek(0, 2) - _END_BYTES))
    end = file.read()
    if not end.startswith(_END):
        raise StatementRefused(gateway, "truncated")
    entries, size = struct.unpack("<H", end[10:12])[0], struct.unpack("<L", end[12:16])[0]
    if entries > _MOST_ENTRIES or size > _MOST_DIRECTORY:
        raise StatementRefused(gateway, "malformed")
    file.seek(0)


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """A file with a plain name, packed in one of the two common ways, for everybody to read."""
    return (
        _NAME.fullmatch(entry.filename) is not None
        and ".." not in entry.filename
        and entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        and not entry.flag_bits & 0x1
    )
