"""Statements built by hand from the gateways' documentation, and everything that can be wrong."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


WECHAT_FAULTS: dict[str, tuple[list[str], Reason, int | None]] = {
    "three decimals": (_with(WECHAT, 2, "`149.51", "`149.511"), "malformed", 2),
    "a part of a fen in the fee": (_with(WECHAT, 2, "`0.90000", "`0.90500"), "malformed", 2),
    "a negative payment": (_with(WECHAT, 2, "`149.51", "`-149.51"), "malformed", 2),
    "a negative nothing": (_with(WECHAT, 2, "`149.51", "`-0.00"), "malformed", 2),
    "a negative refund": (_with(WECHAT, 3, "`50.00", "`-50.00"), "malformed", 3),
    "a fee taken of a refund": (_with(WECHAT, 3, "`-0.30000", "`0.30000"), "malformed", 3),
    "wide digits": (_with(WECHAT, 2, "`149.51", "`１49.51"), "malformed", 2),
    "an exponent": (_with(WECHAT, 2, "`149.51", "`1e2"), "malformed", 2),
    "more than there is": (_with(WECHAT, 2, "`149.51", "`1234567890123.00"), "malformed", 2),
    "another currency": (_with(WECHAT, 2, "`CNY", "`USD"), "malformed", 2),
    "another state": (_with(WECHAT, 2, "`SUCCESS", "`REVOKED"), "malformed", 2),
    "no order number": (
        _with(WECHAT, 2, "`20261120abcdefghjkmnpqrstuvw", "`"),
        "malformed",
        2,
    ),
    "a refund without a number": (
        _with(WECHAT, 3, "`R20261120abcdefghjkmnpqrst", "`"),
        "malformed",
        3,
    ),
    "an hour that is none": (_with(WECHAT, 2, "08:30:00", "25:30:00"), "malformed", 2),
    "a time without seconds": (_with(WECHAT, 2, "08:30:00", "08:30"), "malformed", 2),
    "a field too many": (_with(WECHAT, 2, ",`NATIVE", ",`,`NATIVE"), "malformed", 2),
    "another header": (_with(WECHAT, 1, "交易时间", "时间"), "malformed", 1),
    "the day before": (_with(WECHAT, 3, "2026-11-20", "2026-11-19"), "wrong_day", 3),
    "another merchant": (_with(WECHAT, 3, "`1900000001", "`1900000002"), "wrong_merchant", 3),
    "a line less": (WECHAT[:2] + WECHAT[3:], "miscounted", 4),
    "a line more": ([*WECHAT[:2], WECHAT_PAID, *WECHAT[2:]], "miscounted", 6),
    "another sum": (_with(WECHAT, 5, "`149.51", "`149.52"), "miscounted", 5),
    "another sum of refunds": (_with(WECHAT, 5, "`50.0,", "`50.01,"), "miscounted", 5),
    "another sum of fees": (_with(WECHAT, 5, "`0.60000", "`0.61000"), "miscounted", 5),
    "half a line counted": (_with(WECHAT, 5, "`2.0", "`2.5"), "malformed", 5),
    "a sum of words": ([*_with(WECHAT, 5, "`2.0", "`two"), "x"], "malformed", 5),
    "lines after the sums": ([*WECHAT, WECHAT_PAID], "malformed", 6),
    "a line that is nothing": ([*WECHAT[:3], "hello", *WECHAT[3:]], "malformed", 4),
    "a line without its end": ([*WECHAT[:2], WECHAT_BACK[:60]], "truncated", 3),
    "half the sums": ([*WECHAT[:4], WECHAT_SUMS[:25]], "truncated", 5),
    "no sums": (WECHAT[:4], "truncated", 5),
    "no totals at all": (WECHAT[:3], "truncated", 4),
    "half a header": ([WECHAT_HEADER[:20]], "truncated", 1),
    "nothing": ([], "truncated", 1),
    "a line twice": (
        [
            *WECHAT[:2],
            WECHAT_BACK,
            WECHAT_PAID,
            WECHAT_TOTALS,
            "`3,`299.02,`50.00,`0.00,`1.50000,`299.02,`50.00",
        ],
        "duplicate_line",
        4,
    ),
}


@pytest.mark.parametrize(("lines", "reason", "number"), WECHAT_FAULTS.values(), ids=WECHAT_FAULTS)
def test_a_wechat_statement_that_breaks_a_rule_is_refused_by_its_line(
    path: Path, lines: list[str], reason: Reason, number: int | None
) -> None:
    assert _refused("wechat", _gzip(path, lines)) == (reason, number)


ALIPAY_FAULTS: dict[str, tuple[list[str], Reason, int | None]] = {
    "three decimals": (_with(ALIPAY, 6, ",20.00,20.00,", ",20.000,20.005,"), "malformed", 6),
    "a negative payment": (_with(ALIPAY, 6, ",20.00,20.00,", ",20.00,-20.00,"), "malformed", 6),
    "a positive refund": (_with(ALIPAY, 7, ",-5.00,-5.00,", ",-5.00,5.00,"), "malformed", 7),
    "a fee given with a payment": (_with(ALIPAY, 6, ",-0.12,", ",0.12,"), "malformed", 6),
    "a fee taken of a refund": (_with(ALIPAY, 7, ",0.03,", ",-0.03,"), "malformed", 7),
    "another kind": (_with(ALIPAY, 6, "交易", "转账"), "malformed", 6),
    "a refund without a number": (
        _with(ALIPAY, 7, "R20261120bcdefghjkmnpqrst", ""),
        "malformed",
        7,
    ),
    "a comma too many": (_with(ALIPAY, 6, "江城供电 电费", "江城供电, 电费"), "malformed", 6),
    "a minute that is none": (_with(ALIPAY, 6, "10:55:23", "10:61:23"), "malformed", 6),
    "the day after": (_with(ALIPAY, 7, "2026-11-20 11", "2026-11-21 11"), "wrong_day", 7),
    "a span of another day": (_with(ALIPAY, 3, "11月20日", "11月19日"), "wrong_day", 3),
    "a span of two days": (_with(ALIPAY, 3, "11月21日", "11月22日"), "wrong_day", 3),
    "no span": (_with(ALIPAY, 3, "起始日期", "日期"), "malformed", 3),
    "another merchant": (_with(ALIPAY, 2, SELLER, SELLER[::-1]), "wrong_merchant", 2),
    "another currency": (_with(ALIPAY, 2, "0156]", "0840]"), "malformed", 2),
    "another title": (_with(ALIPAY, 1, "业务", "账务"), "malformed", 1),
    "another list": (_with(ALIPAY, 4, "明细", "汇总"), "malformed", 4),
    "another header": (_with(ALIPAY, 5, "商户订单号", "订单号"), "malformed", 5),
    "a line less": (ALIPAY[:5] + ALIPAY[6:], "miscounted", 8),
    "a line more": ([*ALIPAY[:6], ALIPAY_PAID, *ALIPAY[6:]], "miscounted", 10),
    "a refund less": (ALIPAY[:6] + ALIPAY[7:], "miscounted", 9),
    "another sum": (_with(ALIPAY, 9, "20.00", "20.01"), "miscounted", 9),
    "another sum of refunds": (_with(ALIPAY, 10, "-5.00", "5.00"), "miscounted", 10),
    "a sum with too many points": (_with(ALIPAY, 9, "20.00", "2.0.0"), "malformed", 9),
    "no end": ([*ALIPAY[:7], "#", *ALIPAY[8:]], "malformed", 8),
    "lines after the sums": ([*ALIPAY, ALIPAY_PAID], "malformed", 11),
    "no totals": (ALIPAY[:8], "truncated", 9),
    "no end at all": (ALIPAY[:7], "truncated", 8),
    "a line without its end": ([*ALIPAY[:6], ALIPAY_BACK[:60]], "truncated", 7),
    "nothing": ([], "truncated", 1),
    "a line twice": (
        [
            *ALIPAY[:7],
            ALIPAY_PAID,
            ALIPAY_END,
            "#交易合计：2笔，商家实收共40.00元，商家优惠共0.00元",
            *ALIPAY[9:],
        ],
        "duplicate_line",
        8,
    ),
}
TWICE = _with(
    ALIPAY_SUMMARY, 6, "合计,,1,1,15.00,15.00,0.00,0.00,0.00,-0.09", "合计,,2,1,,,,,,-0.21"
)


@pytest.mark.parametrize(("lines", "reason", "number"), ALIPAY_FAULTS.values(), ids=ALIPAY_FAULTS)
def test_an_alipay_statement_that_breaks_a_rule_is_refused_by_its_line(
    path: Path, lines: list[str], reason: Reason, number: int | None
) -> None:
    summary = TWICE if reason == "duplicate_line" else ALIPAY_SUMMARY
    assert _refused("alipay", _alipay(path, lines, summary)) == (reason, number)


SUMMARY_FAULTS: dict[str, tuple[list[str], Reason, int | None]] = {
    "another count": (_with(ALIPAY_SUMMARY, 6, "合计,,1,1", "合计,,2,1"), "miscounted", 6),
    "another count of refunds": (_with(ALIPAY_SUMMARY, 6, ",1,1,", ",1,0,"), "miscounted", 6),
    "another fee": (_with(ALIPAY_SUMMARY, 6, "-0.09", "-0.12"), "miscounted", 6),
    "a count of words": (_with(ALIPAY_SUMMARY, 6, ",1,1,", ",one,1,"), "malformed", 6),
    "another account": (_with(ALIPAY_SUMMARY, 2, SELLER, SELLER[::-1]), "wrong_merchant", 2),
    "another day": (_with(ALIPAY_SUMMARY, 3, "11月20日", "10月20日"), "wrong_day", 3),
    "no sums": (ALIPAY_SUMMARY[:5], "truncated", 6),
    "no end": (ALIPAY_SUMMARY[:6], "truncated", 7),
}


@pytest.mark.parametrize(
    ("summary", "reason", "number"), SUMMARY_FAULTS.values(), ids=SUMMARY_FAULTS
)
def test_an_alipay_statement_must_agree_with_its_summary(
    path: Path, summary: list[str], reason: Reason, number: int | None
) -> None:
    assert _refused("alipay", _alipay(path, ALIPAY, summary)) == (reason, number)


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_a_wechat_statement_in_another_character_set_is_refused(path: Path, encoding: str) -> None:
    assert _refused("wechat", _gzip(path, WECHAT, encoding)) == ("wrong_charset", 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_alipay_statement_in_another_character_set_is_refused(path: Path, encoding: str) -> None:
    details = "\r\n".join(ALIPAY).encode(encoding)
    reason, line = _refused("alipay", _zip(path, _entries(details, _gbk(ALIPAY_SUMMARY))))
    assert (reason, line) == ("wrong_charset", 1)


def test_a_single_wrong_character_is_named_by_its_line(path: Path) -> None:
    content = (
        "".join(f"{line}\n" for line in WECHAT).encode().replace("电费".encode(), b"\xe7\x94", 1)
    )
    path.write_bytes(gzip.compress(content))
    assert _refused("wechat", path) == ("wrong_charset", 2)


@pytest.mark.parametrize(("encoding", "end"), [("utf-8-sig", "\r\n"), ("utf-8", "\n")])
def test_marks_and_line_ends_may_differ(path: Path, encoding: str, end: str) -> None:
    assert _checked("wechat", _gzip(path, WECHAT, encoding, end)).count == 2
    path.write_bytes(gzip.compress(end.join(WECHAT).encode(encoding)))
    assert _checked("wechat", path).count == 2


def test_headers_may_have_narrow_brackets_and_totals_backticks(path: Path) -> None:
    narrow = _with(ALIPAY, 5, ALIPAY_HEADER, ALIPAY_HEADER.replace("（", "(").replace("）", ")"))
    assert _checked("alipay", _alipay(path, narrow)).count == 2
    quoted = [f"`{line.replace(',', ',`')}" if line == WECHAT_HEADER else line for line in WECHAT]
    assert _checked("wechat", _gzip(path, quoted)).count == 2


@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(path: Path, gateway: str, part: float) -> None:
    whole = (_gzip(path, WECHAT) if gateway == "wechat" else _alipay(path, ALIPAY)).read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert _refused(gateway, path)[0] == "truncated"


@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
@pytest.mark.parametrize("content", [b"<html>busy</html>", b"\x1f\x8b\x08 rubbish", b"PK\x03\x04"])
def test_a_file_that_is_something_else_is_refused(path: Path, gateway: str, content: bytes) -> None:
    path.write_bytes(content)
    assert _refused(gateway, path)[0] in ("malformed", "truncated")


@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
def test_a_damaged_file_is_refused(path: Path, gateway: str) -> None:
    whole = bytearray(
        (_gzip(path, WECHAT) if gateway == "wechat" else _alipay(path, ALIPAY)).read_bytes()
    )
    whole[len(whole) // 4] ^= 0xFF
    path.write_bytes(whole)
    assert _refused(gateway, path)[0] in ("malformed", "wrong_charset", "truncated")


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    path.write_bytes(gzip.compress(b"\0" * (8 << 20)))
    assert path.stat().st_size < 10_000
    assert _refused("wechat", path) == ("malformed", 1)


def test_a_text_without_lines_is_refused_before_it_is_read_whole(path: Path) -> None:
    path.write_bytes(gzip.compress(b"x" * (900 << 10)))
    assert _refused("wechat", path) == ("malformed", 1)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    _zip(path, _entries(b"\0" * (8 << 20), _gbk(ALIPAY_SUMMARY)))
    assert path.stat().st_size < 20_000
    assert _refused("alipay", path) == ("malformed", 1)


def test_a_zip_with_a_directory_of_thousands_is_refused_before_it_is_read(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5000):
            archive.writestr(f"{number}_业务明细.csv", b"")
    assert _refused("alipay", path) == ("malformed", None)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x_业务明细.csv",
        "../../x_业务明细.csv",
        "..\\x_业务明细.csv",
        "C:\\x_业务明细.csv",
        "x/y_业务明细.csv",
        "业务/",
    ],
)
def test_a_zip_with_a_name_that_leads_elsewhere_is_refused(path: Path, name: str) -> None:
    _zip(path, {name: _gbk(ALIPAY)} | _entries(_gbk(ALIPAY), _gbk(ALIPAY_SUMMARY)))
    assert _refused("alipay", path) == ("malformed", None)
    assert sorted(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("missing", ["业务明细.csv", "业务明细(汇总).csv"])
def test_a_zip_without_one_of_its_files_is_refused(path: Path, missing: str) -> None:
    files = _entries(_gbk(ALIPAY), _gbk(ALIPAY_SUMMARY))
    _zip(path, {name: each for name, each in files.items() if not name.endswith(f"_{missing}")})
    assert _refused("alipay", path) == ("malformed", None)


def test_a_locked_zip_is_refused(path: Path) -> None:
    _alipay(path, ALIPAY)
    whole = bytearray(path.read_bytes())
    start = whole.index(b"PK\x01\x02")
    whole[start + 8] |= 1
    path.write_bytes(whole)
    assert _refused("alipay", path) == ("malformed", None)


def test_two_trades_of_one_order_are_two_lines(path: Path) -> None:
    """A double payment is for reconciliation to find, not a fault of the file."""
    again = WECHAT_PAID.replace("4200000263202611200000000001", "4200000263202611200000000009")
    sums = "`3,`299.02,`50.00,`0.00,`1.50000,`299.02,`50.00"
    lines = [WECHAT_HEADER, WECHAT_PAID, again, WECHAT_BACK, WECHAT_TOTALS, sums]
    assert _checked("wechat", _gzip(path, lines)).count == 3


NUMBERS = st.text(st.sampled_from("0123456789abcdefghjkmnpqrstuvwxyz_-"), min_size=6, max_size=32)
SUBJECTS = st.text(st.sampled_from("江城供电电费 #`,\"'%.-0"), max_size=20)


@st.composite
def movements(draw: st.DrawFn) -> Line:
    amount_fen = draw(st.integers(0, 10_000_000_000))
    refund_no = draw(st.none() | NUMBERS)
    return Line(
        "refund" if refund_no else "payment",
        draw(NUMBERS),
        draw(NUMBERS),
        refund_no,
        amount_fen,
        draw(st.integers(0, amount_fen)),
        datetime(2026, 11, 19, 16, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 86399))),
    )


def _yuan(fen: int, decimals: str = "") -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}{decimals}"


def _wall(at: datetime) -> str:
    return f"{at + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"


def _wechat_line(line: Line, subject: str) -> str:
    paid, back = (0, line.amount_fen) if line.refund_no else (line.amount_fen, 0)
    fee = -line.fee_fen if line.refund_no else line.fee_fen
    fields = [
        *(_wall(line.at), "wxab8acb865bb11234", MCHID, "0", "", line.trade_no, line.order_no),
        *("oUpF8uMuAJO", "H5", "REFUND" if line.refund_no else "SUCCESS", "OTHERS", "CNY"),
        *(_yuan(paid), "0.00", "0", line.refund_no or "0", _yuan(back), "0.00", "", ""),
        *(subject.replace(",`", ""), "", _yuan(fee, "000"), "0.60%", _yuan(paid), _yuan(back), ""),
    ]
    return ",".join(f"`{field}" for field in fields)


def _alipay_line(line: Line, subject: str) -> str:
    sign = -1 if line.refund_no else 1
    amount, fee = _yuan(sign * line.amount_fen), _yuan(-sign * line.fee_fen)
    fields = [
        *(f"{line.trade_no}\t", f"{line.order_no}\t", "退款" if line.refund_no else "交易\t"),
        *(subject.replace(",", ""), "2026-01-01 00:00:00", _wall(line.at), *["\t"] * 4, "*灯"),
        *(amount, amount, *["0.00"] * 5, "", "0.00\t", "0.00", f"{line.refund_no or ''}\t", fee),
        *("0.00", ""),
    ]
    return ",".join(fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(lines=st.lists(movements(), max_size=20, unique_by=lambda line: line[1:4]), subject=SUBJECTS)
def test_whatever_moved_is_read_as_it_was_written(
    path: Path, lines: list[Line], subject: str
) -> None:
    paid = [line for line in lines if not line.refund_no]
    back = [line for line in lines if line.refund_no]
    paid_fen, back_fen = (sum(line.amount_fen for line in each) for each in (paid, back))
    fee_fen = sum(line.fee_fen for line in paid) - sum(line.fee_fen for line in back)
    sums = [str(len(lines)), _yuan(paid_fen), _yuan(back_fen), "0.00", _yuan(fee_fen, "000")]
    total = ",".join(f"`{each}" for each in [*sums, _yuan(paid_fen), _yuan(back_fen)])
    wechat = [_wechat_line(line, subject) for line in lines]
    statement = _checked("wechat", _gzip(path, [WECHAT_HEADER, *wechat, WECHAT_TOTALS, total]))
    assert list(statement.rows()) == lines
    assert (statement.count, statement.paid_fen) == (len(lines), paid_fen)
    assert (statement.refunded_fen, statement.fee_fen) == (back_fen, fee_fen)

    details = [
        *ALIPAY[:5],
        *(_alipay_line(line, subject) for line in lines),
        ALIPAY_END,
        f"#交易合计：{len(paid)}笔，商家实收共{_yuan(paid_fen)}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{_yuan(-back_fen)}元，商家优惠退款共0.00元",
    ]
    row = f"合计,,{len(paid)},{len(back)},,,,,,{_yuan(-fee_fen)},0.00,"
    summary = [*ALIPAY_SUMMARY[:5], row, *ALIPAY_SUMMARY[6:]]
    statement = _checked("alipay", _alipay(path, details, summary))
    assert list(statement.rows()) == lines
    assert (statement.paid_fen, statement.refunded_fen) == (paid_fen, back_fen)
    assert statement.fee_fen == fee_fen
