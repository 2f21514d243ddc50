"""The gateways under whose agreements this installation may debit, by name."""

from collections.abc import Mapping

from payments.agreements.base import AgreementGateway
from payments.gateways import HURRIED_SECONDS
from payments.gateways.alipay_agreements import AlipayAgreements
from payments.gateways.wechat_agreements import WeChatAgreements
from payments.settings import PaymentSettings

AgreementGateways = Mapping[str, AgreementGateway]


def from_settings(
    settings: PaymentSettings, *, hurried: bool = False
) -> dict[str, AgreementGateway]:
    """Those that have given us a plan or a scene; `hurried` ones are for pages."""
    if hurried:
        seconds = min(settings.gateway_timeout, HURRIED_SECONDS)
        settings = settings.model_copy(update={"gateway_timeout": seconds})
    offered: dict[str, AgreementGateway] = {}
    if settings.has_wechatpay and settings.wechatpay_plan_id:
        offered["wechat"] = WeChatAgreements(settings)
    if settings.has_alipay and settings.alipay_sign_scene:
        offered["alipay"] = AlipayAgreements(settings, repeats=not hurried)
    return offered
