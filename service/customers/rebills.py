"""Corrections of bills: asked for by one, approved by another, made by the core.

The core makes a bill anew from the readings as they now are; it never replaces one twice, so the
bill's own number is the key of the deed.
"""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from runtime.logs import get_logger
from service import approvals, audit
from service.approvals import Approval
from service.core_client import CoreClient
from service.customers import soon
from service.customers.models import Rebill
from service.events import ActionApproved
from service.jobs import sync_soon
from service.models import Bill

KIND = "rebill"
DEED = "customer.rebill"

_log = get_logger(__name__)


def ask(session: Session, account_no: str, bill_no: str, reason: str, *, by: int) -> Approval:
    """Ask that a bill be made again.

    Raises NotFound("bill.not_found"), Conflict("rebill.replaced", "rebill.under_way"),
    Refused("customer.reason_missing") and what `approvals.ask` raises.
    """
    bill = session.get(Bill, bill_no)
    if bill is None or bill.account_no != account_no:
        raise NotFound("bill.not_found")
    if bill.status != "issued":
        raise Conflict("rebill.replaced")
    if _state(session, bill_no) in ("due", "done"):
        raise Conflict("rebill.under_way")
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if not said:
        raise Refused("customer.reason_missing")
    params = {"account_no": account_no}
    return approvals.ask(session, KIND, bill_no, params, said, by=by, deed=DEED, about=bill_no)


def on_approved(session: Session, event: ActionApproved) -> None:
    """What was approved is deferred in the same transaction; one that was refused is tried anew."""
    if event.kind != KIND:
        return
    wanted = {
        "approval_id": event.approval_id,
        "bill_no": event.subject,
        "account_no": event.params["account_no"],
        "state": "due",
        "made": [],
        "refused": None,
        "wanted_at": clock.now(),
        "ended_at": None,
    }
    again = {name: wanted[name] for name in wanted if name not in ("bill_no", "account_no")}
    session.execute(
        insert(Rebill)
        .values(wanted)
        .on_conflict_do_update(
            index_elements=[Rebill.bill_no], set_=again, where=Rebill.state == "refused"
        )
    )
    soon.rebill(session, event.subject)


def carry(database: Database, core: CoreClient, bill_no: str) -> None:
    """Have the core make a bill again; no connection is held while it is asked.

    A bill that the core has replaced already was replaced by an earlier try whose answer was lost,
    or by somebody there: either way it is done. Raises Unavailable; the job runs again.
    """
    with database.unit_of_work() as session:
        if _state(session, bill_no) != "due":
            return
    try:
        made = core.rebill(bill_no)
    except Unavailable:
        raise
    except Conflict:
        _end(database, bill_no, state="done", made=[])
    except Refused as refusal:
        _log.error("rebill_refused", bill=bill_no, code=refusal.code, **refusal.params)
        _end(database, bill_no, state="refused", refused=_reason(refusal))
    else:
        _end(database, bill_no, state="done", made=made)


def of_account(session: Session, account_no: str) -> list[Rebill]:
    """The account's corrections, the newest first."""
    query = select(Rebill).where(Rebill.account_no == account_no).order_by(Rebill.id.desc())
    return list(session.scalars(query))


def _state(session: Session, bill_no: str) -> str | None:
    return session.scalar(select(Rebill.state).where(Rebill.bill_no == bill_no))


def _reason(refusal: Refused) -> str:
    return str(refusal.params.get("reason", refusal.code))[:48]


def _end(database: Database, bill_no: str, **how: object) -> None:
    with database.unit_of_work() as session:
        session.execute(
            update(Rebill)
            .where(Rebill.bill_no == bill_no, Rebill.state == "due")
            .values(ended_at=clock.now(), **how)
        )
        sync_soon(session)
