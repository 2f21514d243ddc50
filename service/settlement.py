"""The core's file of a day's postings and reversals: is it what its headers say?"""

from collections.abc import Mapping
from hashlib import file_digest
from io import BufferedIOBase

from runtime.errors import Refused

COLUMNS = b"kind,posting_no,account_no,amount_fen,channel,order_no,paid_at,posted_at\n"

LARGEST_BYTES = 2 * 10**9
"""A row has some 170 bytes; no utility posts ten million payments on a day."""

_AMOUNT = COLUMNS.split(b",").index(b"amount_fen")


def check(file: BufferedIOBase, headers: Mapping[str, str]) -> None:
    """Read a file to its end and compare it with the headers under which it came.

    Raises Refused("settlement.malformed") with the `reason`.
    """
    if file_digest(file, "sha256").hexdigest() != headers.get("X-Content-SHA256"):
        raise _malformed("wrong_hash")
    file.seek(0)
    if file.readline() != COLUMNS:
        raise _malformed("wrong_columns")
    told = ",".join(("total", headers.get("X-Count", ""), headers.get("X-Sum-Fen", "")))
    if _total(file) != told:
        raise _malformed("wrong_total")


def _total(file: BufferedIOBase) -> str:
    """The last row, when it is what the rows before it come to."""
    count = sum_fen = 0
    for line in file:
        if line.startswith(b"total,"):
            found = f"total,{count},{sum_fen}"
            return found if line == f"{found}\n".encode() and not file.readline() else ""
        count, sum_fen = count + 1, sum_fen + _amount(line)
    return ""


def _amount(line: bytes) -> int:
    try:
        return int(line.split(b",")[_AMOUNT])
    except (IndexError, ValueError) as error:
        raise _malformed("wrong_row") from error


def _malformed(reason: str) -> Refused:
    return Refused("settlement.malformed", reason=reason)
