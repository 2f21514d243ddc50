"""The jobs of payments, and asking for them in the transaction of a change.

Each may run twice or be killed anywhere: what it did is found in the database, in the core by
its idempotency key, or at the gateway by the order's number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy.orm import Session

from payments import gateways
from payments.gateways import Gateways
from payments.settings import PaymentSettings
from runtime.jobs import Backoff, database, defer, jobs
from runtime.settings import load
from service.core_client import CoreClient
from service.settings import ServiceSettings

FOR_EVER = Backoff(attempts=1_000_000, longest=timedelta(minutes=1))
"""Money is never given up: every minute until it is where it belongs."""


@dataclass(frozen=True)
class Equipment:
    """What the jobs work with."""

    settings: PaymentSettings
    gateways: Gateways
    core: CoreClient


@cache
def _of_settings() -> Equipment:
    settings = load(PaymentSettings)
    core = CoreClient.from_settings(load(ServiceSettings))
    return Equipment(settings, gateways.from_settings(settings), core)


_equip: Callable[[], Equipment] = _of_settings


def use_equipment(equipment: Equipment | None) -> None:
    """Name what the jobs of this process work with; None for what the settings say."""
    global _equip
    _equip = _of_settings if equipment is None else lambda: equipment


def post_soon(session: Session, order_no: str) -> None:
    """Ask for the order's money to be posted in the core."""
    defer(session, post, queueing_lock=f"post:{order_no}", order_no=order_no)


def refund_soon(session: Session, order_no: str) -> None:
    """Ask for the order's money to be given back."""
    defer(session, refund, queueing_lock=f"refund:{order_no}", order_no=order_no)


def ask_soon(session: Session, order_no: str) -> None:
    """Ask for the gateway to be asked what has become of the order."""
    defer(session, ask, queueing_lock=f"ask:{order_no}", order_no=order_no)


def close_soon(session: Session, order_no: str) -> None:
    """Ask for the order to be closed, at the gateway and then here."""
    defer(session, close, queueing_lock=f"close:{order_no}", order_no=order_no)


# The rooms of the bodies ask for jobs themselves, so they are imported when a job runs.


@jobs.task(name="payments.post", queue="payments", retry=FOR_EVER)
def post(order_no: str) -> None:
    """Post an order's money in the core."""
    from payments import posting

    posting.post_order(database(), _equip().core, order_no)


@jobs.task(name="payments.refund", queue="payments", retry=FOR_EVER)
def refund(order_no: str) -> None:
    """Give an order's money back through its gateway."""
    from payments import refunds

    refunds.refund_order(database(), _equip().gateways, order_no)


@jobs.task(name="payments.ask", queue="payments")
def ask(order_no: str) -> None:
    """Ask the gateway about an order that no callback came for; `sweep` asks again."""
    from payments.checkout import Checkout

    Checkout(database(), _equip().gateways, _equip().settings).ask(order_no)


@jobs.task(name="payments.close", queue="payments", retry=FOR_EVER)
def close(order_no: str) -> None:
    """Close an order whose bills another has paid."""
    from payments.checkout import Checkout

    Checkout(database(), _equip().gateways, _equip().settings).close(order_no, "superseded")


@jobs.periodic(cron="*/10 * * * * *")
@jobs.task(name="payments.sweep", queue="payments", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """Ask about orders that are silent, and pick up money that lies about."""
    from payments import sweeping

    with database().unit_of_work() as session:
        sweeping.sweep(session)


@jobs.periodic(cron="30 3 * * *")
@jobs.task(name="payments.forget", queue="payments", queueing_lock="payments.forget")
def forget(timestamp: int) -> None:
    """Delete refused messages that are a month old."""
    from payments import callbacks

    with database().unit_of_work() as session:
        callbacks.forget_refused(session)
