"""What visits in the field have left with a request."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.field.models import FieldPhoto, FieldVisit


def steps_of_photos(session: Session, request_id: int) -> dict[str, str]:
    """The step for which each photo of a visit was taken, by the name of its file."""
    query = (
        select(FieldPhoto.name, FieldVisit.step)
        .join(FieldVisit, FieldVisit.id == FieldPhoto.visit_id)
        .where(FieldVisit.request_id == request_id)
    )
    return dict(session.execute(query).all())
