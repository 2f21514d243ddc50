"""What people decide about a difference: one asks for an action, a second one approves it.

Where money moves, the books move with it: the account of the side that was right is brought to
its figure, against `suspense` (money of which nobody knows yet whose it is) or `fees` (a gain or
a loss of ours).
"""

from enum import StrEnum

from sqlalchemy.orm import Session

from payments.gateways import Gateways
from payments.gateways.base import GatewayUnavailable, Refunding, RefundState, named
from payments.ledger.booking import FEES, POSTED, SUSPENSE, Kind, book
from payments.reconciliation import cures
from payments.reconciliation.models import Difference
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from runtime.jobs import TaskName, defer
from service import approvals
from service.approvals import Approval
from service.events import ActionApproved, ActionDeclined

KIND = "difference"
"""The kind of our approvals; their subject is the difference's id."""

GIVE_BACK = TaskName("payments.give_back", "payments")
NO_ORDER = "付款没有对应的订单，退回付款人"
"""What the gateway shows the payer beside the money."""


class Action(StrEnum):
    """What can be done about a difference."""

    SUSPENSE = "suspense"  # the other side's figure holds; the rest waits for its owner
    WRITE_OFF = "write_off"  # the other side's figure holds; the rest is ours to bear or to keep
    GIVE_BACK = "give_back"  # to the payer, through the gateway
    AGAIN = "again"  # the cure once more
    EXPLAINED = "explained"  # nothing is wrong, and the reason says why


_MONEY = (Action.SUSPENSE, Action.WRITE_OFF, Action.EXPLAINED)
_AT_GATEWAY: dict[str, tuple[Action, ...]] = {
    "missing_callback": (Action.AGAIN, Action.SUSPENSE, Action.EXPLAINED),
    "duplicate": (Action.AGAIN, Action.SUSPENSE, Action.EXPLAINED),
    "unknown": (Action.GIVE_BACK, Action.SUSPENSE, Action.EXPLAINED),
}
_IN_CORE: dict[str, tuple[Action, ...]] = {
    "missing_posting": (Action.AGAIN, Action.EXPLAINED),
    "unrecorded": (Action.AGAIN, Action.EXPLAINED),
}


def actions(difference: Difference) -> tuple[Action, ...]:
    """What may be asked for, the most usual first."""
    if difference.source == "core":
        return _IN_CORE.get(difference.kind, (Action.SUSPENSE, Action.EXPLAINED))
    return _AT_GATEWAY.get(difference.kind, _MONEY)


def moved_fen(difference: Difference) -> int:
    """By how much the books of that side must rise (or fall, below zero) to hold its figure."""
    theirs = difference.core_fen if difference.source == "core" else difference.gateway_fen
    apart = (theirs or 0) - (difference.order_fen or 0)
    return -apart if difference.kind.startswith("refund") else apart


def ask(session: Session, difference_id: int, action: Action, reason: str, *, by: int) -> Approval:
    """Ask a second person for an action. Raises NotFound("difference.not_found"),
    Conflict("difference.settled"), Refused: "difference.no_such_action", "difference.no_reason".
    """
    difference = _locked(session, difference_id)
    if difference.state != "open":
        raise Conflict("difference.settled", state=difference.state)
    if action not in actions(difference):
        raise Refused("difference.no_such_action")
    if not reason.strip():
        raise Refused("difference.no_reason")
    params = {
        "action": action.value,
        "class": difference.kind,
        "source": difference.source,
        "key": difference.key,
        "day": difference.day.isoformat(),
        "amount_fen": _fen_of(difference, action),
    }
    approval = approvals.ask(session, KIND, str(difference.id), params, reason.strip(), by=by)
    _move(difference, "asked", action)
    return approval


def _fen_of(difference: Difference, action: Action) -> int:
    return 0 if action in (Action.AGAIN, Action.EXPLAINED) else moved_fen(difference)


def on_approved(session: Session, event: ActionApproved) -> None:
    """Do what two people want. Raises Conflict("difference.settled") when it has cured itself."""
    if event.kind != KIND:
        return
    difference = _locked(session, int(event.subject))
    if difference.state != "asked":
        raise Conflict("difference.settled", state=difference.state)
    _move(difference, "open", None)
    session.flush()
    cures.look(session)
    session.refresh(difference)
    if difference.state != "open":
        raise Conflict("difference.settled", state=difference.state)
    _do(session, difference, Action(event.params["action"]))
    session.flush()


def on_declined(session: Session, event: ActionDeclined) -> None:
    """It waits for another proposal."""
    if event.kind == KIND:
        difference = _locked(session, int(event.subject))
        if difference.state == "asked":
            _move(difference, "open", None)


def give_back(database: Database, gateways: Gateways, difference_id: int) -> None:
    """Ask the gateway until the payer has the money; then the books say so, once.

    Raises GatewayError; GatewayUnavailable("not_done_yet") while the gateway is at it.
    """
    with database.unit_of_work() as session:
        difference = session.get_one(Difference, difference_id)
    if (difference.state, difference.how) != ("curing", Action.GIVE_BACK.value):
        return
    report = named(gateways, difference.source).refund(_refunding(difference))
    if report.state is not RefundState.DONE:
        raise GatewayUnavailable(difference.source, "not_done_yet")
    with database.unit_of_work() as session:
        difference = _locked(session, difference_id)
        if difference.state == "curing":
            fen = -moved_fen(difference)
            _adjust(session, difference, SUSPENSE, difference.source, fen, "back")
            _move(difference, "resolved", Action.GIVE_BACK)


def _refunding(difference: Difference) -> Refunding:
    fen = difference.gateway_fen or 0
    return Refunding(
        order_no=difference.order_no or "",
        refund_no=f"RX{difference.id:010d}",
        amount_fen=fen,
        total_fen=fen,
        reason=NO_ORDER,
        trade_no=difference.evidence["line"]["trade_no"],
        asked_at=difference.changed_at,
    )


def _do(session: Session, difference: Difference, action: Action) -> None:
    fen = moved_fen(difference)
    if action is Action.SUSPENSE:
        _adjust(session, difference, SUSPENSE, _account(difference), fen)
    elif action is Action.WRITE_OFF:
        _adjust(session, difference, FEES, _account(difference), fen)
    elif action is Action.GIVE_BACK:
        _adjust(session, difference, SUSPENSE, _account(difference), fen)
        _move(difference, "curing", action)
        defer(
            session, GIVE_BACK, queueing_lock=f"back:{difference.id}", difference_id=difference.id
        )
        return
    elif action is Action.AGAIN:
        _try_again(session, difference)
        return
    _move(difference, "resolved", action)


def _try_again(session: Session, difference: Difference) -> None:
    if difference.source == "core":
        how = "post"
    else:
        how = "second_trade" if difference.kind == "duplicate" else "ask_gateway"
    cures.start(session, how, difference.source, difference.order_no or "", difference.key)
    difference.state, difference.how, difference.changed_at = "curing", how, clock.now()


def _account(difference: Difference) -> str:
    return POSTED if difference.source == "core" else difference.source


def _adjust(
    session: Session, difference: Difference, against: str, account: str, fen: int, part: str = ""
) -> None:
    """Let an account rise by so much, or fall. What the core has (`posted`) rises by a credit."""
    rises = (fen > 0) != (account == POSTED)
    if fen:
        book(
            session,
            Kind.ADJUSTMENT,
            f"difference:{difference.id}{':' if part else ''}{part}",
            debit=account if rises else against,
            credit=against if rises else account,
            amount_fen=abs(fen),
            order_no=difference.order_no,
        )


def _move(difference: Difference, state: str, action: Action | None) -> None:
    difference.state, difference.how = state, action.value if action else None
    difference.changed_at = clock.now()


def _locked(session: Session, difference_id: int) -> Difference:
    found = session.get(Difference, difference_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("difference.not_found")
    return found
