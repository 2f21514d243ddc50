"""The gateways an installation has, by name."""

from collections.abc import Mapping

from payments.gateways.alipay import AlipayGateway
from payments.gateways.base import Gateway
from payments.gateways.unionpay import UnionPayGateway
from payments.gateways.wechat import WeChatPayGateway
from payments.settings import PaymentSettings

Gateways = Mapping[str, Gateway]

HURRIED_SECONDS = 3.0
"""A gateway may take no longer than this to connect, and to answer, while a customer waits."""


def from_settings(settings: PaymentSettings, *, hurried: bool = False) -> dict[str, Gateway]:
    """Those whose papers are set, in the order in which they are offered.

    `hurried` ones are for pages: they ask once and give up soon; a job asks again with patience.
    """
    if hurried:
        seconds = min(settings.gateway_timeout, HURRIED_SECONDS)
        settings = settings.model_copy(update={"gateway_timeout": seconds})
    gateways: dict[str, Gateway] = {}
    if settings.has_wechatpay:
        gateways["wechat"] = WeChatPayGateway(settings)
    if settings.has_alipay:
        gateways["alipay"] = AlipayGateway(settings, repeats=not hurried)
    if settings.has_unionpay:
        gateways["unionpay"] = UnionPayGateway(settings, repeats=not hurried)
    return gateways
