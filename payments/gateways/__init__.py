"""The gateways an installation has, by name."""

from collections.abc import Mapping

from payments.gateways.alipay import AlipayGateway
from payments.gateways.base import Gateway
from payments.gateways.wechat import WeChatPayGateway
from payments.settings import PaymentSettings

Gateways = Mapping[str, Gateway]


def from_settings(settings: PaymentSettings) -> dict[str, Gateway]:
    """Those whose papers are set, in the order in which they are offered."""
    gateways: dict[str, Gateway] = {}
    if settings.has_wechatpay:
        gateways["wechat"] = WeChatPayGateway(settings)
    if settings.has_alipay:
        gateways["alipay"] = AlipayGateway(settings)
    return gateways
