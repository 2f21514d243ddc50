"""UnionPay's file of a day (对账文件): a ZM file of fixed columns in a zip in the signed answer.

Documented in part 3 of the platform's interface, "文件接口", 6.1 ZM: one line for each movement,
columns of fixed width with one space between, GBK, lines ended by CR LF; amounts of fen with
leading zeros, fees and net amounts with C (to the merchant) or D (from the merchant) before them.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from sqlite3 import Connection

from sandbox import clock, statements
from sandbox.statement_faults import Listing, listing
from sandbox.statements import Movement
from sandbox.unionpay_form import UnionPayError

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1),
    *(21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
ACQUIRER = "48020000"


def file_of(db: Connection, fields: Mapping[str, str]) -> dict[str, str]:
    """The file of `settleDate` (MMDD). Raises UnionPayError 98: there is none (yet)."""
    found = listing(db, "unionpay", _day(fields["settleDate"]))
    if found is None:
        raise UnionPayError("98", "文件不存在")
    merid = fields["merId"]
    return packed(found, merid[::-1] if found.fault == "wrong_merchant" else merid)


def packed(found: Listing, merid: str) -> dict[str, str]:
    """The fields of an answer that bring a ZM file."""
    lines = "".join(line(merid, _columns(each)) for each in found.lines)
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w", zipfile.ZIP_DEFLATED) as archive:
        encoding = "utf-16" if found.fault == "wrong_charset" else "gbk"
        archive.writestr(f"INN{found.day:%y%m%d}88ZM_{merid}", lines.encode(encoding))
    whole = folder.getvalue()
    if found.fault == "truncated":
        whole = whole[: len(whole) // 2]
    content = base64.b64encode(zlib.compress(whole)).decode()
    return {"fileName": f"{merid}_{found.day:%Y%m%d}.zip", "fileContent": content}


def line(merid: str, columns: Mapping[int, str]) -> str:
    """One line from its columns, numbered from 1; the others are empty."""
    given = {2: ACQUIRER, 3: "00010000", 8: "4900", 9: "07", 13: "01", 22: "000201", 28: merid}
    whole = given | dict(columns)
    cells = [f"{whole.get(n, ''):<{width}}" for n, width in enumerate(WIDTHS, start=1)]
    return " ".join(cells) + "\r\n"


def _day(text: str) -> date:
    """The latest day of this month and day."""
    today = statements.today()
    for year in (today.year, today.year - 1):
        try:
            day = date(year, int(text[:2]), int(text[2:]))
        except ValueError as error:
            raise UnionPayError("10", "报文格式错误[settleDate]") from error
        if day <= today:
            return day
    raise UnionPayError("98", "文件不存在")


def _columns(each: Movement) -> dict[int, str]:
    """A refund is an order of its own, and names the one it was for."""
    back = bool(each.refund_no)
    number = each.gateway_no if back else each.trade_no
    taken, given = ("C", "D") if back else ("D", "C")
    columns = {
        1: "S30" if back else "S22",
        4: number[-6:],
        5: clock.digits(each.at)[4:],
        7: f"{each.fen:012d}",
        10: number[:21],
        12: each.refund_no or each.out_trade_no,
        16: f"{taken}{each.fee_fen:012d}",
        17: f"{given}{each.fen - each.fee_fen:012d}",
        20: "04" if back else "01",
        21: "00" if back else "01",
    }
    return columns | {27: each.trade_no, 35: each.out_trade_no} if back else columns
