"""Statements as the gateways document them, asked for with the real client libraries."""

import csv
import gzip
import io
import json
import re
import zipfile
from datetime import timedelta
from hashlib import sha1
from typing import Any

import httpx
import pytest
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)
from wechatpayv3 import WeChatPay

from sandbox import statements
from tests.sandbox.clients import AlipayClient
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxError, SandboxServer
from tests.sandbox.test_alipay import pay_request
from tests.sandbox.test_wechat import order, refusal

NO = "DH20260301000001"


def ask_wechat(wechat: WeChatPay, day: object = None, **given: str) -> tuple[int, str]:
    answer: tuple[int, str] = wechat.trade_bill(bill_date=str(day or statements.today()), **given)
    return answer


def wechat_bill(wechat: WeChatPay) -> list[list[str]]:
    """The rows of the file, once its hash is found to be right."""
    status, text = ask_wechat(wechat)
    said = json.loads(text)
    assert (status, said["hash_type"]) == (200, "SHA1")
    status, packed = wechat.download_bill(said["download_url"])
    assert status == 200
    content = gzip.decompress(packed)
    assert sha1(content).hexdigest() == said["hash_value"]  # noqa: S324 - as documented
    return [line.split(",") for line in content.decode("utf-8").splitlines()]


def ask_alipay(alipay: AlipayClient, day: object = None, **given: str) -> dict[str, Any]:
    request: Any = AlipayDataDataserviceBillDownloadurlQueryRequest()
    request.biz_content = {"bill_type": "trade", "bill_date": str(day or statements.today())}
    request.biz_content = request.biz_content.to_alipay_dict() | given
    return alipay.call(request)


def alipay_bill(alipay: AlipayClient) -> dict[str, list[list[str]]]:
    """Name and rows of each file in the zip."""
    said = ask_alipay(alipay)
    assert said["code"] == "10000", said
    response = httpx.get(said["bill_download_url"], trust_env=False)
    with zipfile.ZipFile(io.BytesIO(response.content), metadata_encoding="gbk") as archive:
        return {
            name: list(csv.reader(io.StringIO(archive.read(name).decode("gbk"))))
            for name in archive.namelist()
        }


def test_a_wechat_day_with_a_payment_and_two_refunds(
    sandbox: SandboxServer, wechat: WeChatPay
) -> None:
    order(wechat, total=10000)
    trade_no = sandbox.pay(NO)["order"]["trade_no"]
    for number, fen in (("R1", 3333), ("R2", 6667)):
        amount = {"refund": fen, "total": 10000, "currency": "CNY"}
        assert wechat.refund(out_refund_no=number, amount=amount, out_trade_no=NO)[0] == 200
    sandbox.close_day()
    header, paid, *back, totals, sums = wechat_bill(wechat)
    assert (len(header), header[0], header[-1]) == (27, "交易时间", "费率备注")
    line = dict(zip(header, paid, strict=True))
    assert line["微信订单号"] == f"`{trade_no}"
    assert re.fullmatch(rf"`{statements.today()} \d\d:\d\d:\d\d", line["交易时间"])
    assert (line["交易状态"], line["应结订单金额"], line["手续费"]) == (
        "`SUCCESS",
        "`100.00",
        "`0.60000",
    )
    lines = [dict(zip(header, each, strict=True)) for each in back]
    assert [
        (each["交易状态"], each["商户退款单号"], each["退款金额"], each["手续费"]) for each in lines
    ] == [("`REFUND", "`R1", "`33.33", "`-0.20000"), ("`REFUND", "`R2", "`66.67", "`-0.40000")]
    assert dict(zip(totals, sums, strict=True)) == {
        "总交易单数": "`3",
        "应结订单总金额": "`100.00",
        "退款总金额": "`100.00",
        "充值券退款总金额": "`0.00",
        "手续费总金额": "`0.00000",
        "订单总金额": "`100.00",
        "申请退款总金额": "`100.00",
    }


def test_an_alipay_day_is_a_zip_of_two_files_in_gbk(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    sandbox.open(alipay.page(pay_request(merchant)))
    sandbox.pay(NO)
    sandbox.close_day()
    account = f"{sandbox.paper('alipay_seller_id')}0156"
    day = f"{statements.today():%Y%m%d}"
    files = alipay_bill(alipay)
    assert list(files) == [
        f"{account}_{day}_业务明细.csv",
        f"{account}_{day}_业务明细(汇总).csv",
    ]
    details, summary = files.values()
    assert details[1] == [f"#账号：[{account}]"]
    header, paid = details[4:6]
    line = dict(zip(header, paid, strict=True))
    assert (line["商户订单号"], line["业务类型"]) == (f"{NO}\t", "交易\t")
    assert (line["商家实收（元）"], line["服务费（元）"]) == ("149.51", "-0.90")
    assert details[7] == ["#交易合计：1笔，商家实收共149.51元，商家优惠共0.00元"]
    total = dict(zip(summary[4], summary[5], strict=True))
    assert (total["交易订单总笔数"], total["服务费（元）"]) == ("1", "-0.90")
    assert total["实收净额（元）"] == "148.61"


@pytest.mark.parametrize(("fen", "fee"), [(1, 0), (83, 0), (84, 1), (250, 2), (14951, 90)])
def test_a_fee_is_six_in_a_thousand_half_a_fen_up(fen: int, fee: int) -> None:
    assert statements.fee(fen) == fee


def test_today_has_a_statement_once_it_is_closed_and_an_empty_day_has_none(
    sandbox: SandboxServer, wechat: WeChatPay, alipay: AlipayClient
) -> None:
    order(wechat)
    sandbox.pay(NO)
    assert refusal(ask_wechat(wechat)) == (400, "STATEMENT_CREATING")
    assert ask_alipay(alipay)["sub_code"] == "isp.bill_not_exist"
    sandbox.close_day()
    assert len(wechat_bill(wechat)) == 4
    assert ask_alipay(alipay)["sub_code"] == "isp.bill_not_exist"
    yesterday = statements.today() - timedelta(days=1)
    assert refusal(ask_wechat(wechat, yesterday)) == (400, "NO_STATEMENT_EXIST")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"day": "2026-02-30"}, "PARAM_ERROR"),
        ({"day": "20260220"}, "PARAM_ERROR"),
        ({"day": "2020-01-01"}, "INVALID_REQUEST"),
        ({"day": "2099-01-01"}, "INVALID_REQUEST"),
        ({"bill_type": "SUCCESS"}, "PARAM_ERROR"),
        ({"tar_type": "ZIP"}, "PARAM_ERROR"),
    ],
)
def test_wechat_says_what_it_cannot_make_a_statement_of(
    sandbox: SandboxServer, wechat: WeChatPay, given: dict[str, str], code: str
) -> None:
    assert refusal(ask_wechat(wechat, **given)) == (400, code)


@pytest.mark.parametrize("given", [{"bill_type": "x"}, {"bill_date": "2026-02"}, {"bill_date": ""}])
def test_alipay_says_what_it_cannot_make_a_statement_of(
    sandbox: SandboxServer, alipay: AlipayClient, given: dict[str, str]
) -> None:
    said = ask_alipay(alipay, **given)
    assert (said["code"], said["sub_code"]) == ("40004", "isv.invalid_arguments")


def test_a_file_has_an_address_that_nobody_can_guess(
    sandbox: SandboxServer, wechat: WeChatPay
) -> None:
    assert refusal(wechat.download_bill("/v3/billdownload/file?token=x")) == (
        400,
        "INVALID_REQUEST",
    )
    url = f"{sandbox.base_url}/downloadBillFile.resource"
    assert httpx.get(url, params={"token": "x"}, trust_env=False).status_code == 403
    url = f"{sandbox.base_url}/v3/billdownload/file"
    assert httpx.get(url, trust_env=False).status_code == 401


@pytest.mark.parametrize(
    ("channel", "kind", "options"),
    [
        ("sms", "truncated", {}),
        ("wechat", "boring", {}),
        ("alipay", "wrong_hash", {}),
        ("unionpay", "wrong_hash", {}),
        ("wechat", "amount", {"adjusted": "yes"}),
    ],
)
def test_a_fault_that_there_is_not_is_refused_in_a_sentence(
    sandbox: SandboxServer, channel: str, kind: str, options: dict[str, Any]
) -> None:
    with pytest.raises(SandboxError) as refused:
        sandbox.spoil(channel, kind, **options)
    assert refused.value.status == 400
    assert refused.value.content["error"].endswith(".")


def test_a_fault_lasts_until_it_is_healed(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    order(wechat)
    sandbox.pay(NO)
    sandbox.close_day()
    true = wechat_bill(wechat)
    sandbox.spoil("wechat", "unknown")
    for _ in range(2):
        spoiled = wechat_bill(wechat)
        assert (len(spoiled), spoiled[-1][0]) == (len(true) + 1, "`2")
    sandbox.unspoil()
    assert wechat_bill(wechat) == true


def test_a_refund_that_was_closed_moved_nothing(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    order(wechat, total=10000)
    sandbox.pay(NO)
    for number, ending in (("R1", "closed"), ("R2", "abnormal")):
        asked = {"channel": "wechat", "ending": ending}
        httpx.post(f"{sandbox.base_url}/test/refunds", json=asked, trust_env=False)
        amount = {"refund": 3333, "total": 10000, "currency": "CNY"}
        assert wechat.refund(out_refund_no=number, amount=amount, out_trade_no=NO)[0] == 200
    sandbox.close_day()
    bill = wechat_bill(wechat)
    assert [line[15] for line in bill[1:3]] == ["`0", "`R2"]
    assert bill[-1][:3] == ["`2", "`100.00", "`33.33"]
