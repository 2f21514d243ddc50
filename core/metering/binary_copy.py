"""Rows of meter-days in PostgreSQL's binary COPY format, with the arrays packed by numpy.

The format is that of the manual's page on COPY: a signature, then for each row the number of its
fields and each field as its length and bytes (length -1 is null), then -1. A one-dimensional int4
array is sent as its number of dimensions, a null flag, the element type, the length, the lower
bound, and each element with its own length. All numbers are big-endian.
"""

from datetime import date
from struct import Struct

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"

_KEY = Struct(">hiqii")
_LENGTH = Struct(">i")
_ARRAY = Struct(">iiiiii")
_FIELDS = 6
_POSTGRES_EPOCH = date(2000, 1, 1).toordinal()
_INT4 = 23
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1


def row(
    meter_id: int,
    day: date,
    arrays: tuple[NDArray[np.int64] | None, ...],
    quality: str | None,
) -> bytes:
    """A row of meter id, day, three arrays and quality. Raises OverflowError beyond int4."""
    key = _KEY.pack(_FIELDS, 8, meter_id, 4, day.toordinal() - _POSTGRES_EPOCH)
    letters = NULL if quality is None else _LENGTH.pack(len(quality)) + quality.encode()
    return b"".join((key, *map(_array, arrays), letters))


def _array(values: NDArray[np.int64] | None) -> bytes:
    if values is None:
        return NULL
    if values.min() < _SMALLEST or values.max() > _LARGEST:
        raise OverflowError("A quarter-hour does not fit into 32 bits.")
    cells = np.empty((len(values), 2), ">i4")
    cells[:, 0], cells[:, 1] = 4, values
    body = cells.tobytes()
    return _ARRAY.pack(20 + len(body), 1, 0, _INT4, len(values), 1) + body
