"""Statements built by hand from the gateways' documentation, and everything that can be wrong."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from payments.statements import alipay_file, wechat_file
from payments.statements.base import Line, Reason, Statement, StatementRefused
from payments.statements.fetching import Form, checked

DAY = date(2026, 11, 20)
MCHID = "1900000001"
SELLER = "2088021109625633"

WECHAT_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHAT_PAID = (
    "`2026-11-20 08:30:00,`wxab8acb865bb11234,`1900000001,`0,`,`4200000263202611200000000001,"
    "`20261120abcdefghjkmnpqrstuvw,`oUpF8uMuAJO,`NATIVE,`SUCCESS,`OTHERS,`CNY,`149.51,`0.00,`0,`0,"
    "`0.00,`0.00,`,`,`江城供电, 电费,`,`0.90000,`0.60%,`149.51,`0.00,`"
)
WECHAT_BACK = (
    "`2026-11-20 23:59:59,`wxab8acb865bb11234,`1900000001,`0,`,`4200000263202611190000000002,"
    "`20261119abcdefghjkmnpqrstuvw,`oUpF8uMuAJO,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,"
    "`50000709672026112008420787722,`R20261120abcdefghjkmnpqrst,`50.00,`0.00,`ORIGINAL,`PROCESSING,"
    "`江城供电 电费,`,`-0.30000,`0.60%,`0.00,`50.00,`"
)
WECHAT_TOTALS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
WECHAT_SUMS = "`2.0,`149.51,`50.0,`0.0,`0.60000,`149.51,`50.00"
WECHAT = [WECHAT_HEADER, WECHAT_PAID, WECHAT_BACK, WECHAT_TOTALS, WECHAT_SUMS]

ALIPAY_TITLE = "#支付宝业务明细查询"
ALIPAY_ACCOUNT = f"#账号：[{SELLER}0156]"
ALIPAY_SPAN = "#起始日期：[2026年11月20日 00:00:00]   终止日期：[2026年11月21日 00:00:00]"
ALIPAY_HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,"
    "券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,"
    "分润（元）,备注"
)
ALIPAY_PAID = (
    "2026112022001458860515315453\t,20261120bcdefghjkmnpqrstuvwx\t,交易\t,江城供电 电费,"
    "2026-11-20 10:55:16,2026-11-20 10:55:23,\t,\t,\t,\t,*灯(137****2600)\t,20.00,20.00,0.00,0.00,"
    "0.00,0.00,0.00,,0.00\t,0.00,\t,-0.12,0.00,"
)
ALIPAY_BACK = (
    "2026111922001458860515315453\t,20261119bcdefghjkmnpqrstuvwx\t,退款\t,江城供电 电费,"
    "2026-11-19 10:55:16,2026-11-20 11:26:55,\t,\t,\t,\t,*灯(137****2600)\t,-5.00,-5.00,0.00,0.00,"
    "0.00,0.00,0.00,,0.00\t,0.00,R20261120bcdefghjkmnpqrst\t,0.03,0.00,"
)
ALIPAY_END = (
    "#-----------------------------------------业务明细列表结束------------------------------------"
)
ALIPAY_SUM_PAID = "#交易合计：1笔，商家实收共20.00元，商家优惠共0.00元"
ALIPAY_SUM_BACK = "#退款合计：1笔，商家实收退款共-5.00元，商家优惠退款共0.00元"
ALIPAY_DONE = "#导出时间：[2026年11月21日 05:46:49]"
ALIPAY = [
    ALIPAY_TITLE,
    ALIPAY_ACCOUNT,
    ALIPAY_SPAN,
    "#-----------------------------------------业务明细列表----------------------------------------",
    ALIPAY_HEADER,
    ALIPAY_PAID,
    ALIPAY_BACK,
    ALIPAY_END,
    ALIPAY_SUM_PAID,
    ALIPAY_SUM_BACK,
    ALIPAY_DONE,
]
ALIPAY_SUMS = "合计,,1,1,15.00,15.00,0.00,0.00,0.00,-0.09,0.00,14.91"
ALIPAY_SUMMARY = [
    "#支付宝业务汇总查询",
    ALIPAY_ACCOUNT,
    ALIPAY_SPAN,
    "#-----------------------------------------业务汇总列表----------------------------------------",
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,"
    "商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）",
    ALIPAY_SUMS,
    "#----------------------------------------业务汇总列表结束-------------------------------------",
]

Read = Callable[[Path], Iterator[Line]]
READ_WECHAT: Read = partial(wechat_file.read, day=DAY, mchid=MCHID, most=1 << 20)
READ_ALIPAY: Read = partial(alipay_file.read, day=DAY, seller_id=SELLER, most=1 << 20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "statement"


def _gzip(path: Path, lines: list[str], encoding: str = "utf-8", end: str = "\r\n") -> Path:
    path.write_bytes(gzip.compress("".join(f"{line}{end}" for line in lines).encode(encoding)))
    return path


def _zip(path: Path, files: dict[str, bytes], flag: int = 0) -> Path:
    """Names in GBK, as Alipay packs them: without the mark that says UTF-8."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(_GbkName(name), content, zipfile.ZIP_DEFLATED)
    return path


class _GbkName(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's name
        return self.filename.encode("gbk"), self.flag_bits


def _gbk(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("gbk")


def _alipay(path: Path, lines: list[str], summary: list[str] = ALIPAY_SUMMARY) -> Path:
    return _zip(path, _entries(_gbk(lines), _gbk(summary)))


def _entries(details: bytes, summary: bytes) -> dict[str, bytes]:
    stem = f"{SELLER}0156_20261120"
    return {f"{stem}_业务明细.csv": details, f"{stem}_业务明细(汇总).csv": summary}


def _checked(gateway: str, path: Path) -> Statement:
    if gateway == "wechat":
        return checked(Form("wechat", ".csv.gz", wechat_file.FIRST_LINE), DAY, path, READ_WECHAT)
    return checked(Form("alipay", ".zip", alipay_file.FIRST_LINE), DAY, path, READ_ALIPAY)


def _refused(gateway: str, path: Path) -> tuple[Reason, int | None]:
    with pytest.raises(StatementRefused) as refused:
        _checked(gateway, path)
    return refused.value.reason, refused.value.line


def _with(lines: list[str], number: int, old: str, new: str) -> list[str]:
    """The lines, with `old` replaced in the one of this number, from 1."""
    assert old in lines[number - 1]
    return [
        line.replace(old, new, 1) if each == number else line for each, line in enumerate(lines, 1)
    ]


def test_a_wechat_statement_gives_its_lines_to_the_fen(path: Path) -> None:
    statement = _checked("wechat", _gzip(path, WECHAT))
    assert list(statement.rows()) == [
        Line(
            "payment",
            "20261120abcdefghjkmnpqrstuvw",
            "4200000263202611200000000001",
            None,
            14951,
            90,
            datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
        ),
        Line(
            "refund",
            "20261119abcdefghjkmnpqrstuvw",
            "4200000263202611190000000002",
            "R20261120abcdefghjkmnpqrst",
            5000,
            30,
            datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC),
        ),
    ]
    assert (statement.gateway, statement.day, statement.path) == ("wechat", DAY, path)
    assert statement.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (statement.count, statement.paid_fen, statement.refunded_fen) == (2, 14951, 5000)
    assert statement.fee_fen == 60


def test_an_alipay_statement_gives_its_lines_to_the_fen(path: Path) -> None:
    statement = _checked("alipay", _alipay(path, ALIPAY))
    assert list(statement.rows()) == [
        Line(
            "payment",
            "20261120bcdefghjkmnpqrstuvwx",
            "2026112022001458860515315453",
            None,
            2000,
            12,
            datetime(2026, 11, 20, 2, 55, 23, tzinfo=UTC),
        ),
        Line(
            "refund",
            "20261119bcdefghjkmnpqrstuvwx",
            "2026111922001458860515315453",
            "R20261120bcdefghjkmnpqrst",
            500,
            3,
            datetime(2026, 11, 20, 3, 26, 55, tzinfo=UTC),
        ),
    ]
    assert (statement.count, statement.paid_fen, statement.refunded_fen) == (2, 2000, 500)
    assert statement.fee_fen == 9
