"""The WeChat Pay v3 gateway for direct merchants: orders, queries, closing, refunds."""

import json
from typing import Any

from flask import Blueprint, Response, request

from sandbox import (
    box,
    clock,
    notices,
    refunds,
    statements,
    trades,
    wechat_form,
    wechat_statement,
)
from sandbox.trades import RefusedError, Trade, Wish
from sandbox.wechat_answers import refund_content, transaction
from sandbox.wechat_form import OUT_REFUND_NO, OUT_TRADE_NO, PRODUCTS, WeChatError
from sandbox.wechat_wire import (
    Call,
    SignError,
    check_authorization,
    signed_headers,
    use_nonce,
)

wechat = Blueprint("wechat", __name__, url_prefix="/v3")

REFUSALS = {
    "absent": (404, "ORDER_NOT_EXIST", "订单不存在"),
    "paid": (400, "ORDERPAID", "该订单已支付"),
    "closed": (400, "ORDER_CLOSED", "订单已关闭"),
    "differs": (403, "OUT_TRADE_NO_USED", "商户订单号重复"),
}
REFUND_REFUSALS = {
    "absent": (404, "RESOURCE_NOT_EXISTS", "订单或退款单不存在"),
    "unpaid": (400, "INVALID_REQUEST", "订单未支付，不能退款"),
    "differs": (400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致"),
    "too_much": (400, "INVALID_REQUEST", "退款金额大于可退金额"),
    "not_enough": (403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"),
    "account_closed": (403, "USER_ACCOUNT_ABNORMAL", "用户账户注销"),
}


@wechat.before_request
def authenticate() -> Response | None:
    """Faults first, then the signature; an answer here ends the request."""
    if box.current().faults.refuses("wechat"):
        return answer(500, {"code": "SYSTEM_ERROR", "message": "系统错误"})
    try:
        _check_signature()
    except SignError as error:
        detail = {"field": "signature", "issue": str(error), "location": "authorization"}
        content = {"code": "SIGN_ERROR", "message": f"签名错误: {error}", "detail": detail}
        return answer(401, content)
    return None


def _check_signature() -> None:
    here, now = box.current(), clock.now()
    call = Call(request.method, request.environ["RAW_URI"], request.get_data())
    header = request.headers.get("Authorization", "")
    nonce = check_authorization(call, header, here.papers.wechat, now)
    with here.store.transaction() as db:
        use_nonce(db, nonce, now)


@wechat.after_request
def sign(response: Response) -> Response:
    """Every answer is signed, refusals included."""
    here = box.current()
    here.faults.lose("wechat")
    headers = signed_headers(here.papers.wechat, response.get_data(), here.faults.stamp())
    response.headers.update(headers)
    response.headers["Request-ID"] = headers["Wechatpay-Nonce"].upper()
    return response


@wechat.errorhandler(WeChatError)
def refuse(error: WeChatError) -> Response:
    content: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.detail:
        content["detail"] = error.detail
    return answer(error.status, content)


@wechat.errorhandler(RefusedError)
def refuse_trade(refusal: RefusedError) -> Response:
    status, code, message = REFUSALS[refusal.reason]
    return answer(status, {"code": code, "message": message})


def answer(status: int, content: dict[str, Any] | None) -> Response:
    """JSON, signed on its way out."""
    if content is None:
        return Response(status=status)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")


@wechat.post("/pay/transactions/<product>")
def order(product: str) -> Response:
    if product not in PRODUCTS:
        raise WeChatError(404, "RESOURCE_NOT_EXISTS", "接口不存在")
    here = box.current()
    wish = _wish(product, asked())
    with here.store.transaction() as db:
        trade = trades.open_trade(db, wish)
    return answer(200, _way_to_pay(trade))


def _wish(product: str, body: dict[str, Any]) -> Wish:
    _check_merchant(body.get("mchid"), "body")
    if wechat_form.text(body, "appid", 32) != box.current().papers.wechat.appid:
        raise WeChatError(400, "APPID_MCHID_NOT_MATCH", "商户号与appid不匹配")
    PRODUCTS[product](body)
    wechat_form.currency(body)
    wechat_form.optional_text(body, "attach", 128)
    kept = {name: value for name, value in body.items() if name != "scene_info"}
    return Wish(
        channel="wechat",
        product=product,
        out_trade_no=wechat_form.number(body, "out_trade_no", OUT_TRADE_NO),
        total_fen=wechat_form.fen(body, "amount.total"),
        subject=wechat_form.text(body, "description", 127),
        request=kept,
        notify_url=wechat_form.address(body, "notify_url"),
        return_url="",
        expires_at=wechat_form.expiry(body, clock.now()),
    )


def _way_to_pay(trade: Trade) -> dict[str, str]:
    """A code to scan, an address to open, or the number that JSAPI wants."""
    if trade.product == "native":
        return {"code_url": f"weixin://wxpay/bizpayurl?pr={trade.token}"}
    if trade.product == "h5":
        base = f"{request.host_url}cashier/wechat/h5"
        return {"h5_url": f"{base}?prepay_id={trade.token}&package={trade.trade_no[-10:]}"}
    return {"prepay_id": trade.token}


@wechat.get("/pay/transactions/out-trade-no/<out_trade_no>")
def query(out_trade_no: str) -> Response:
    _check_merchant(request.args.get("mchid"), "query")
    here = box.current()
    with here.store.reading() as db:
        trade = trades.get(db, "wechat", out_trade_no)
    return answer(200, transaction(here.papers.wechat, trade))


@wechat.get("/pay/transactions/id/<transaction_id>")
def query_by_transaction(transaction_id: str) -> Response:
    """Only a paid order has a number that the merchant could know."""
    _check_merchant(request.args.get("mchid"), "query")
    here = box.current()
    with here.store.reading() as db:
        trade = trades.by_trade_no(db, "wechat", transaction_id)
    if trade.paid_at is None:
        raise RefusedError("absent")
    return answer(200, transaction(here.papers.wechat, trade))


@wechat.post("/pay/transactions/out-trade-no/<out_trade_no>/close")
def close(out_trade_no: str) -> Response:
    _check_merchant(asked().get("mchid"), "body")
    with box.current().store.transaction() as db:
        trades.close(db, trades.get(db, "wechat", out_trade_no))
    return answer(204, None)


@wechat.post("/refund/domestic/refunds")
def refund() -> Response:
    body, here = asked(), box.current()
    refund_no = wechat_form.number(body, "out_refund_no", OUT_REFUND_NO)
    url = wechat_form.address(body, "notify_url", required=False)
    reason = wechat_form.optional_text(body, "reason", 80)
    wechat_form.currency(body)
    fen, total = wechat_form.fen(body, "amount.refund"), wechat_form.fen(body, "amount.total")
    settles_at = clock.now() + here.refund_seconds
    try:
        with here.store.transaction() as db:
            trade = _refunded_trade(db, body, total)
            refunds.may_begin(db, trade, refund_no)
            done, is_new = trades.refund(db, trade, refund_no, fen, reason, settles_at)
            if is_new:
                done = refunds.begun(db, trade, done)
            if is_new and url:
                delay = here.refund_seconds
                notices.queue(db, trade, event="refunded", refund=done, url=url, delay=delay)
    except RefusedError as refusal:
        raise _refund_refusal(refusal) from refusal
    return answer(200, refund_content(trade, done))


def _refunded_trade(db: Any, body: dict[str, Any], total: int) -> Trade:
    transaction_id = wechat_form.optional_text(body, "transaction_id", 32)
    if transaction_id:
        trade = trades.by_trade_no(db, "wechat", transaction_id)
    else:
        out_trade_no = wechat_form.number(body, "out_trade_no", OUT_TRADE_NO)
        trade = trades.get(db, "wechat", out_trade_no)
    if trade.total_fen != total:
        raise RefusedError("differs")
    return trade


@wechat.get("/refund/domestic/refunds/<out_refund_no>")
def query_refund(out_refund_no: str) -> Response:
    try:
        with box.current().store.reading() as db:
            trade, found = trades.refund_numbered(db, "wechat", out_refund_no)
    except RefusedError as refusal:
        raise _refund_refusal(refusal) from refusal
    return answer(200, refund_content(trade, found))


def _refund_refusal(refusal: RefusedError) -> WeChatError:
    return WeChatError(*REFUND_REFUSALS[refusal.reason])


def asked() -> dict[str, Any]:
    """The object that was sent. Raises WeChatError."""
    if request.mimetype != "application/json":
        raise WeChatError(400, "PARAM_ERROR", "Content-Type must be application/json")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise WeChatError(400, "PARAM_ERROR", "the body must be a JSON object")
    return body


def _check_merchant(mchid: object, location: str) -> None:
    """The merchant in the request must be the one who signed it."""
    if not isinstance(mchid, str) or not mchid:
        raise wechat_form.wrong("mchid", "is required", location)
    if mchid != box.current().papers.wechat.mchid:
        raise WeChatError(400, "MCH_NOT_EXISTS", "商户号不存在或与签名不一致")


@wechat.get("/bill/tradebill")
def ask_statement() -> Response:
    here = box.current()
    with here.store.transaction() as db:
        said = wechat_statement.ask(db, here.papers.wechat, request.args, request.host_url)
    return answer(200, said)


@wechat.get("/billdownload/file")
def statement_file() -> Response:
    with box.current().store.reading() as db:
        content = statements.file(db, "wechat", request.args.get("token", ""))
    if content is None:
        raise WeChatError(400, "INVALID_REQUEST", "账单下载地址已失效")
    return Response(content, content_type="application/octet-stream")
