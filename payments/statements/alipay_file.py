"""Alipay's trade bill (bill_type `trade`), as alipay.data.dataservice.bill.downloadurl.query gives
it.

A zip with two CSV files in GBK under names in GBK: the lines of the day (业务明细), and their
sums by shop (业务明细(汇总)). What begins with # is about the file. Numbers end in a tab, so that
spreadsheets leave them alone; yuan; the fee of a payment is negative, that which comes back with a
refund positive, and a refund's own amount negative. The account is our seller id and 0156, the
number of the yuan among currencies (ISO 4217: 156).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from payments.statements.base import Line, Reason, StatementRefused
from payments.statements.figures import back_fen, count, fen, instant, signed_fen
from payments.statements.lines import Numbered, is_over, numbered
from payments.statements.unpacking import entry, unzipped

NAME = "alipay"
FIRST_LINE = 6
ENCODING = "gbk"

DETAILS, SUMMARY = "_业务明细.csv", "_业务明细(汇总).csv"
_DETAILS_TITLE, _SUMMARY_TITLE = "#支付宝业务明细查询", "#支付宝业务汇总查询"
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,"
    "对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,"
    "商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_HEADER = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,"
    "商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
_FIELDS = HEADER.count(",") + 1

_YUAN = "0156"
_ACCOUNT = re.compile(r"#账号：\[(\d+)(\d{4})\]", re.ASCII)
_SPAN = re.compile(
    r"#起始日期：\[(\d{4})年(\d\d)月(\d\d)日 00:00:00\]\s+"
    r"终止日期：\[(\d{4})年(\d\d)月(\d\d)日 00:00:00\]",
    re.ASCII,
)
_PAID = re.compile(r"#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元，.*", re.ASCII)
_REFUNDED = re.compile(r"#退款合计：(\d+)笔，商家实收退款共(-?[\d.]+)元，.*", re.ASCII)


@dataclass
class _Counted:
    """What the lines add up to; amounts in fen."""

    payments: int = 0
    paid_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    fee_fen: int = 0

    def add(self, line: Line) -> None:
        if line.kind == "payment":
            self.payments += 1
            self.paid_fen += line.amount_fen
            self.fee_fen += line.fee_fen
        else:
            self.refunds += 1
            self.refunded_fen += line.amount_fen
            self.fee_fen -= line.fee_fen


def read(path: Path, *, day: date, seller_id: str, most: int) -> Iterator[Line]:
    """The lines of a zip whose files have at most `most` bytes. Raises StatementRefused."""
    counted = _Counted()
    with unzipped(path, NAME, ENCODING) as archive:
        with entry(archive, DETAILS, NAME, most) as stream:
            text = numbered(stream, NAME, ENCODING)
            yield from _Details(text, day, seller_id, counted).lines()
        with entry(archive, SUMMARY, NAME, most) as stream:
            text = numbered(stream, NAME, ENCODING)
            _Summary(text, day, seller_id, counted).check()


class _Part:
    """One file of the two; both begin alike."""

    title = ""
    list_of = ""
    header = ""

    def __init__(self, text: Numbered, day: date, seller_id: str, counted: _Counted) -> None:
        self._text = text
        self._day = day
        self._seller_id = seller_id
        self._counted = counted
        self._number = 0

    def _next(self) -> str:
        """The next line, which must be there."""
        following = next(self._text, None)
        if following is None:
            self._refuse("truncated", 1)
        self._number, line = following
        return line

    def _begin(self) -> None:
        """The five lines before the first that counts."""
        if self._next() != self.title:
            self._broken()
        self._check_account(self._next())
        self._check_span(self._next())
        if not _is_ruler(self._next(), f"{self.list_of}列表"):
            self._broken()
        if _plain(self._next()) != _plain(self.header):
            self._broken()

    def _check_account(self, line: str) -> None:
        account = _ACCOUNT.fullmatch(line.rstrip())
        if account is None:
            self._broken()
        if account[1] != self._seller_id:
            self._refuse("wrong_merchant")
        if account[2] != _YUAN:
            self._refuse("malformed")

    def _check_span(self, line: str) -> None:
        span = _SPAN.fullmatch(line.rstrip())
        if span is None:
            self._broken()
        following = self._day + timedelta(days=1)
        days = (*self._day.timetuple()[:3], *following.timetuple()[:3])
        if tuple(map(int, span.groups())) != days:
            self._refuse("wrong_day")

    def _broken(self) -> NoReturn:
        """What cannot be read was cut off when nothing follows."""
        self._refuse("truncated" if is_over(self._text) else "malformed")

    def _refuse(self, reason: Reason, ahead: int = 0) -> NoReturn:
        raise StatementRefused(NAME, reason, self._number + ahead)


class _Details(_Part):
    """One reading of the lines."""

    title, list_of, header = _DETAILS_TITLE, "业务明细", HEADER

    def lines(self) -> Iterator[Line]:
        self._begin()
        add, day = self._counted.add, self._day.isoformat()
        for number, text in self._text:
            self._number = number
            if text[:1] == "#":
                break
            try:
                line = self._line(text, day)
            except ValueError:
                self._broken()
            add(line)
            yield line
        else:
            self._refuse("truncated", 1)
        if not _is_ruler(text, "业务明细列表结束"):
            self._broken()
        self._check_totals()

    def _line(self, text: str, day: str) -> Line:
        """Raises ValueError when it is malformed."""
        fields = text.split(",")
        if len(fields) != _FIELDS:
            raise ValueError("another number of fields")
        trade_no, order_no, kind = fields[0].rstrip(), fields[1].rstrip(), fields[2].rstrip()
        at = fields[5].rstrip()
        if not trade_no or not order_no:
            raise ValueError("a trade without numbers")
        if at[: len(day)] != day:
            self._refuse("wrong_day")
        got, fee = fields[12].rstrip(), fields[22].rstrip()
        if kind == "交易":
            return Line("payment", order_no, trade_no, None, fen(got), back_fen(fee), instant(at))
        refund_no = fields[21].rstrip()
        if kind == "退款" and refund_no:
            return Line(
                "refund", order_no, trade_no, refund_no, back_fen(got), fen(fee), instant(at)
            )
        raise ValueError("neither a payment nor a refund")

    def _check_totals(self) -> None:
        paid = self._total(_PAID)
        refunded = self._total(_REFUNDED)
        counted = self._counted
        if paid != (counted.payments, counted.paid_fen):
            self._refuse("miscounted", -1)
        if refunded != (counted.refunds, -counted.refunded_fen):
            self._refuse("miscounted")
        if any(line and line[:1] != "#" for _, line in self._text):
            self._refuse("malformed", 1)

    def _total(self, form: re.Pattern[str]) -> tuple[int, int]:
        said = form.fullmatch(self._next().rstrip())
        if said is None:
            self._broken()
        try:
            return int(said[1]), signed_fen(said[2])
        except ValueError:
            self._broken()


class _Summary(_Part):
    """One reading of the sums, of which those over all shops count."""

    title, list_of, header = _SUMMARY_TITLE, "业务汇总", SUMMARY_HEADER

    def check(self) -> None:
        """Counts and the fees, which stand nowhere else."""
        self._begin()
        line = self._next()
        while not line.startswith("合计"):
            line = self._next()
        fields = [field.strip() for field in line.split(",")]
        try:
            said = count(fields[2]), count(fields[3]), -signed_fen(fields[9])
        except (ValueError, IndexError):
            self._broken()
        counted = self._counted
        if said != (counted.payments, counted.refunds, counted.fee_fen):
            self._refuse("miscounted")
        if not _is_ruler(self._next(), "业务汇总列表结束"):
            self._broken()


def _is_ruler(line: str, words: str) -> bool:
    return line.startswith("#-") and line.strip("#- \t") == words


def _plain(header: str) -> str:
    """Headers are written with wide brackets, and sometimes with narrow ones."""
    return header.replace("（", "(").replace("）", ")").strip()
