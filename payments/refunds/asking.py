"""Refunds that the desk asks for: one person asks, a second one approves, then it is made."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from payments.refunds import making
from payments.refunds.reasons import OF_THE_DESK
from payments.states import lock_order
from runtime.errors import NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.events import ActionApproved

KIND = "refund"
"""Of its approvals; their subject is the number of the order."""


def ask_refund(
    session: Session,
    order_no: str,
    parts: Mapping[str, int],
    reason: str,
    *,
    by: int,
    note: str = "",
) -> Approval:
    """Ask that `parts` of a posted order, fen by account, go back to who paid it.

    `reason` is one of `reasons.OF_THE_DESK`; "other" wants a note. Raises
    NotFound("order.not_found"), Refused("refund.reason_missing"), what `making.check_parts`
    raises, and Conflict("approval.asked") while another refund of the order waits for an answer.
    """
    note = note.strip()
    if reason not in OF_THE_DESK or (reason == "other" and not note):
        raise Refused("refund.reason_missing")
    order = lock_order(session, order_no)
    if order is None:
        raise NotFound("order.not_found")
    making.check_parts(session, order, parts)
    params: dict[str, Any] = {
        "amount_fen": sum(parts.values()),
        "parts": dict(parts),
        "reason": reason,
    }
    return approvals.ask(session, KIND, order_no, params, note, by=by)


def on_approved(session: Session, event: ActionApproved) -> None:
    """Make the refund that was approved. Raises what `making.check_parts` raises.

    What stood in the way of it since it was asked for leaves the approval undecided.
    """
    if event.kind != KIND:
        return
    order = lock_order(session, event.subject)
    if order is None:
        raise NotFound("order.not_found")
    approval = session.get_one(Approval, event.approval_id)
    making.give_back_posted(
        session,
        order,
        event.params["parts"],
        event.params["reason"],
        note=approval.reason,
        approval_id=event.approval_id,
    )
