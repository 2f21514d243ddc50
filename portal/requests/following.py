"""What the page of one request shows: each step with who, what and when, and what may be done."""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import g, request

from portal import formats
from portal.i18n import gettext as _
from portal.requests import saying
from portal.requests.who import asker
from runtime import clock
from service.outages import finding
from service.outages.finding import OutageView
from service.people import users
from service.requests import appointments, joining, moving, ratings, reading, talking, visited
from service.requests.kinds import Document, Step, Words, kind
from service.requests.models import Request, RequestFile, RequestPause
from service.requests.reading import Round, StepTaken
from service.requests.talk_models import Appointment, Rating, RequestMessage


@dataclass(frozen=True)
class Colleague:
    """One of the utility's people as customers may know them: `周*宁`, and a number to ask for."""

    name: str
    number: str


@dataclass(frozen=True)
class Stage:
    """A step of the timeline with all that belongs to it.

    `tell` is what the kind says of the newest, where nobody has written a note.
    """

    taken: StepTaken
    by: Colleague | None = None
    note: str | None = None
    filled: tuple[tuple[str, str], ...] = ()
    files: tuple[RequestFile, ...] = ()
    appointment: Appointment | None = None
    pauses: tuple[RequestPause, ...] = ()
    tell: Words | None = None

    @property
    def step(self) -> Step:
        return self.taken.step

    @property
    def is_missed(self) -> bool:
        """Whether somebody was to come, and the time has passed without the step being done."""
        if self.appointment is None or self.taken.state in ("done", "off", "passed"):
            return False
        return self.appointment.ends_at < clock.now()


@dataclass(frozen=True)
class Earlier:
    """What came of a request before it was opened again, and what its customer thought of it."""

    until: datetime
    is_refused: bool
    refusal: str | None
    stages: list[Stage]
    files: tuple[RequestFile, ...]
    rating: Rating | None


@dataclass(frozen=True)
class Paper:
    """A document that is asked for, and what was sent for it."""

    document: Document
    files: tuple[RequestFile, ...]


@dataclass(frozen=True)
class Said:
    """A message as it is shown."""

    id: int
    text: str
    at: datetime
    mine: bool
    who: str
    link: str | None
    is_new: bool


@dataclass(frozen=True)
class Followed:
    """A request as its page shows it. Who is no party to it (`own`) sees the stages alone.

    `is_guest`: the browser is a party by a code alone.

    `needs` is what the customer owes us an answer to, `own_step` the step that is theirs to do,
    `visit` the step for which somebody is still to come, `refusal` why it was not taken on. `key`
    is that of the next message. `outage` is the one whose end it waits for; `is_asked`: is it over?
    """

    made: Request
    own: bool
    stages: list[Stage]
    is_guest: bool
    in_charge: Colleague | None
    deeds: frozenset[str]
    talk: tuple[Said, ...] = ()
    needs: str | None = None
    own_step: Step | None = None
    visit: Step | None = None
    appointment: Appointment | None = None
    outage: OutageView | None = None
    is_asked: bool = False
    earlier: tuple[Earlier, ...] = ()
    rating: Rating | None = None
    refusal: str | None = None
    key: str = ""
    may_talk: bool = False
    may_rate: bool = False

    @property
    def papers(self) -> list[Paper]:
        """The documents that are asked for, with what was sent for them."""
        asked = kind(self.made.kind).papers(reading.values(self.made))
        return [Paper(each, self._sent(each.name)) for each in asked]

    @property
    def photos(self) -> list[RequestFile]:
        """What the customer has sent beside the documents; ours stand with the step."""
        asked = {each.document.name for each in self.papers}
        theirs = [each for each in self.made.files if each.by_id is None]
        return [each for each in theirs if each.document not in asked]

    @property
    def takes_files(self) -> bool:
        return self.own and self.made.state not in moving.ENDED

    def _sent(self, document: str) -> tuple[RequestFile, ...]:
        theirs = (each for each in self.made.files if each.by_id is None)
        return tuple(each for each in theirs if each.document == document)


def follow(found: Request, *, own: bool) -> Followed:
    """Everything about a request for who may see it."""
    said = talking.messages(g.session, found) if own else []
    people = _colleagues(found, said)
    stages = _stages(found, people, own=own)
    charge = people.get(found.assignee_id or 0) if found.closed_at is None else None
    if not own:
        known = _outage(found)
        return Followed(found, own, stages, False, charge, frozenset(), outage=known)
    onward, visit = moving.next_step(found), appointments.visit_step(found)
    rated = ratings.by_round(g.session, found)
    return Followed(
        made=found,
        own=own,
        stages=stages,
        is_guest=found.request_no in asker().proven,
        in_charge=charge,
        deeds=moving.deeds(found),
        talk=tuple(_said(each, people) for each in said),
        needs=talking.needs(found),
        own_step=onward if onward is not None and onward.who == "customer" else None,
        visit=visit,
        appointment=next((each.appointment for each in stages if each.step == visit), None),
        outage=_outage(found),
        is_asked=joining.is_asked(found),
        earlier=_earlier(found, people, rated),
        rating=rated.get(found.reopened),
        refusal=_refusal(found),
        key=request.form.get("key") or secrets.token_urlsafe(18),
        may_talk=talking.may_talk(found),
        may_rate=ratings.may_rate(found),
    )


def _stages(found: Request, people: dict[int, Colleague], *, own: bool) -> list[Stage]:
    booked = appointments.of_request(g.session, found)
    timeline = reading.timeline(found)
    if not own:
        return [_bare(each, people, booked) for each in timeline]
    newest = sum(each.state == "done" for each in timeline) - 1
    pauses, files = _pauses_by_stage(found, timeline), _files_by_stage(found, timeline)
    return [
        Stage(
            each,
            _by(each, people),
            each.event.note if each.event else None,
            tuple(_filled(each)),
            tuple(files[place]),
            booked.get(each.step.name),
            tuple(pauses[place]),
            each.step.tell if place == newest else None,
        )
        for place, each in enumerate(timeline)
    ]


def _bare(taken: StepTaken, people: dict[int, Colleague], booked: dict[str, Appointment]) -> Stage:
    """A step for somebody who knows no more than a number and the end of a phone."""
    return Stage(taken, _by(taken, people), appointment=booked.get(taken.step.name))


def _by(taken: StepTaken, people: dict[int, Colleague]) -> Colleague | None:
    return people.get(taken.event.by_id or 0) if taken.event else None


def _filled(taken: StepTaken) -> Iterable[tuple[str, str]]:
    """What was written into the form of the step: the reading of a meter, what was found."""
    if taken.event is None or taken.event.step != taken.step.name or not taken.event.filled:
        return
    values = json.loads(taken.event.filled)
    for field in taken.step.form:
        if field.name in values:
            yield saying.said(field.label), saying.value_words(field, values[field.name])


def _pauses_by_stage(
    found: Request, timeline: list[StepTaken]
) -> defaultdict[int, list[RequestPause]]:
    """The times in which the clock stood since the request was asked for, or opened again."""
    began, placed = reading.began_at(found), defaultdict(list)
    for each in found.pauses:
        if each.since >= began:
            placed[_stage_at(timeline, each.since)].append(each)
    return placed


def _files_by_stage(
    found: Request, timeline: list[StepTaken]
) -> defaultdict[int, list[RequestFile]]:
    """What our people have added: at the step of their visit, else at what was then waited for."""
    steps, began = visited.steps_of_photos(g.session, found.id), reading.began_at(found)
    names, placed = [each.step.name for each in timeline], defaultdict(list)
    for each in found.files:
        if each.by_id is not None and (not found.reopened or each.added_at >= began):
            step = steps.get(each.name)
            known = names.index(step) if step in names else _stage_at(timeline, each.added_at)
            placed[known].append(each)
    return placed


def _stage_at(timeline: list[StepTaken], moment: datetime) -> int:
    """The place of the step that was being waited for at a moment; the last, when none was."""
    places = (
        place
        for place, each in enumerate(timeline)
        if place and each.state != "passed" and (not each.at or each.at > moment)
    )
    return next(places, len(timeline) - 1)


def _earlier(
    found: Request, people: dict[int, Colleague], rated: dict[int, Rating]
) -> tuple[Earlier, ...]:
    """The courses before the present one, the latest first."""
    return tuple(
        Earlier(
            until=each.end.at,
            is_refused=each.end.code == "rejected",
            refusal=each.end.note if each.end.code == "rejected" else None,
            stages=[_past(step, people) for step in each.steps],
            files=tuple(
                file
                for file in found.files
                if file.by_id is not None and _is_within(each, file.added_at)
            ),
            rating=rated.get(each.number),
        )
        for each in reading.earlier(found)
    )


def _past(taken: StepTaken, people: dict[int, Colleague]) -> Stage:
    note = taken.event.note if taken.event else None
    return Stage(taken, _by(taken, people), note, tuple(_filled(taken)))


def _is_within(round_: Round, moment: datetime) -> bool:
    """Whether it was in that course; what is older than the first is of the first."""
    return moment < round_.until and (not round_.number or moment >= round_.since)


def _outage(found: Request) -> OutageView | None:
    if not reading.is_joined(found):
        return None
    return finding.find(g.session, found.outage_no or "")


def _refusal(found: Request) -> str | None:
    if found.state != "rejected":
        return None
    return next((each.note for each in reversed(found.events) if each.code == "rejected"), None)


def _colleagues(found: Request, said: list[RequestMessage]) -> dict[int, Colleague]:
    ids = {each.by_id for each in found.events} | {each.by_id for each in said}
    ids.add(found.assignee_id)
    named = users.names(g.session, [each for each in ids if each is not None])
    return {each: _colleague(each, name) for each, name in named.items()}


def _colleague(user_id: int, name: str) -> Colleague:
    return Colleague(formats.masked_name(name) or _("同事"), f"{user_id:04d}")


def _said(message: RequestMessage, people: dict[int, Colleague]) -> Said:
    mine = message.author == "customer"
    return Said(
        id=message.id,
        text=message.text,
        at=message.at,
        mine=mine,
        who=_("您") if mine else people[message.by_id or 0].name,
        link=message.link,
        is_new=not mine and message.read_at is None,
    )
