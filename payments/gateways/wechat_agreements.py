"""Agreements at WeChat Pay (委托代扣), for direct merchants, API v3.

Pages of the gateway's documentation: H5 pre-signing, pre-signing (by code to scan), query by the
merchant's number of the agreement, ending by it, acceptance of a debit, query of an order,
notification of signing and ending (ENTRUST.SIGN, ENTRUST.TERMINATE).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from payments.agreements.base import (
    Agreed,
    AgreementMessage,
    Contract,
    Debit,
    Debited,
    Signing,
)
from payments.gateways.base import (
    Answer,
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
)
from payments.gateways.wechat_wire import NAME, WeChatWire, reply
from payments.settings import PaymentSettings

_CONTRACTS = {
    "SIGNED": Contract.SIGNED,
    "TERMINATED": Contract.ENDED,
    "SIGN_FAILED": Contract.ENDED,
    "TO_BE_RENEWED": Contract.SIGNED,
}
_DEBITS = {
    "SUCCESS": Debited.PAID,
    "REFUND": Debited.PAID,
    "ACCEPT": Debited.PENDING,
    "NOTPAY": Debited.PENDING,
    "USERPAYING": Debited.PENDING,
    "PAYERROR": Debited.FAILED,
    "CLOSED": Debited.FAILED,
    "REVOKED": Debited.FAILED,
}
_EVENTS = ("ENTRUST.SIGN", "ENTRUST.TERMINATE")
_H5 = "/v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5"
_SCAN = "/v3/papay/sign/contracts/pre-entrust-sign"
_APPLY = "/v3/papay/pay/transactions/apply"


class WeChatAgreements:
    """A phone is led to the app, a desktop to a page with a code to scan."""

    name = NAME

    def __init__(self, settings: PaymentSettings) -> None:
        self._wire = WeChatWire(settings)
        self.merchant = self._wire.merchant
        self._plan_id = int(settings.wechatpay_plan_id or 0)

    def sign(self, signing: Signing) -> str:
        body = self._common(signing)
        path = _H5 if signing.on_a_phone else _SCAN
        if not signing.on_a_phone:
            body |= _scanned(signing)
        try:
            return str(self._wire.post(path, body)["redirect_url"])
        except KeyError as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def query(self, code: str) -> Agreed:
        try:
            return self._agreed(self._wire.get(self._contract(code)))
        except GatewayRefused as refusal:
            if refusal.reason == "absent":
                return Agreed(code, Contract.ABSENT)
            raise

    def end(self, code: str) -> None:
        try:
            self._wire.post(
                f"{self._contract(code)}/terminate", {"contract_termination_remark": "用户解约"}
            )
        except GatewayRefused as refusal:
            if refusal.reason != "absent" and self.query(code).state is Contract.SIGNED:
                raise

    def debit(self, debit: Debit) -> Debited:
        """It is taken on; how it ended is told or asked (page "acceptance of a debit")."""
        try:
            self._wire.post(_APPLY, self._order(debit))
        except GatewayRefused as refusal:
            if refusal.reason == "paid":
                return Debited.PAID
            ended = refusal.reason == "absent"  # the only thing that can be missing is the contract
            raise GatewayRefused(NAME, "agreement_ended" if ended else refusal.reason) from refusal
        return Debited.PENDING

    def debited(self, order_no: str) -> Debited:
        try:
            answer = self._wire.call(self._wire.sdk.query, out_trade_no=order_no)
            return _DEBITS[answer["trade_state"]]
        except GatewayRefused as refusal:
            if refusal.reason == "absent":
                return Debited.ABSENT
            raise
        except KeyError as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> AgreementMessage:
        message = self._wire.opened(headers, body)
        if message.get("event_type") not in _EVENTS:
            return AgreementMessage(message["id"], None)
        resource = message.get("resource")
        if not isinstance(resource, dict):
            raise NotificationRefused(NAME, "malformed")
        try:
            agreed = self._agreed(resource)
        except GatewayUnavailable as error:
            raise NotificationRefused(NAME, "malformed") from error
        ours = resource.get("plan_id") == self._plan_id
        return AgreementMessage(message["id"], agreed if ours else None)

    def answer(self, taken: bool) -> Answer:
        return reply(taken)

    def _contract(self, code: str) -> str:
        return f"/v3/papay/sign/contracts/plan-id/{self._plan_id}/out-contract-code/{code}"

    def _common(self, signing: Signing) -> dict[str, Any]:
        return {
            "appid": self.merchant["appid"],
            "plan_id": self._plan_id,
            "out_contract_code": signing.code,
            "contract_display_account": signing.title[:32],
            "contract_notify_url": signing.notify_url,
            "out_user_code": signing.code,  # one wallet may sign for several accounts
        }

    def _order(self, debit: Debit) -> dict[str, Any]:
        return {
            "appid": self.merchant["appid"],
            "out_trade_no": debit.order_no,
            "description": debit.description,
            "transaction_notify_url": debit.notify_url,
            "contract_id": debit.contract_no,
            "amount": {"total": debit.amount_fen, "currency": "CNY"},
        }

    def _agreed(self, said: Mapping[str, Any]) -> Agreed:
        """An agreement from the gateway's own words. Raises GatewayUnavailable when it is none."""
        try:
            ending = said.get("contract_terminate_info") or {}
            return Agreed(
                code=str(said["out_contract_code"]),
                state=_CONTRACTS[said["contract_state"]],
                contract_no=str(said["contract_id"]),
                wallet=said.get("openid"),
                signed_at=_instant(said.get("contract_signed_time")),
                ended_at=_instant(ending.get("contract_terminated_time")),
                merchant={"mchid": str(said["mchid"]), "appid": str(said["appid"])},
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error


def _scanned(signing: Signing) -> dict[str, Any]:
    return {
        "sign_scene": "SIGN_SCENE_QRCODE",
        "return_url": signing.return_url,
        "device_info": {
            "device_type": "DEVICE_TYPE_UNKNOW",  # as the documentation spells it
            "device_os": "web",
            "device_id": signing.code,
            "device_ip": signing.client_ip,
        },
    }


def _instant(text: str | None) -> datetime | None:
    """Raises ValueError for a text that names no offset."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return moment
