"""The statements that an installation gets from its gateways, by name."""

from payments.settings import PaymentSettings
from payments.statements.base import StatementSource


def from_settings(settings: PaymentSettings) -> dict[str, StatementSource]:
    """Those of the gateways whose papers are set."""
    return {}
