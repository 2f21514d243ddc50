"""Debiting a bill under an agreement: begun once, sent, watched to its end.

A debit is an order like all others, so a bill is held by one of them only, and its money comes
by the same door (`payments.receipts.record`). The order's number is what the gateway knows the
debit by: however often it is sent, money moves once. It is sent in the first minute of the order
only (`SENDING`), so that an order which the gateway does not know after two is closed for good
(`payments.checkout.SENT_WITHIN`).
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from payments.agreements import attempts
from payments.agreements.base import AgreementGateway, Debit, Debited
from payments.agreements.models import Agreement, AgreementDebit
from payments.agreements.offered import AgreementGateways
from payments.agreements.signing import Desk
from payments.checkout import Checkout
from payments.gateways.base import GatewayError, GatewayRefused, GatewayUnavailable, named
from payments.models import Order
from payments.settings import PaymentSettings
from payments.states import OPEN
from runtime import clock
from runtime.database import Database
from runtime.errors import Unavailable
from runtime.logs import get_logger

SENDING = timedelta(minutes=1)
"""How old an order may be for its debit to be sent."""

DESCRIPTION = "电费自动缴"
"""What the wallet shows beside the money."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Begun:
    """A debit on its way, as it must be known outside of transactions."""

    debit_id: int
    agreement_id: int
    gateway: str
    contract_no: str
    order: Order


class Debits:
    """Makes debits and follows them. No connection is held while gateways speak."""

    def __init__(
        self,
        database: Database,
        offered: AgreementGateways,
        checkout: Checkout,
        settings: PaymentSettings,
    ) -> None:
        self._database = database
        self._offered = offered
        self._checkout = checkout
        self._settings = settings
        self._desk = Desk(database, offered, settings)

    def debit(self, debit_id: int) -> None:
        """Begin a planned debit and send it; or send again what was begun a moment ago."""
        with self._database.unit_of_work() as session:
            attempts.begin(session, debit_id, self._settings)
        begun = self._begun(debit_id)
        if begun is not None and clock.now() < begun.order.created_at + SENDING:
            self._send(begun)

    def watch(self, debit_id: int) -> None:
        """Learn what has become of a debit that was begun, and finish it."""
        begun = self._begun(debit_id)
        if begun is None:
            return
        if begun.order.status in OPEN:
            try:
                self._look(begun)
            except GatewayError as error:
                _log.warning("debit_not_asked", debit=debit_id, reason=error.reason)
        with self._database.unit_of_work() as session:
            attempts.finish(session, debit_id, self._settings)

    def _send(self, begun: Begun) -> None:
        order = begun.order
        debit = Debit(
            order_no=order.order_no,
            contract_no=begun.contract_no,
            amount_fen=order.amount_fen,
            description=DESCRIPTION,
            notify_url=f"{self._settings.public_url}/callbacks/{order.gateway}",
        )
        try:
            heard = self._gateway(begun).debit(debit)
        except GatewayRefused as refusal:
            self._refused(begun, refusal.reason)
            return
        except GatewayUnavailable as error:  # what happened is not known: `watch` asks
            _log.warning("debit_unheard", debit=begun.debit_id, reason=error.reason)
            return
        if heard is Debited.PAID:
            self._checkout.ask(order.order_no)
            self.watch(begun.debit_id)

    def _look(self, begun: Begun) -> None:
        """Ask the gateway about an open order. Raises GatewayError."""
        state = self._gateway(begun).debited(begun.order.order_no)
        if state is Debited.PAID:
            self._checkout.ask(begun.order.order_no)
        elif state is Debited.FAILED:
            self._refused(begun, "refused")
        elif state is Debited.ABSENT:
            self._unsent(begun)

    def _refused(self, begun: Begun, reason: str) -> None:
        """The gateway says no: it forgets the order, and the attempt has failed."""
        if reason in ("agreement_ended", "refused"):
            self._desk.ask(begun.agreement_id)
        with self._database.unit_of_work() as session:
            attempts.note_refusal(session, begun.debit_id, reason)
        try:
            self._checkout.close(begun.order.order_no, "debit_failed", refused=True)
        except Unavailable:
            return  # `watch` looks again
        with self._database.unit_of_work() as session:
            attempts.finish(session, begun.debit_id, self._settings)

    def _unsent(self, begun: Begun) -> None:
        """It never arrived; once nobody can be sending it any more, it is begun anew."""
        try:
            self._checkout.close(begun.order.order_no, "not_sent")
        except Unavailable as refusal:
            _log.info("debit_may_be_on_its_way", debit=begun.debit_id, code=refusal.code)

    def _gateway(self, begun: Begun) -> AgreementGateway:
        return named(self._offered, begun.gateway)

    def _begun(self, debit_id: int) -> Begun | None:
        with self._database.unit_of_work() as session:
            row = session.execute(
                select(AgreementDebit, Agreement, Order)
                .join(Agreement, Agreement.id == AgreementDebit.agreement_id)
                .join(Order, Order.id == AgreementDebit.order_id)
                .where(AgreementDebit.id == debit_id, AgreementDebit.state == "begun")
            ).one_or_none()
        if row is None:
            return None
        debit, agreement, order = row
        return Begun(debit.id, agreement.id, agreement.gateway, agreement.contract_no or "", order)
