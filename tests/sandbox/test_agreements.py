"""Agreements to debit: the client libraries of others against the sandbox, over loopback HTTP."""

import json
from typing import Any

import httpx
from alipay.aop.api.domain.AccessParams import AccessParams
from alipay.aop.api.domain.AgreementParams import AgreementParams
from alipay.aop.api.domain.AlipayTradePayModel import AlipayTradePayModel
from alipay.aop.api.domain.AlipayUserAgreementPageSignModel import AlipayUserAgreementPageSignModel
from alipay.aop.api.domain.AlipayUserAgreementQueryModel import AlipayUserAgreementQueryModel
from alipay.aop.api.domain.AlipayUserAgreementUnsignModel import AlipayUserAgreementUnsignModel
from alipay.aop.api.request.AlipayTradePayRequest import AlipayTradePayRequest
from alipay.aop.api.request.AlipayUserAgreementPageSignRequest import (
    AlipayUserAgreementPageSignRequest,
)
from alipay.aop.api.request.AlipayUserAgreementQueryRequest import AlipayUserAgreementQueryRequest
from alipay.aop.api.request.AlipayUserAgreementUnsignRequest import AlipayUserAgreementUnsignRequest
from wechatpayv3 import WeChatPay
from wechatpayv3.type import RequestType

from tests.sandbox.clients import AlipayClient
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer
from tests.sandbox.test_statements import wechat_bill

CODE, NO = "C20260301000001", "DH20260301000001"
HOME = "http://127.0.0.1:8000/agreements/1?lang=zh"
PRODUCT, PERSONAL = "GENERAL_WITHHOLDING", "GENERAL_WITHHOLDING_P"


def press(sandbox: SandboxServer, address: str, mode: str) -> httpx.Response:
    return httpx.post(address, data={"mode": mode}, trust_env=False)


def ask(wechat: WeChatPay, path: str, data: Any = None) -> tuple[int, Any]:
    method = RequestType.GET if data is None else RequestType.POST
    code, text = wechat._core.request(path, method=method, data=data)
    return code, json.loads(text)


def contract_path(sandbox: SandboxServer) -> str:
    plan = sandbox.paper("wechatpay_plan_id")
    return f"/v3/papay/sign/contracts/plan-id/{plan}/out-contract-code/{CODE}"


def pre_sign(sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant) -> str:
    code, answer = ask(
        wechat,
        "/v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5",
        {
            "appid": sandbox.paper("wechatpay_appid"),
            "plan_id": int(sandbox.paper("wechatpay_plan_id")),
            "out_contract_code": CODE,
            "contract_display_account": "户号尾号 5603",
            "contract_notify_url": merchant.url,
        },
    )
    assert code == 200
    return str(answer["redirect_url"])


def apply(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, contract_id: str, total: int
) -> tuple[int, Any]:
    return ask(
        wechat,
        "/v3/papay/pay/transactions/apply",
        {
            "appid": sandbox.paper("wechatpay_appid"),
            "out_trade_no": NO,
            "description": "10 月电费",
            "transaction_notify_url": merchant.url,
            "contract_id": contract_id,
            "amount": {"total": total, "currency": "CNY"},
        },
    )


def opened(wechat: WeChatPay, merchant: Merchant, number: int) -> tuple[str, dict[str, Any]]:
    """The event and what it is about, decrypted by the library."""
    heard = merchant.wait(number)[number - 1]
    message = wechat.callback({name: heard.headers[name] for name in heard.headers}, heard.body)
    return message["event_type"], message["resource"]


def test_wechat_signs_debits_and_ends(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    address = pre_sign(sandbox, wechat, merchant)
    code, refused = ask(wechat, contract_path(sandbox))
    assert (code, refused["code"]) == (404, "RESOURCE_NOT_EXISTS")
    assert press(sandbox, address, "sign").status_code == 303
    event, told = opened(wechat, merchant, 1)
    assert (event, told["contract_state"]) == ("ENTRUST.SIGN", "SIGNED")
    assert ask(wechat, contract_path(sandbox)) == (200, told)
    assert told["plan_id"] == int(sandbox.paper("wechatpay_plan_id"))

    assert apply(sandbox, wechat, merchant, told["contract_id"], 14951)[0] == 200
    event, paid = opened(wechat, merchant, 2)
    assert (event, paid["trade_state"], paid["trade_type"]) == (
        "TRANSACTION.SUCCESS",
        "SUCCESS",
        "PAP",
    )
    assert (paid["out_trade_no"], paid["amount"]["total"]) == (NO, 14951)
    code, again = apply(sandbox, wechat, merchant, told["contract_id"], 14951)
    assert (code, again["code"]) == (400, "ORDERPAID")

    remark = {"contract_termination_remark": "客户结束自动缴"}
    code, ended = ask(wechat, f"{contract_path(sandbox)}/terminate", remark)
    assert (code, ended["contract_state"]) == (200, "TERMINATED")
    assert ended["contract_terminate_info"]["contract_termination_mode"] == "MERCHANT_TERMINATE"
    event, told = opened(wechat, merchant, 3)
    assert (event, told) == ("ENTRUST.TERMINATE", ended)
    code, refused = apply(sandbox, wechat, merchant, told["contract_id"], 14951)
    assert (code, refused["code"]) == (404, "RESOURCE_NOT_EXISTS")


def test_a_debit_is_called_one_in_the_bill_of_the_day(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    press(sandbox, pre_sign(sandbox, wechat, merchant), "sign")
    contract_id = opened(wechat, merchant, 1)[1]["contract_id"]
    assert apply(sandbox, wechat, merchant, contract_id, 14951)[0] == 200
    sandbox.close_day()
    header, debit, *_ = wechat_bill(wechat)
    row = dict(zip(header, debit, strict=True))
    assert (row["商户订单号"], row["交易类型"]) == (f"`{NO}", "`PAP")


def test_wechat_tells_of_a_wallet_with_too_little(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    address = pre_sign(sandbox, wechat, merchant)
    press(sandbox, address, "sign")
    contract_id = opened(wechat, merchant, 1)[1]["contract_id"]
    press(sandbox, address, "no_money")
    assert apply(sandbox, wechat, merchant, contract_id, 14951)[0] == 200
    event, told = opened(wechat, merchant, 2)
    assert (event, told["trade_state"], told["out_trade_no"]) == (
        "TRANSACTION.FAIL",
        "PAYERROR",
        NO,
    )
    press(sandbox, address, "pays")
    apply(sandbox, wechat, merchant, contract_id, 14951)
    assert opened(wechat, merchant, 3)[0] == "TRANSACTION.SUCCESS"


def page(sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant) -> str:
    """The address of the signing page, opened by the library's own request."""
    access = AccessParams()
    access.channel = "QRCODE"
    model = AlipayUserAgreementPageSignModel()
    model.access_params = access
    model.external_agreement_no = CODE
    model.personal_product_code = PERSONAL
    model.product_code = PRODUCT
    model.sign_scene = sandbox.paper("alipay_sign_scene")
    request = AlipayUserAgreementPageSignRequest(biz_model=model)
    request.notify_url, request.return_url = merchant.url, HOME
    return f"{sandbox.base_url}{sandbox.open(alipay.page(request))}"


def about(sandbox: SandboxServer, model: Any) -> Any:
    model.external_agreement_no = CODE
    model.personal_product_code = PERSONAL
    model.sign_scene = sandbox.paper("alipay_sign_scene")
    return model


def query(sandbox: SandboxServer, alipay: AlipayClient) -> dict[str, Any]:
    model = about(sandbox, AlipayUserAgreementQueryModel())
    return alipay.call(AlipayUserAgreementQueryRequest(biz_model=model))


def pay(alipay: AlipayClient, merchant: Merchant, agreement_no: str) -> dict[str, Any]:
    under = AgreementParams()
    under.agreement_no = agreement_no
    model = AlipayTradePayModel()
    model.out_trade_no, model.total_amount, model.subject = NO, "149.51", "10 月电费"
    model.product_code, model.agreement_params = PRODUCT, under
    request = AlipayTradePayRequest(biz_model=model)
    request.notify_url = merchant.url
    return alipay.call(request)


def test_alipay_signs_debits_and_ends(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    address = page(sandbox, alipay, merchant)
    assert query(sandbox, alipay)["sub_code"] == "USER_AGREEMENT_NOT_EXIST"
    back = press(sandbox, address, "sign").headers["Location"]
    carried = alipay.verified_address(back)
    assert (carried["external_agreement_no"], carried["lang"]) == (CODE, "zh")
    told = alipay.verified(merchant.wait(1)[0].form)
    assert (told["notify_type"], told["status"]) == ("dut_user_sign", "NORMAL")
    known = query(sandbox, alipay)
    assert (known["agreement_no"], known["status"]) == (told["agreement_no"], "NORMAL")

    paid = pay(alipay, merchant, told["agreement_no"])
    assert (paid["code"], paid["total_amount"]) == ("10000", "149.51")
    heard = alipay.verified(merchant.wait(2)[1].form)
    assert (heard["trade_status"], heard["trade_no"]) == ("TRADE_SUCCESS", paid["trade_no"])

    model = about(sandbox, AlipayUserAgreementUnsignModel())
    assert alipay.call(AlipayUserAgreementUnsignRequest(biz_model=model))["code"] == "10000"
    told = alipay.verified(merchant.wait(3)[2].form)
    assert (told["notify_type"], told["status"]) == ("dut_user_unsign", "UNSIGN")
    assert query(sandbox, alipay)["sub_code"] == "USER_AGREEMENT_NOT_EXIST"


def test_alipay_answers_for_the_wallet(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    address = page(sandbox, alipay, merchant)
    press(sandbox, address, "sign")
    number = merchant.wait(1)[0].form["agreement_no"]
    press(sandbox, address, "no_money")
    assert pay(alipay, merchant, number)["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    press(sandbox, address, "pending")
    assert pay(alipay, merchant, number)["code"] == "10003"
    sandbox.pay(NO)
    assert pay(alipay, merchant, number)["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"


def test_a_stranger_claims_a_signing(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    address = pre_sign(sandbox, wechat, merchant)
    press(sandbox, address, "forged")
    heard = merchant.wait(1)[0]
    headers = {name: heard.headers[name] for name in heard.headers}
    assert wechat.callback(headers, heard.body) is None
    assert ask(wechat, contract_path(sandbox))[0] == 404
