"""Slips of visits: who may have which."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.errors import NotFound
from service.field.models import FieldVisit
from service.requests.models import Request


def of_worker(
    session: Session, worker_id: int, request_no: str, visit_id: int | None = None
) -> tuple[FieldVisit, Request]:
    """A worker's own visit for a request; without a number the newest. Raises NotFound."""
    query = (
        select(FieldVisit, Request)
        .join(Request, Request.id == FieldVisit.request_id)
        .where(FieldVisit.worker_id == worker_id, Request.request_no == request_no)
    )
    if visit_id is not None:
        query = query.where(FieldVisit.id == visit_id)
    found = session.execute(query.order_by(FieldVisit.id.desc())).first()
    if found is None:
        raise NotFound("field.no_job")
    visit, request = found
    return visit, request


def of_request(session: Session, request: Request, visit_id: int) -> FieldVisit:
    """A visit that has moved a request, for whoever may see the request. Raises NotFound."""
    found = session.get(FieldVisit, visit_id)
    if found is None or found.request_id != request.id or found.refusal is not None:
        raise NotFound("field.no_job")
    return found
