"""A statement's lines as they were read and checked, so that nobody reads the gateway's form twice.

They lie in a file without a name, which goes when nobody holds them.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from weakref import finalize

import msgspec

from payments.statements.base import Line

AT_ONCE = 500
"""Lines in memory at once. With thousands the garbage collector costs as much as all the rest."""

_LENGTH = 4
"""Bytes before each block, which say how long it is."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Line])


class KeptLines:
    """Lines on disk, to be read as often as they are wanted, by one reader at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as the lines do
        finalize(self, self._file.close)

    def keeping(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines as they come, each kept before the next is asked for."""
        stream = iter(lines)
        while some := list(islice(stream, AT_ONCE)):
            block = _encoder.encode(some)
            self._file.write(len(block).to_bytes(_LENGTH) + block)
            yield from some

    def __iter__(self) -> Iterator[Line]:
        self._file.seek(0)
        while length := self._file.read(_LENGTH):
            yield from _decoder.decode(self._file.read(int.from_bytes(length)))
