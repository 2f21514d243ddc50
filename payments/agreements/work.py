"""The jobs of agreements; they are asked for in `payments.agreements.soon`.

Each may run twice or be killed anywhere: what it did is found in the database, or at the gateway
by the agreement's code or the order's number.
"""

from dataclasses import dataclass
from functools import cache

from payments import gateways
from payments.agreements import offered, rounds, soon
from payments.agreements.debits import Debits
from payments.agreements.signing import Desk
from payments.checkout import Checkout
from payments.settings import PaymentSettings, of_process
from payments.work import FOR_EVER
from runtime.jobs import BACKOFF, database, jobs


@dataclass(frozen=True)
class Equipment:
    """What the jobs work with."""

    settings: PaymentSettings
    desk: Desk
    debits: Debits


@cache
def _equip() -> Equipment:
    settings = of_process()
    allowed = offered.from_settings(settings)
    checkout = Checkout(database(), gateways.from_settings(settings), settings)
    return Equipment(
        settings,
        Desk(database(), allowed, settings),
        Debits(database(), allowed, checkout, settings),
    )


@jobs.task(name=soon.ASK.name, queue=soon.ASK.queue)
def ask(agreement_id: int) -> None:
    """Ask whether an agreement has been signed; the next round asks again."""
    _equip().desk.ask(agreement_id)


@jobs.task(name=soon.END.name, queue=soon.END.queue, retry=FOR_EVER)
def end(agreement_id: int) -> None:
    """Tell the gateway that an agreement has ended."""
    _equip().desk.tell_ended(agreement_id)


@jobs.task(name=soon.DEBIT.name, queue=soon.DEBIT.queue, retry=BACKOFF)
def debit(debit_id: int) -> None:
    """Make a planned debit."""
    _equip().debits.debit(debit_id)


@jobs.task(name=soon.WATCH.name, queue=soon.WATCH.queue)
def watch(debit_id: int) -> None:
    """Learn what has become of a debit; the next round asks again."""
    _equip().debits.watch(debit_id)


@jobs.periodic(cron="* * * * *")
@jobs.task(name="payments.agreements", queue="payments", queueing_lock="payments.agreements")
def go_round(timestamp: int) -> None:
    """Take up what waits, once a minute."""
    with database().unit_of_work() as session:
        rounds.go_round(session, _equip().settings)
