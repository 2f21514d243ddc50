"""UnionPay's file of a day (对账文件): a ZM file of fixed columns in a zip in the signed answer.

Documented in part 3 of the platform's interface, "文件接口", 6.1 ZM: one line for each movement,
columns of fixed width with one space between, GBK, lines ended by CR LF; amounts of fen with
leading zeros, fees and net amounts with C (to the merchant) or D (from the merchant) before them.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from sqlite3 import Connection

from sandbox import clock, trades
from sandbox.trades import Refund, Trade
from sandbox.unionpay_form import UnionPayError, stamp

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1),
    *(21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
ACQUIRER = "48020000"
FEE_PER_MILLE = 6


def file_of(db: Connection, fields: Mapping[str, str]) -> dict[str, str]:
    """The file of `settleDate` (MMDD). Raises UnionPayError 98: there is none (yet)."""
    day = _day(fields["settleDate"])
    lines = list(_lines(db, day, fields["merId"]))
    if not lines:
        raise UnionPayError("98", "文件不存在")
    return packed(day, fields["merId"], "".join(lines).encode("gbk"))


def packed(day: date, merid: str, text: bytes) -> dict[str, str]:
    """The fields of an answer that bring a ZM file."""
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN{day:%y%m%d}88ZM_{merid}", text)
    content = base64.b64encode(zlib.compress(folder.getvalue())).decode()
    return {"fileName": f"{merid}_{day:%Y%m%d}.zip", "fileContent": content}


def line(merid: str, columns: Mapping[int, str]) -> str:
    """One line from its columns, numbered from 1; the others are empty."""
    given = {2: ACQUIRER, 3: "00010000", 8: "4900", 9: "07", 13: "01", 22: "000201", 28: merid}
    whole = given | dict(columns)
    cells = [f"{whole.get(n, ''):<{width}}" for n, width in enumerate(WIDTHS, start=1)]
    return " ".join(cells) + "\r\n"


def _day(text: str) -> date:
    """The latest day of this month and day; only a day that is over has a file."""
    today = datetime.fromtimestamp(clock.now(), clock.BEIJING).date()
    for year in (today.year, today.year - 1):
        try:
            day = date(year, int(text[:2]), int(text[2:]))
        except ValueError as error:
            raise UnionPayError("10", "报文格式错误[settleDate]") from error
        if day < today:
            return day
    raise UnionPayError("98", "文件不存在")


def _lines(db: Connection, day: date, merid: str) -> Iterator[str]:
    begin = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING).timestamp()
    for trade in trades.paid_between(db, "unionpay", begin, begin + 86400):
        yield line(merid, _payment(trade))
    for trade, refund in trades.refunded_between(db, "unionpay", begin, begin + 86400):
        yield line(merid, _refund(trade, refund))


def _payment(trade: Trade) -> dict[int, str]:
    at = stamp(trade.paid_at or trade.created_at)[4:]
    fee = _fee(trade.total_fen)
    return _movement("S22", "01", trade.trade_no, trade.out_trade_no, trade.total_fen, at) | {
        16: f"D{fee:012d}",
        17: f"C{trade.total_fen - fee:012d}",
        21: "01",
    }


def _refund(trade: Trade, refund: Refund) -> dict[int, str]:
    at, fee = stamp(refund.settles_at)[4:], _fee(refund.fen)
    return _movement("S30", "04", refund.gateway_no, refund.refund_no, refund.fen, at) | {
        14: trade.trade_no[-6:],
        15: stamp(trade.paid_at or trade.created_at)[4:],
        16: f"C{fee:012d}",
        17: f"D{refund.fen - fee:012d}",
        21: "00",
        27: trade.trade_no,
        35: trade.out_trade_no,
    }


def _movement(
    code: str, kind: str, query_id: str, number: str, fen: int, at: str
) -> dict[int, str]:
    return {
        1: code,
        4: query_id[-6:],
        5: at,
        7: f"{fen:012d}",
        10: query_id,
        12: number,
        20: kind,
    }


def _fee(fen: int) -> int:
    """Six in a thousand, half a fen up."""
    return (fen * FEE_PER_MILLE + 500) // 1000
