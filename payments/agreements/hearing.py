"""Gateways' messages about agreements: kept and applied in one transaction, then answered."""

from functools import partial

from payments import callbacks
from payments.agreements import signing
from payments.agreements.base import AgreementGateway, AgreementMessage
from payments.callbacks import Message
from payments.gateways.base import Answer
from payments.receipts import Verdict
from payments.settings import PaymentSettings
from runtime.database import Database


def take(
    database: Database, gateway: AgreementGateway, message: Message, settings: PaymentSettings
) -> Answer:
    """Deal with a message about an agreement and say what the gateway is to hear."""
    return callbacks.take(database, gateway, message, partial(_apply, settings))


def _apply(
    settings: PaymentSettings,
    database: Database,
    gateway: AgreementGateway,
    message: Message,
    told: AgreementMessage,
) -> Verdict:
    agreed = told.agreed
    with database.unit_of_work() as session:
        verdict = Verdict.IGNORED
        if agreed is not None and not agreed.merchant.items() <= gateway.merchant.items():
            verdict = Verdict.WRONG_MERCHANT
        elif agreed is not None:
            known = signing.apply(session, agreed, settings, gateway=gateway.name)
            verdict = Verdict.ACCEPTED if known else Verdict.IGNORED
        row = callbacks.kept(gateway, message, verdict)
        callbacks.store(session, row | {"notification_id": told.notification_id})
    return verdict
