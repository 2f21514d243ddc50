"""Alipay's trade bill: alipay.data.dataservice.bill.downloadurl.query, and the zip it leads to."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from sqlite3 import Connection
from typing import Any
from urllib.parse import urlencode

from sandbox import clock, statements
from sandbox.alipay_form import AlipayError
from sandbox.money import yuan
from sandbox.papers import AlipayPapers
from sandbox.statement_faults import Listing, listing
from sandbox.statements import Movement

COLUMNS = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号"),
    *("门店名称", "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）"),
    *("支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）"),
    *("券名称", "商家红包消费金额（元）", "卡消费金额（元）", "退款批次号/请求号"),
    *("服务费（元）", "分润（元）", "备注"),
)
SUMS = (
    *("门店编号", "门店名称", "交易订单总笔数", "退款订单总笔数", "订单金额（元）"),
    *("商家实收（元）", "支付宝优惠（元）", "商家优惠（元）", "卡消费金额（元）"),
    *("服务费（元）", "分润（元）", "实收净额（元）"),
)
PAYER = "*灯(138****0000)\t"
YUAN = "0156"


def ask(
    db: Connection, papers: AlipayPapers, content: Mapping[str, Any], host: str
) -> dict[str, Any]:
    """The answer to the query. Raises AlipayError."""
    if content.get("bill_type") != "trade":
        raise AlipayError("40004", "isv.invalid_arguments", "参数不合法: bill_type")
    found = listing(db, "alipay", _day(content.get("bill_date")))
    if found is None:
        raise AlipayError("40004", "isp.bill_not_exist", "账单不存在")
    token = statements.keep_file(db, "alipay", archive(papers, found))
    account, day = f"{papers.seller_id}{YUAN}", f"{found.day:%Y%m%d}"
    query = {
        "bizType": "trade",
        "userId": account,
        "fileType": "csv.zip",
        "bizDates": day,
        "downloadFileName": f"{account}_{day}.csv.zip",
        "token": token,
    }
    return {"bill_download_url": f"{host}downloadBillFile.resource?{urlencode(query)}"}


def archive(papers: AlipayPapers, listing: Listing) -> bytes:
    """The zip with its two files, their names in GBK."""
    seller = papers.seller_id
    if listing.fault == "wrong_merchant":
        seller = seller[:4] + seller[4:][::-1]
    encoding = "utf-8" if listing.fault == "wrong_charset" else "gbk"
    stem = f"{seller}{YUAN}_{listing.day:%Y%m%d}"
    files = {
        f"{stem}_业务明细.csv": details(seller, listing),
        f"{stem}_业务明细(汇总).csv": summary(seller, listing),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        for name, lines in files.items():
            text = "".join(f"{line}\r\n" for line in lines)
            into.writestr(_Named(name), text.encode(encoding), zipfile.ZIP_DEFLATED)
    whole = packed.getvalue()
    return whole[: len(whole) // 2] if listing.fault == "truncated" else whole


def details(seller: str, listing: Listing) -> list[str]:
    """The lines of the day, and how many of each kind there are."""
    payments, refunds = _parted(listing.counted)
    return [
        "#支付宝业务明细查询",
        *_about(seller, listing.day),
        f"#{'-' * 41}业务明细列表{'-' * 40}",
        ",".join(COLUMNS),
        *(",".join(_row(each)) for each in listing.lines),
        f"#{'-' * 41}业务明细列表结束{'-' * 36}",
        f"#交易合计：{len(payments)}笔，商家实收共{yuan(_sum(payments))}元，商家优惠共0.00元",
        f"#退款合计：{len(refunds)}笔，商家实收退款共{yuan(-_sum(refunds))}元，"
        "商家优惠退款共0.00元",
        f"#导出时间：[{_wall(clock.now())}]",
    ]


def summary(seller: str, listing: Listing) -> list[str]:
    """The sums over all shops, refunds taken off; fees that were taken are negative."""
    payments, refunds = _parted(listing.counted)
    got = _sum(payments) - _sum(refunds)
    fees = sum(each.fee_fen for each in refunds) - sum(each.fee_fen for each in payments)
    sums = [str(len(payments)), str(len(refunds)), yuan(got), yuan(got)]
    rest = ["0.00", "0.00", "0.00", yuan(fees), "0.00", yuan(got + fees)]
    return [
        "#支付宝业务汇总查询",
        *_about(seller, listing.day),
        f"#{'-' * 41}业务汇总列表{'-' * 40}",
        ",".join(SUMS),
        ",".join(["合计", "", *sums, *rest]),
        f"#{'-' * 40}业务汇总列表结束{'-' * 37}",
        f"#导出时间：[{_wall(clock.now())}]",
    ]


def _about(seller: str, day: date) -> list[str]:
    following = day + timedelta(days=1)
    return [
        f"#账号：[{seller}{YUAN}]",
        f"#起始日期：[{_midnight(day)}]   终止日期：[{_midnight(following)}]",
    ]


def _row(each: Movement) -> list[str]:
    """A refund has a negative amount; the fee of a payment is negative."""
    back = bool(each.refund_no)
    amount = yuan(-each.fen) if back else yuan(each.fen)
    fee = yuan(each.fee_fen) if back else yuan(-each.fee_fen)
    return [
        *(f"{each.trade_no}\t", f"{each.out_trade_no}\t", "退款\t" if back else "交易\t"),
        *(each.subject.replace(",", " "), clock.wall(each.opened_at), clock.wall(each.at)),
        *("\t", "\t", "\t", "\t", PAYER, amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00"),
        *("", "0.00\t", "0.00", f"{each.refund_no}\t", fee, "0.00", ""),
    ]


def _parted(counted: Sequence[Movement]) -> tuple[list[Movement], list[Movement]]:
    payments = [each for each in counted if not each.refund_no]
    return payments, [each for each in counted if each.refund_no]


def _sum(movements: Sequence[Movement]) -> int:
    return sum(each.fen for each in movements)


def _midnight(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日 00:00:00"


def _wall(instant: float) -> str:
    text = clock.wall(instant)
    return f"{text[:4]}年{text[5:7]}月{text[8:10]}日{text[10:]}"


def _day(text: object) -> date:
    try:
        if isinstance(text, str) and len(text) == len("2016-04-05"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise AlipayError("40004", "isv.invalid_arguments", "参数不合法: bill_date")


class _Named(zipfile.ZipInfo):
    """A file in an archive whose name is written in GBK, without the mark that says UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's name
        return self.filename.encode("gbk"), self.flag_bits
