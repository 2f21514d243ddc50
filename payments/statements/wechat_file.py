"""WeChat Pay's trade bill, type ALL, as the page 交易账单 of its documentation describes it.

UTF-8, a header, a line for each payment and each refund that was begun on the day, every field
after a backtick; then a header and a line of totals. Yuan; a refund's fee is negative: it comes
back. What merchants pay of coupons is not in 应结订单金额, which is what reaches our account.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from payments.statements.base import Line, Reason, StatementRefused
from payments.statements.figures import back_fen, count, fen, instant, signed_fen
from payments.statements.lines import Numbered, is_over, numbered
from payments.statements.unpacking import gunzipped

NAME = "wechat"
FIRST_LINE = 2

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TOTALS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
_FIELDS, _SUMS = HEADER.count(",") + 1, TOTALS.count(",") + 1

_DAY_CHARACTERS = 10


@dataclass
class _Counted:
    """What the lines add up to, in fen."""

    lines: int = 0
    due_fen: int = 0
    refunded_fen: int = 0
    fee_fen: int = 0

    def add(self, line: Line) -> None:
        self.lines += 1
        if line.kind == "payment":
            self.due_fen += line.amount_fen
            self.fee_fen += line.fee_fen
        else:
            self.refunded_fen += line.amount_fen
            self.fee_fen -= line.fee_fen


def read(path: Path, *, day: date, mchid: str, most: int) -> Iterator[Line]:
    """The lines of a gzip file of at most `most` bytes unpacked. Raises StatementRefused."""
    with gunzipped(path, NAME, most) as stream:
        yield from _Bill(numbered(stream, NAME, "utf-8"), day.isoformat(), mchid).lines()


class _Bill:
    """One reading of one file."""

    def __init__(self, text: Numbered, day: str, mchid: str) -> None:
        self._text = text
        self._day = day
        self._mchid = mchid
        self._counted = _Counted()

    def lines(self) -> Iterator[Line]:
        number, header = next(self._text, (1, ""))
        if header.replace("`", "") != HEADER:
            self._broken(number)
        add = self._counted.add
        for number, text in self._text:
            if text[:1] != "`":
                break
            try:
                line = self._line(number, text)
            except ValueError:
                self._broken(number)
            add(line)
            yield line
        else:
            raise StatementRefused(NAME, "truncated", number + 1)
        self._check_totals(number, text)

    def _line(self, number: int, text: str) -> Line:
        """Raises ValueError when it is malformed, StatementRefused when it is another's."""
        fields = text[1:].split(",`")
        if len(fields) != _FIELDS:
            raise ValueError("another number of fields")
        if fields[2] != self._mchid:
            raise StatementRefused(NAME, "wrong_merchant", number)
        at, order_no, trade_no = fields[0], fields[6], fields[5]
        if at[:_DAY_CHARACTERS] != self._day:
            raise StatementRefused(NAME, "wrong_day", number)
        if fields[11] != "CNY" or not order_no or not trade_no:
            raise ValueError("another currency, or a trade without numbers")
        if fields[9] == "SUCCESS":
            amount, fee = fen(fields[12]), fen(fields[22])
            return Line("payment", order_no, trade_no, None, amount, fee, instant(at))
        if fields[9] == "REFUND" and fields[15]:
            amount, fee = fen(fields[16]), back_fen(fields[22])
            return Line("refund", order_no, trade_no, fields[15], amount, fee, instant(at))
        raise ValueError("neither a payment nor a refund")

    def _check_totals(self, number: int, header: str) -> None:
        if header.replace("`", "") != TOTALS:
            self._broken(number)
        number, text = next(self._text, (number + 1, ""))
        totals = text.replace("`", "").split(",")
        if len(totals) != _SUMS:
            self._broken(number)
        lines, due, refunded, _coupons, fee, *_gross = totals
        try:
            said = _Counted(count(lines), fen(due), fen(refunded), signed_fen(fee))
        except ValueError:
            self._refuse("malformed", number)
        if not is_over(self._text):
            self._refuse("malformed", number + 1)
        if said != self._counted:
            self._refuse("miscounted", number)

    def _broken(self, number: int) -> NoReturn:
        """What cannot be read was cut off when nothing follows."""
        self._refuse("truncated" if is_over(self._text) else "malformed", number)

    def _refuse(self, reason: Reason, number: int) -> NoReturn:
        raise StatementRefused(NAME, reason, number)
