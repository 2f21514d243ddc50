"""The statements that an installation gets from its gateways, by name."""

from payments.settings import PaymentSettings
from payments.statements.alipay import AlipayStatements
from payments.statements.base import StatementSource
from payments.statements.unionpay import UnionPayStatements
from payments.statements.wechat import WeChatStatements


def from_settings(settings: PaymentSettings) -> dict[str, StatementSource]:
    """Those of the gateways whose papers are set."""
    sources: dict[str, StatementSource] = {}
    if settings.has_wechatpay:
        sources["wechat"] = WeChatStatements(settings)
    if settings.has_alipay:
        sources["alipay"] = AlipayStatements(settings)
    if settings.has_unionpay:
        sources["unionpay"] = UnionPayStatements(settings)
    return sources
