"""WeChat Pay's trade bill (交易账单), type ALL, as documented under 申请交易账单 and 交易账单."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha1
from sqlite3 import Connection
from typing import Any

from sandbox import clock, statements
from sandbox.money import yuan
from sandbox.papers import WeChatPapers
from sandbox.statement_faults import Listing, listing
from sandbox.statements import Movement
from sandbox.wechat_answers import TRADE_TYPES
from sandbox.wechat_form import WeChatError, wrong

OLDEST_DAYS = 92

COLUMNS = (
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号"),
    *("用户标识", "交易类型", "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额"),
    *("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态"),
    *("商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注"),
)
SUMS = (
    *("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额"),
    *("订单总金额", "申请退款总金额"),
)
RATE = "0.60%"


def ask(
    db: Connection, papers: WeChatPapers, given: Mapping[str, str], host: str
) -> dict[str, Any]:
    """The answer to /v3/bill/tradebill: where the file is, and its hash. Raises WeChatError."""
    if given.get("bill_type", "ALL") != "ALL":
        raise wrong("bill_type", "must be ALL here", "query")
    packing = given.get("tar_type")
    if packing not in (None, "GZIP"):
        raise wrong("tar_type", "must be GZIP", "query")
    found = listing(db, "wechat", _day(db, given.get("bill_date", "")))
    if found is None:
        raise WeChatError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    text = content(papers, found)
    token = statements.keep_file(db, "wechat", _packed(text, packing, found.fault))
    return {
        "download_url": f"{host}v3/billdownload/file?token={token}",
        "hash_type": "SHA1",
        "hash_value": _hash(text + b" " if found.fault == "wrong_hash" else text),
    }


def content(papers: WeChatPapers, listing: Listing) -> bytes:
    """The file before it is packed."""
    mchid = "1" + papers.mchid[1:][::-1] if listing.fault == "wrong_merchant" else papers.mchid
    rows = [_row(papers.appid, mchid, each) for each in listing.lines]
    text = [",".join(COLUMNS), *map(_quoted, rows), ",".join(SUMS), _quoted(_sums(listing.counted))]
    encoding = "gbk" if listing.fault == "wrong_charset" else "utf-8"
    return "".join(f"{line}\r\n" for line in text).encode(encoding)


def _day(db: Connection, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise wrong("bill_date", "must be a day like 2019-06-11", "query") from error
    if len(text) != len("2019-06-11"):
        raise wrong("bill_date", "must be a day like 2019-06-11", "query")
    today = statements.today()
    if day > today or day < today - timedelta(days=OLDEST_DAYS):
        raise WeChatError(400, "INVALID_REQUEST", "账单日期不在三个月内")
    if not statements.is_out(db, day):
        raise WeChatError(400, "STATEMENT_CREATING", "账单生成中")
    return day


def _packed(text: bytes, packing: str | None, fault: str) -> bytes:
    packed = gzip.compress(text, mtime=0) if packing else text
    return packed[: len(packed) // 2] if fault == "truncated" else packed


def _hash(text: bytes) -> str:
    return sha1(text, usedforsecurity=False).hexdigest()


def _quoted(fields: Sequence[str]) -> str:
    return ",".join(f"`{field}" for field in fields)


def _row(appid: str, mchid: str, each: Movement) -> list[str]:
    paid, back = ("0.00", yuan(each.fen)) if each.refund_no else (yuan(each.fen), "0.00")
    refund = ["ORIGINAL", "SUCCESS"] if each.refund_no else ["", ""]
    state = "REFUND" if each.refund_no else "SUCCESS"
    fee = f"{yuan(-each.fee_fen if each.refund_no else each.fee_fen)}000"
    return [
        *(clock.wall(each.at), appid, mchid, "0", "", each.trade_no, each.out_trade_no),
        *("oSandboxPayer00000000000000", TRADE_TYPES[each.product], state),
        *("OTHERS", "CNY", paid, "0.00", each.gateway_no or "0", each.refund_no or "0"),
        *(back, "0.00", *refund, each.subject.replace(",", " "), "", fee, RATE, paid, back, ""),
    ]


def _sums(counted: Sequence[Movement]) -> list[str]:
    paid = sum(each.fen for each in counted if not each.refund_no)
    back = sum(each.fen for each in counted if each.refund_no)
    fee = sum(-each.fee_fen if each.refund_no else each.fee_fen for each in counted)
    amounts = [yuan(paid), yuan(back), "0.00", f"{yuan(fee)}000", yuan(paid), yuan(back)]
    return [str(len(counted)), *amounts]
