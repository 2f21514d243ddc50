"""What was done on the spot comes in: from the form itself, or later out of the phone's queue.

A script asks for JSON: 200 and where to go on, 409 for what was kept but moved nothing, 422 for
what is to be put right. Without a script the same is said by pages.
"""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.field import pages, paper, room, saying
from portal.field.room import blueprint
from portal.requests.receiving import receive
from portal.security import asker_id
from portal.unit import commit
from runtime import clock
from runtime.errors import NotFound, Refused
from service.desk import notes
from service.field import jobs, visiting
from service.field.models import FieldVisit
from service.field.visiting import Deed, Shot
from service.requests import files, moving, pictures, reading
from service.requests.askers import Asker
from service.requests.files import Owner, Upload
from service.requests.models import Request
from service.requests.route import Place

KEY = re.compile(r"[\w-]{16,48}", re.ASCII)
MOST_SIGNATURE = 512 * 1024
LONGEST = 1000
"""Letters of a field that are looked at; each has its own limit below."""


@blueprint.post("/jobs/<request_no>")
def send(request_no: str) -> ResponseReturnValue:
    """Take up what was done. The same key again is answered as before."""
    asked = _theirs(request_no)
    try:
        visit = _take(asked)
    except NotFound:
        raise
    except Refused as refusal:
        return _to_put_right(asked, refusal)
    made = reading.any_request(g.session, request_no)
    return _done(made, visit) if visit.refusal is None else _conflict(made, visit)


def _theirs(request_no: str) -> Request:
    """The request, for whoever has or had the job. Raises NotFound."""
    if room.has_ticket(request.form.get("ticket", ""), request_no):
        return reading.any_request(g.session, request_no)
    return jobs.job(g.session, asker_id(), request_no).request


def _take(asked: Request) -> FieldVisit:
    deed = _deed(asked)
    if again := visiting.known(g.session, asker_id(), deed.key):
        return again
    commit()
    deed = replace(deed, signature=_signature())
    owner = Owner(f"field:{asker_id()}", deed.key)
    shots = _photos(owner, deed)
    with g.session.begin_nested():
        visit = visiting.send(g.session, asker_id(), asked.request_no, deed)
        if not visit.photos:
            visiting.add_photos(g.session, visit, shots)
            _attach(owner, visit, {each.name for each in shots})
        _tell_the_desk(g.session.get_one(Request, visit.request_id), visit)
    return visit


def _tell_the_desk(made: Request, visit: FieldVisit) -> None:
    """A note on the request says what moved nothing and was done all the same, and which meter
    is not the one that we know of."""
    lines = _uncounted(made, visit) if visit.refusal is not None else []
    if visit.meter_agrees is False:
        lines.append(_("现场装的表是 %(number)s，和登记的不一样。", number=visit.meter_no))
    if lines:
        text = "\n".join(lines)[: notes.LONGEST]
        notes.note(g.session, [made.request_no], text, visit.key, by=visit.worker_id)


def _uncounted(made: Request, visit: FieldVisit) -> list[str]:
    slip, why = paper.slip(visit, made), saying.why_not(visit, made)
    lines = [
        _("现场交来“%(step)s”，没有算数。%(why)s", step=slip.step, why=why),
        *(f"{name}{_('：')}{value}" for name, value in slip.found),
        slip.note,
    ]
    return [each for each in lines if each]


def _deed(asked: Request) -> Deed:
    """What the form says. Raises Refused("request.key_malformed")."""
    form = request.form
    key, step = form.get("key", ""), form.get("step", "")
    if not KEY.fullmatch(key):
        raise Refused("request.key_malformed")
    fields = next((each.form for each in moving.steps(asked) if each.name == step), ())
    values = {
        each.name: form.get(f"in-{each.name}", "")[:LONGEST]
        for each in fields
        if each.type != "photo"
    }
    return Deed(
        key=key,
        deed=form.get("deed", visiting.COMPLETE),
        step=step[:32],
        done_at=_done_at(),
        place=Place.read(form.get("place")),
        accuracy=_metres(form.get("accuracy", "")),
        meter_no=values.get("meter") or form.get("meter_no", "")[:LONGEST],
        meter_sure="meter_sure" in form,
        note=form.get("note", ""),
        values=values,
        signer=form.get("signer", ""),
    )


def _done_at() -> datetime:
    """When it was done, by our clock: the phone's may be wrong, but says how long ago it was."""
    done, sent = _moment(request.form.get("done_at")), _moment(request.form.get("sent_at"))
    ago = sent - done if done and sent else timedelta(0)
    return clock.now() - max(ago, timedelta(0))


def _moment(text: str | None) -> datetime | None:
    """An instant with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _metres(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _signature() -> str | None:
    """The signature as a JPEG in base64. Raises Refused as `pictures.read` does."""
    sent = request.files.get("signature")
    content = sent.stream.read(MOST_SIGNATURE + 1) if sent else b""
    if not content:
        return None
    if len(content) > MOST_SIGNATURE:
        raise Refused("photo.too_many_pixels")
    return b64encode(pictures.read(content).jpeg).decode()


def _photos(owner: Owner, deed: Deed) -> list[Shot]:
    """Keep the photos; each is looked at while no connection waits. Raises as `files` does."""
    who = Asker(f"{owner.asker}:{deed.key}")
    taken, places = request.form.getlist("photo_at"), request.form.getlist("photo_place")
    shots: dict[str, Shot] = {}
    for at, each in enumerate(request.files.getlist("photos")):
        content = each.stream.read(files.LARGEST_BYTES + 1)
        if not content:
            continue
        kept = receive(who, owner, Upload(content), by=asker_id())
        moment = _moment(taken[at]) if at < len(taken) else None
        place = Place.read(places[at]) if at < len(places) else deed.place
        shots[kept.name] = Shot(kept.name, moment or deed.done_at, place)
    return list(shots.values())


def _attach(owner: Owner, visit: FieldVisit, names: set[str]) -> None:
    """The photos belong to the request now; those of an earlier try that were left out go."""
    who = Asker(owner.asker)
    for each in files.of_draft(g.session, who, owner.draft):
        if each.name not in names:
            files.remove(g.session, who, owner.draft, each.name)
    files.take(g.session, who, owner.draft, visit.request_id)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _done(made: Request, visit: FieldVisit) -> ResponseReturnValue:
    link = url_for(".slip", request_no=made.request_no, visit_id=visit.id)
    return {"link": link} if _wants_json() else redirect(link, 303)


def _conflict(made: Request, visit: FieldVisit) -> ResponseReturnValue:
    sentence = saying.refusal(visit, made)
    if _wants_json():
        return {"sentence": sentence}, 409
    flash(sentence, "bad")
    return redirect(url_for(".index"), 303)


def _to_put_right(asked: Request, refusal: Refused) -> ResponseReturnValue:
    """The sentence at its field where it has one, else above the form."""
    sentence, name = words.refusal(refusal), refusal.params.get("field")
    fields = {str(name): sentence} if name else {}
    if _wants_json():
        return {"sentence": sentence, "fields": fields}, 422
    found = jobs.job(g.session, asker_id(), asked.request_no)
    return pages.page(found, request.form.get("key", ""), sentence, fields), 422
