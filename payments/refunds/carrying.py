"""The way of a refund: out of the core, to the gateway, done. Each step may be done twice.

No connection is held while the core or a gateway is asked, and what they answered is kept before
the next step, so that whoever is killed anywhere is followed by whoever does the rest.
"""

from dataclasses import dataclass

from payments.counter.gateway import COUNTER
from payments.gateways import Gateways
from payments.gateways.base import (
    Gateway,
    GatewayError,
    GatewayRefused,
    Refunding,
    RefundReport,
    RefundState,
)
from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.models import Order, PostingTask, Refund, RefundPart
from payments.refunds import finding, hearing, making
from payments.refunds.reasons import WORDS
from runtime import clock
from runtime.database import Database
from runtime.errors import NotFound, Refused, Unavailable
from runtime.logs import get_logger
from service.core_client import CoreClient
from service.jobs import sync_soon

OVER = ("done", "stuck")

_log = get_logger(__name__)


class NotRefunded(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The gateway is still at it, or somebody could not be asked."""


@dataclass(frozen=True)
class Carrier:
    """What carries refunds; gateways tell at `site` how they went."""

    database: Database
    core: CoreClient
    gateways: Gateways
    site: str

    def carry(self, refund_no: str) -> None:
        """Bring a refund as far as it goes now. Raises NotRefunded while there is more to do."""
        refund = self._begin(refund_no)
        if refund is None:
            return
        if refund.freed_at is None and not self._take_back(refund):
            return
        self._give(refund_no)

    def _begin(self, refund_no: str) -> Refund | None:
        """The refund, unless there is nothing to do; the core may be asked from now on."""
        with self.database.unit_of_work() as session:
            try:
                _order, refund = finding.locked(session, refund_no)
            except NotFound:
                return None
            if refund.state in OVER:
                return None
            if refund.state == "due" and refund.freed_at is None:
                refund.state = "reversing"
            return refund

    def _take_back(self, refund: Refund) -> bool:
        """Have the core reverse what is not reversed yet; False when it finally will not."""
        try:
            for part in refund.parts:
                if part.reversal_no is None:
                    self._reverse(refund, part)
        except Unavailable as refusal:
            self._note(refund.refund_no, refusal.code)
            raise NotRefunded(refund.refund_no) from refusal
        except Refused as refusal:
            self._give_up(refund.refund_no, refusal.code)
            return False
        with self.database.unit_of_work() as session:
            order, fresh = finding.locked(session, refund.refund_no)
            if fresh.freed_at is None:
                making.free(session, order, fresh)
                sync_soon(session)
        return True

    def _reverse(self, refund: Refund, part: RefundPart) -> None:
        with self.database.unit_of_work() as session:
            order, _refund = finding.locked(session, refund.refund_no)
            posting_no = session.get_one(PostingTask, part.task_id).posting_no
        answer = self.core.reverse(
            key=part.idempotency_key,
            posting_no=posting_no or "",
            amount_fen=part.amount_fen,
            reason=refund.reason,
            order_no=order.order_no,
        )
        with self.database.unit_of_work() as session:
            kept = session.get_one(RefundPart, part.id, with_for_update=True)
            kept.reversal_no, kept.reversed_at = answer.reversal_no, answer.reversed_at
            book(
                session,
                Kind.REVERSAL,
                part.idempotency_key,
                debit=POSTED,
                credit=RECEIVED,
                amount_fen=part.amount_fen,
                order_no=order.order_no,
            )

    def _give(self, refund_no: str) -> None:
        """Ask the gateway, and again until it says that the money is on its way back.

        Cash waits at the counter until it is fetched: `counter.payouts` finishes it.
        """
        order, refund, asked_before = self._at_gateway(refund_no)
        if refund.state in OVER or order.gateway == COUNTER.name:
            return
        gateway = self.gateways.get(order.gateway)
        if gateway is None:
            self._give_up(refund_no, "not_set_up")
            return
        try:
            report = _ask(gateway, self._refunding(order, refund), asked_before)
        except GatewayRefused as refusal:
            self._give_up(refund_no, refusal.reason)
            return
        except GatewayError as error:
            self._note(refund_no, error.reason)
            raise NotRefunded(refund_no) from error
        self._hear(gateway, refund_no, report)

    def _at_gateway(self, refund_no: str) -> tuple[Order, Refund, bool]:
        """From now on the gateway may know of it; whether it could before."""
        with self.database.unit_of_work() as session:
            order, refund = finding.locked(session, refund_no)
            asked_before = refund.asked_at is not None
            if refund.state not in OVER:
                refund.state, refund.asked_at = "at_gateway", refund.asked_at or clock.now()
            return order, refund, asked_before

    def _refunding(self, order: Order, refund: Refund) -> Refunding:
        return Refunding(
            order_no=order.order_no,
            refund_no=refund.gateway_no,
            amount_fen=refund.amount_fen,
            total_fen=refund.amount_fen if refund.trade_no else order.amount_fen,
            reason=WORDS[refund.reason],
            trade_no=refund.trade_no or order.trade_no,
            asked_at=refund.asked_at,
            notify_url=f"{self.site}/callbacks/{order.gateway}",
        )

    def _hear(self, gateway: Gateway, refund_no: str, report: RefundReport) -> None:
        with self.database.unit_of_work() as session:
            hearing.record(session, gateway, report, "gateway")
            _order, refund = finding.locked(session, refund_no)
        if refund.state not in OVER:
            raise NotRefunded(refund_no)

    def _give_up(self, refund_no: str, reason: str) -> None:
        with self.database.unit_of_work() as session:
            hearing.give_up(finding.locked(session, refund_no)[1], reason)

    def _note(self, refund_no: str, reason: str) -> None:
        _log.warning("refund_failed", refund_no=refund_no, reason=reason)
        with self.database.unit_of_work() as session:
            _order, refund = finding.locked(session, refund_no)
            refund.attempts, refund.last_error = refund.attempts + 1, reason[:48]


def _ask(gateway: Gateway, refunding: Refunding, asked_before: bool) -> RefundReport:
    """A gateway that may know of it is asked how it goes; one that does not is asked for it."""
    if asked_before:
        report = _heard_of(gateway, refunding)
        if report.state is not RefundState.ABSENT:
            return report
    return gateway.refund(refunding)


def _heard_of(gateway: Gateway, refunding: Refunding) -> RefundReport:
    """A question that is refused says nothing about the money."""
    try:
        return gateway.query_refund(refunding)
    except GatewayRefused as refusal:
        raise GatewayError(gateway.name, refusal.reason) from refusal
