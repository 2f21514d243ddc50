"""The jobs of payments; they are asked for in `payments.soon`.

Each may run twice or be killed anywhere: what it did is found in the database, in the core by
its idempotency key, or at the gateway by the order's number.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from payments import callbacks, gateways, posting, soon, sweeping
from payments.checkout import Checkout
from payments.confirmations.rules import forget_unspent
from payments.counter.gateway import COUNTER
from payments.gateways import Gateways
from payments.refunds import second
from payments.refunds.carrying import Carrier
from payments.settings import PaymentSettings, of_process
from runtime.jobs import Backoff, database, jobs, nightly
from runtime.settings import load
from service.core_client import CoreClient
from service.settings import ServiceSettings

FOR_EVER = Backoff(attempts=1_000_000, longest=timedelta(minutes=1))
"""Money is never given up: every minute until it is where it belongs."""

PATIENTLY = Backoff(attempts=1_000_000, longest=timedelta(minutes=10))
"""A bank may take days for a refund; the gateway tells when it is done."""


@dataclass(frozen=True)
class Equipment:
    """What the jobs work with."""

    settings: PaymentSettings
    gateways: Gateways
    core: CoreClient


@cache
def _equip() -> Equipment:
    settings = of_process()
    core = CoreClient.from_settings(load(ServiceSettings))
    return Equipment(settings, {**gateways.from_settings(settings), COUNTER.name: COUNTER}, core)


@jobs.task(name=soon.POST.name, queue=soon.POST.queue, retry=FOR_EVER)
def post(order_no: str) -> None:
    """Post an order's money in the core."""
    posting.post_order(database(), _equip().core, order_no)


@jobs.task(name=soon.REFUND.name, queue=soon.REFUND.queue, retry=PATIENTLY)
def refund(refund_no: str) -> None:
    """Bring a refund as far as it goes, until it is done or a person must see to it."""
    equipment = _equip()
    carrier = Carrier(database(), equipment.core, equipment.gateways, equipment.settings.public_url)
    carrier.carry(refund_no)


@jobs.task(name=soon.SECOND_TRADE.name, queue=soon.SECOND_TRADE.queue, retry=PATIENTLY)
def second_trade(gateway: str, order_no: str, trade_no: str) -> None:
    """Learn whether a paid order was paid once more, and give that back."""
    second.take_up(database(), _equip().gateways, gateway, order_no, trade_no)


@jobs.task(name=soon.ASK.name, queue=soon.ASK.queue)
def ask(order_no: str) -> None:
    """Ask the gateway about an order that no callback came for; `sweep` asks again."""
    Checkout(database(), _equip().gateways, _equip().settings).ask(order_no)


@jobs.task(name=soon.CLOSE.name, queue=soon.CLOSE.queue, retry=FOR_EVER)
def close(order_no: str) -> None:
    """Close an order whose bills another has paid."""
    Checkout(database(), _equip().gateways, _equip().settings).close(order_no, "superseded")


@jobs.periodic(cron="* * * * * */10")
@jobs.task(name="payments.sweep", queue="payments", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """Ask about orders that are silent, and pick up money that lies about."""
    with database().unit_of_work() as session:
        sweeping.sweep(session)


@jobs.periodic(cron=nightly(30))
@jobs.task(name="payments.forget", queue="payments", queueing_lock="payments.forget")
def forget(timestamp: int) -> None:
    """Delete refused messages that are a month old, and confirmations of nothing."""
    with database().unit_of_work() as session:
        callbacks.forget_refused(session)
        forget_unspent(session)
