"""What is left over: unsent forms, papers of what has ended, files whose transaction was undone."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.requests import drafts
from service.requests.configured import request_settings
from service.requests.models import Request, RequestDraft, RequestFile

KEPT = timedelta(days=2)
"""How long a form without a draft, as in a chat, may be left open with its files."""


def tidy(database: Database, folder: Path) -> int:
    """Delete old drafts, old files without one, old papers, files without a row; how many files."""
    before = clock.now() - KEPT
    has_draft = exists().where(
        RequestDraft.asker == RequestFile.asker, RequestDraft.key == RequestFile.draft
    )
    with database.unit_of_work() as session:
        drafts.forget_old(session)
        _forget_papers(session)
        session.execute(
            delete(RequestFile).where(
                RequestFile.request_id.is_(None), RequestFile.added_at < before, ~has_draft
            )
        )
    return sum(_remove(database, each, before) for each in sorted(folder.glob("??")))


def _forget_papers(session: Session) -> None:
    """Identity cards and deeds were for one matter; some time after its end they go."""
    before = clock.now() - timedelta(days=request_settings().document_days)
    past = select(Request.id).where(Request.closed_at < before)
    papers = RequestFile.document.is_not(None) & RequestFile.request_id.in_(past)
    session.execute(delete(RequestFile).where(papers))


def _remove(database: Database, part: Path, before: datetime) -> int:
    """The old files of one part of the folder that no row names; a new one's row may be coming."""
    old = [each for each in part.glob("*.*") if each.stat().st_mtime < before.timestamp()]
    with database.unit_of_work() as session:
        named = set(
            session.scalars(select(RequestFile.name).where(RequestFile.name.startswith(part.name)))
        )
    lost = [each for each in old if each.stem not in named]
    for each in lost:
        each.unlink(missing_ok=True)
    return len(lost)
