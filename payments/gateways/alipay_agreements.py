"""Agreements at Alipay (商家扣款), product GENERAL_WITHHOLDING.

Pages of the gateway's documentation: alipay.user.agreement.page.sign, .query, .unsign,
alipay.trade.pay with `agreement_params`, notifications dut_user_sign and dut_user_unsign. This
product knows no sum of its own: the customer's limit is held by us (payments.agreements.debits).
"""

from collections.abc import Mapping
from typing import Any

from alipay.aop.api.domain.AccessParams import AccessParams
from alipay.aop.api.domain.AgreementParams import AgreementParams
from alipay.aop.api.domain.AlipayTradePayModel import AlipayTradePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayUserAgreementPageSignModel import AlipayUserAgreementPageSignModel
from alipay.aop.api.domain.AlipayUserAgreementQueryModel import AlipayUserAgreementQueryModel
from alipay.aop.api.domain.AlipayUserAgreementUnsignModel import AlipayUserAgreementUnsignModel
from alipay.aop.api.request.AlipayTradePayRequest import AlipayTradePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayUserAgreementPageSignRequest import (
    AlipayUserAgreementPageSignRequest,
)
from alipay.aop.api.request.AlipayUserAgreementQueryRequest import AlipayUserAgreementQueryRequest
from alipay.aop.api.request.AlipayUserAgreementUnsignRequest import AlipayUserAgreementUnsignRequest

from payments.agreements.base import (
    Agreed,
    AgreementMessage,
    Contract,
    Debit,
    Debited,
    Signing,
)
from payments.gateways.alipay_wire import NAME, AlipayWire, instant, must_succeed, reply, yuan_text
from payments.gateways.base import Answer, GatewayRefused, GatewayUnavailable, NotificationRefused
from payments.settings import PaymentSettings

PRODUCT = "GENERAL_WITHHOLDING"
PERSONAL_PRODUCT = "GENERAL_WITHHOLDING_P"

_CONTRACTS = {
    "NORMAL": Contract.SIGNED,
    "TEMP": Contract.ABSENT,
    "STOP": Contract.ENDED,
    "UNSIGN": Contract.ENDED,
}
_DEBITS = {
    "WAIT_BUYER_PAY": Debited.PENDING,
    "TRADE_SUCCESS": Debited.PAID,
    "TRADE_FINISHED": Debited.PAID,
    "TRADE_CLOSED": Debited.FAILED,
}
_NO_MONEY = frozenset(
    {
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
        "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
        "ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE",
    }
)
_ENDED = frozenset(
    {
        "ACQ.AGREEMENT_NOT_EXIST",
        "ACQ.AGREEMENT_INVALID",
        "ACQ.AGREEMENT_STATUS_NOT_NORMAL",
    }
)
_EVENTS = ("dut_user_sign", "dut_user_unsign")


class AlipayAgreements:
    """A phone is led into the app, a desktop to a page with a code to scan."""

    name = NAME

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        self._wire = AlipayWire(settings, repeats=repeats)
        self.merchant = {"app_id": self._wire.merchant["app_id"]}  # messages name no seller
        self._scene = settings.alipay_sign_scene or ""

    def sign(self, signing: Signing) -> str:
        model = self._named(AlipayUserAgreementPageSignModel(), signing.code)
        model.product_code = PRODUCT
        access = AccessParams()
        access.channel = "ALIPAYAPP" if signing.on_a_phone else "QRCODE"
        model.access_params = access
        model.external_logon_id = signing.title
        request = AlipayUserAgreementPageSignRequest(biz_model=model)
        request.notify_url, request.return_url = signing.notify_url, signing.return_url
        return self._wire.page(request)

    def query(self, code: str) -> Agreed:
        model = self._named(AlipayUserAgreementQueryModel(), code)
        answer = self._wire.call(AlipayUserAgreementQueryRequest(biz_model=model))
        if _is_absent(answer):
            return Agreed(code, Contract.ABSENT)
        must_succeed(answer)
        try:
            return _agreed(code, answer, answer.get("principal_id"), {})
        except (KeyError, ValueError, TypeError) as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def end(self, code: str) -> None:
        model = self._named(AlipayUserAgreementUnsignModel(), code)
        answer = self._wire.call(AlipayUserAgreementUnsignRequest(biz_model=model))
        if not _is_absent(answer):
            must_succeed(answer)

    def debit(self, debit: Debit) -> Debited:
        answer = self._wire.call(_pay(debit))
        if answer.get("code") == "10000":
            return Debited.PAID
        if answer.get("code") == "10003":  # taken on, the end is to be asked for
            return Debited.PENDING
        return _not_at_once(answer)

    def debited(self, order_no: str) -> Debited:
        model = AlipayTradeQueryModel()
        model.out_trade_no = order_no
        answer = self._wire.call(AlipayTradeQueryRequest(biz_model=model))
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return Debited.ABSENT
        must_succeed(answer)
        try:
            return _DEBITS[answer["trade_status"]]
        except KeyError as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> AgreementMessage:
        fields = self._wire.notified(body)
        if fields.get("notify_type") not in _EVENTS:
            return AgreementMessage(fields["notify_id"], None)
        try:
            agreed = _agreed(
                fields["external_agreement_no"],
                fields,
                fields.get("alipay_user_id"),
                {"app_id": fields["app_id"]},
            )
        except (KeyError, ValueError) as error:
            raise NotificationRefused(NAME, "malformed") from error
        return AgreementMessage(fields["notify_id"], agreed)

    def answer(self, taken: bool) -> Answer:
        return reply(taken)

    def _named(self, model: Any, code: str) -> Any:
        """The three fields by which an agreement is known, whichever call it is for."""
        model.personal_product_code = PERSONAL_PRODUCT
        model.sign_scene = self._scene
        model.external_agreement_no = code
        return model


def _pay(debit: Debit) -> Any:
    model = AlipayTradePayModel()
    model.out_trade_no = debit.order_no
    model.total_amount = yuan_text(debit.amount_fen)
    model.subject = debit.description
    model.product_code = PRODUCT
    agreement = AgreementParams()
    agreement.agreement_no = debit.contract_no
    model.agreement_params = agreement
    request = AlipayTradePayRequest(biz_model=model)
    request.notify_url = debit.notify_url
    return request


def _not_at_once(answer: Mapping[str, Any]) -> Debited:
    """Paid before, or a refusal in our words. Raises GatewayRefused, GatewayUnavailable."""
    code = answer.get("sub_code")
    if code == "ACQ.TRADE_HAS_SUCCESS":
        return Debited.PAID
    if code in _NO_MONEY:
        raise GatewayRefused(NAME, "not_enough")
    if code in _ENDED:
        raise GatewayRefused(NAME, "agreement_ended")
    if code == "ACQ.TRADE_HAS_CLOSE":
        raise GatewayRefused(NAME, "closed")
    must_succeed(answer)
    raise GatewayRefused(NAME, "refused")


def _is_absent(answer: Mapping[str, Any]) -> bool:
    return str(answer.get("sub_code", "")).endswith("USER_AGREEMENT_NOT_EXIST")


def _agreed(
    code: str, said: Mapping[str, Any], wallet: str | None, merchant: dict[str, str]
) -> Agreed:
    """An agreement from the gateway's own words. Raises KeyError, ValueError."""
    signed, ended = said.get("sign_time"), said.get("unsign_time")
    return Agreed(
        code=code,
        state=_CONTRACTS[said["status"]],
        contract_no=said["agreement_no"],
        wallet=wallet,
        signed_at=instant(signed) if signed else None,
        ended_at=instant(ended) if ended else None,
        merchant=merchant,
    )
