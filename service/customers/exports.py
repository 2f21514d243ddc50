"""A customer's data as a file: asked for by one, approved by another, fetched within a day.

The file is CSV for a spreadsheet, written by a job. It lies under a name that nobody can guess in a
folder that no web server shows, and goes when its day is over.
"""

import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock, files
from runtime.database import Database
from runtime.errors import NotFound, Refused
from service import approvals, audit
from service.approvals import Approval
from service.customers import sheets, soon
from service.customers.models import DataExport
from service.customers.opening import account
from service.events import ActionApproved

KIND = "data_export"
WANTED, FETCHED = "customer.export", "customer.fetched"
"""The deeds in the trail."""
READY_FOR = timedelta(hours=24)


def folder(var: Path) -> Path:
    """Where the files lie, for their owner only."""
    found = var / "exports"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def ask(session: Session, account_no: str, what: str, reason: str, *, by: int) -> Approval:
    """Ask for an account's bills or its usage of every day as a file.

    Raises NotFound("customer.not_found"), Refused("customer.reason_missing", "export.unknown") and
    what `approvals.ask` raises.
    """
    account(session, account_no)
    if what not in sheets.SHEETS:
        raise Refused("export.unknown")
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if not said:
        raise Refused("customer.reason_missing")
    params = {"account_no": account_no, "what": what}
    named = subject(account_no, what)
    return approvals.ask(session, KIND, named, params, said, by=by, deed=WANTED, about=what)


def subject(account_no: str, what: str) -> str:
    """What an approval of an export is about."""
    return f"{account_no} {what}"


def on_approved(session: Session, event: ActionApproved) -> None:
    """What was approved is written down and deferred in the same transaction."""
    if event.kind != KIND:
        return
    wanted = DataExport(
        approval_id=event.approval_id,
        account_no=event.params["account_no"],
        what=event.params["what"],
        asked_by=event.asked_by,
        name=f"{secrets.token_urlsafe(24)}.csv",
        state="due",
        rows=0,
        wanted_at=clock.now(),
    )
    session.add(wanted)
    session.flush()
    soon.export(session, wanted.id)


def make(database: Database, export_id: int, where: Path) -> None:
    """Write the file; one that is there already stays."""
    with database.unit_of_work() as session:
        wanted = session.get_one(DataExport, export_id, with_for_update=True)
        if wanted.state != "due":
            return
        with files.draft(where / wanted.name) as draft:
            wanted.rows = sheets.write(session, wanted.account_no, wanted.what, draft)
        wanted.state, wanted.until = "ready", clock.now() + READY_FOR


def fetch(session: Session, export_id: int, where: Path, *, by: int) -> tuple[DataExport, bytes]:
    """The file, for whoever asked for it, while it is there. Raises NotFound("export.gone")."""
    found = session.get(DataExport, export_id)
    if found is None or found.asked_by != by or not is_ready(found):
        raise NotFound("export.gone")
    try:
        content = (where / found.name).read_bytes()
    except FileNotFoundError as gone:
        raise NotFound("export.gone") from gone
    about = f"export {found.id}"
    audit.record(session, by=by, deed=FETCHED, subject=found.account_no, reason="", about=about)
    return found, content


def is_ready(export: DataExport) -> bool:
    """Whether the file can be fetched now."""
    return export.state == "ready" and export.until is not None and export.until > clock.now()


def of_account(session: Session, account_no: str, asked_by: int) -> list[DataExport]:
    """Files of the account that this member of staff has asked for and can fetch, or soon."""
    query = select(DataExport).where(
        DataExport.account_no == account_no,
        DataExport.asked_by == asked_by,
        DataExport.state != "gone",
    )
    found = session.scalars(query.order_by(DataExport.id.desc()))
    return [each for each in found if each.state == "due" or is_ready(each)]


def tidy(database: Database, where: Path) -> int:
    """Remove files whose day is over, and those that nothing names; returns how many."""
    with database.unit_of_work() as session:
        over = select(DataExport).where(
            DataExport.state == "ready", DataExport.until <= clock.now()
        )
        for export in session.scalars(over.with_for_update(skip_locked=True)):
            export.state = "gone"
    with database.reading() as session:
        kept = set(session.scalars(select(DataExport.name).where(DataExport.state != "gone")))
    removed = [path for path in where.glob("*.csv") if path.name not in kept]
    for path in removed:
        with suppress(FileNotFoundError):
            path.unlink()
    return len(removed)
