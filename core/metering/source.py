"""Opening a file of readings: plain or gzip, XML or CSV, told apart by what is in it."""

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from core.metering.readings import FileProblem

LARGEST_FILE = 1 << 30
"""Bytes after unpacking. A year of quarter-hours of one meter is about 8 MB of XML."""

LONGEST_LINE = 64 * 1024
CHUNK = 1 << 18


class _Counted(io.RawIOBase):
    """A stream that stops at `LARGEST_FILE` and says plainly when its packing is broken."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except EOFError:
            raise FileProblem("The gzip file ends too early; send it again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise FileProblem("The gzip file is damaged; send it again.") from None
        self._taken += len(data)
        if self._taken > LARGEST_FILE:
            raise FileProblem(f"The file is larger than {LARGEST_FILE >> 20} MB; part it.")
        view[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file, unpacked when it is gzip. Raises FileProblem."""
    try:
        raw = path.open("rb")
    except FileNotFoundError:
        raise FileProblem(f"There is no file {path}.") from None
    except (OSError, ValueError):
        raise FileProblem(f"The file {path} cannot be read.") from None
    with raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        inner = gzip.GzipFile(fileobj=raw) if packed else raw
        yield io.BufferedReader(_Counted(inner), CHUNK)  # type: ignore[arg-type]


def is_xml(path: Path) -> bool:
    """Whether the content is XML; otherwise it is to be read as CSV. Raises FileProblem."""
    with opened(path) as stream:
        head = stream.read(1024)
    if not head:
        raise FileProblem("The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        raise FileProblem("The file is a zip archive; unpack it first.")
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip().startswith(b"<")


def sha256(path: Path) -> str:
    """The hash of the file as it was sent."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def encoding(path: Path) -> str:
    """UTF-8 (a mark at the beginning is allowed), else GB18030, which holds GBK and GB 2312.

    Raises FileProblem when the text is neither.
    """
    for name in ("utf-8-sig", "gb18030"):
        if _decodes(path, name):
            return name
    raise FileProblem("The text is neither UTF-8 nor GB18030.")


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with opened(path) as stream:
        try:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file. Raises FileProblem for one that no table of readings has."""
    name = encoding(path)
    with opened(path) as stream, io.TextIOWrapper(stream, name, newline="") as text:
        while line := text.readline(LONGEST_LINE):
            if len(line) >= LONGEST_LINE:
                raise FileProblem(f"A line is longer than {LONGEST_LINE} characters.")
            yield line
