"""What was done on the spot, brought to its request: once, or kept with the reason why not.

A phone may have been without a signal for hours. Whatever it sends is kept: where the request has
gone on meanwhile, the visit says what was done there, and moves nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Conflict, Refused
from service.field.customer import meters
from service.field.models import FieldPhoto, FieldVisit
from service.people.typed import plain
from service.requests import moving
from service.requests.fields import clean_all, visible
from service.requests.models import Request
from service.requests.route import Place

COMPLETE, PAUSE = "complete", "pause"
LONGEST_NAME = 40
LONGEST_METER = 20


@dataclass(frozen=True)
class Deed:
    """What the phone sends. `step` is what it brings the request to, or is prevented from.

    `meter_sure`: the worker has looked twice that the meter is another than the account's.
    `signature` is a JPEG in base64.
    """

    key: str
    deed: str
    step: str
    done_at: datetime
    place: Place | None = None
    accuracy: int | None = None
    meter_no: str = ""
    meter_sure: bool = False
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    signer: str = ""
    signature: str | None = None


@dataclass(frozen=True)
class Shot:
    """A photo that was kept under `name`, and when and where it was taken."""

    name: str
    taken_at: datetime
    place: Place | None


def known(session: Session, worker_id: int, key: str) -> FieldVisit | None:
    """The visit that this phone has sent under the key before."""
    same = (FieldVisit.worker_id == worker_id) & (FieldVisit.key == key)
    return session.scalars(select(FieldVisit).where(same)).one_or_none()


def send(session: Session, worker_id: int, request_no: str, deed: Deed) -> FieldVisit:
    """Bring a deed to its request; the same key again gives the visit that is there.

    A visit with a `refusal` has moved nothing: "field.done_already", "field.cancelled",
    "field.rejected", "field.given_away", "field.taken_back", "request.paused". Raises NotFound;
    FieldRefused for the form of the step; Refused: "request.key_malformed", "field.deed_unknown",
    "field.other_meter", "request.needs_missing".
    """
    request = moving.locked(session, request_no)
    if again := known(session, worker_id, deed.key):
        return again
    agrees = _meter_agrees(session, request, deed)
    refusal = _refusal(request, worker_id, deed)
    filled = dict(deed.values)
    if refusal is None:
        refusal = _do(session, worker_id, request, deed)
        filled = _filled(request, deed)
    visit = FieldVisit(
        request_id=request.id,
        worker_id=worker_id,
        key=deed.key,
        deed=deed.deed,
        step=deed.step,
        refusal=refusal,
        done_at=_when(request, deed),
        received_at=clock.now(),
        place=str(deed.place) if deed.place else None,
        accuracy=deed.accuracy if deed.place else None,
        meter_no=_number(deed) or None,
        meter_agrees=agrees,
        note=visible(deed.note)[: moving.LONGEST_NOTE] or None,
        fields=json.dumps(filled, ensure_ascii=False),
        signer=visible(deed.signer)[:LONGEST_NAME] or None,
        signature=deed.signature,
    )
    session.add(visit)
    session.flush()
    return visit


def add_photos(session: Session, visit: FieldVisit, shots: list[Shot]) -> None:
    """Say of the photos of a new visit when and where they were taken."""
    for shot in shots:
        place = str(shot.place) if shot.place else None
        taken_at = min(shot.taken_at, visit.received_at)
        visit.photos.append(FieldPhoto(name=shot.name, taken_at=taken_at, place=place))
    session.flush()


def visits(session: Session, request: Request) -> list[FieldVisit]:
    """Everything that was sent from the spot for a request, the first first."""
    query = select(FieldVisit).where(FieldVisit.request_id == request.id)
    return list(session.scalars(query.order_by(FieldVisit.id)))


def values(visit: FieldVisit) -> dict[str, str]:
    """What the form of the step held, by the name of the field."""
    found: dict[str, str] = json.loads(visit.fields)
    return found


def _refusal(request: Request, worker_id: int, deed: Deed) -> str | None:
    """Why the request is no longer there for this; the first reason that a person would name."""
    if request.state in ("cancelled", "rejected"):
        return f"field.{request.state}"
    onward = moving.next_step(request)
    if onward is None or onward.name != deed.step:
        return "field.done_already"
    if request.assignee_id != worker_id:
        return "field.taken_back" if request.assignee_id is None else "field.given_away"
    return None


def _do(session: Session, worker_id: int, request: Request, deed: Deed) -> str | None:
    """Move the request; the code when it cannot be moved. Raises as `send` does."""
    try:
        with session.begin_nested():
            if deed.deed == COMPLETE:
                moving.complete(
                    session,
                    request.request_no,
                    deed.step,
                    by=worker_id,
                    note=deed.note,
                    values=deed.values,
                    key=deed.key,
                    at=_when(request, deed),
                )
            elif deed.deed == PAUSE:
                moving.pause(session, request.request_no, deed.note, by=worker_id, key=deed.key)
            else:
                raise Refused("field.deed_unknown")
    except Conflict as conflict:
        return conflict.code
    return None


def _filled(request: Request, deed: Deed) -> dict[str, str]:
    """The plain values of the step's form; none where the step was not done."""
    step = next((each for each in moving.steps(request) if each.name == deed.step), None)
    return clean_all(step.form, deed.values) if step and deed.deed == COMPLETE else {}


def _meter_agrees(session: Session, request: Request, deed: Deed) -> bool | None:
    """Whether the meter is one of the account's; None where there is nothing to compare."""
    number = _number(deed)
    if not number:
        return None
    there = meters(session, request.account_no) if request.account_no else []
    if not there:
        return None
    agrees = number in {_bare(each.meter_no) for each in there}
    if not agrees and not deed.meter_sure:
        raise Refused("field.other_meter", meter_no=number)
    return agrees


def _number(deed: Deed) -> str:
    return _bare(deed.meter_no)[:LONGEST_METER]


def _bare(number: str) -> str:
    return plain(number).replace("-", "").upper()


def _when(request: Request, deed: Deed) -> datetime:
    """When it was done, as far as that can be."""
    return min(max(deed.done_at, request.opened_at), clock.now())
