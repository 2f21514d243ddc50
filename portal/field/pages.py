"""The day's jobs in their order, and one of them with its customer and its form."""

import secrets
from collections.abc import Mapping

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from portal.field import room, saying, slips
from portal.field.room import blueprint
from portal.requests import saying as requests_saying
from portal.requests.files import answer
from portal.requests.receiving import folder
from portal.security import asker_id
from portal.staff import trail
from portal.staff.requests import telling
from runtime.errors import NotFound
from service.field import customer, hearing, jobs
from service.field.jobs import Job
from service.requests import files, moving
from service.requests.route import Place


@blueprint.get("")
def index() -> Response:
    """What is to be done today, from where the worker stands or was last."""
    start = Place.read(request.args.get("at"))
    return room.kept(
        render_template(
            "field/index.html",
            day=jobs.day(g.session, asker_id(), start),
            done=jobs.visits_today(g.session, asker_id()),
            from_here=start is not None,
            saying=saying,
            words=requests_saying,
        )
    )


@blueprint.get("/jobs/<request_no>")
def job(request_no: str) -> ResponseReturnValue:
    """A job; one that the worker has done and no longer has shows its slip."""
    try:
        found = jobs.job(g.session, asker_id(), request_no)
    except NotFound:
        return slips.latest(request_no)
    trail.seen(found.request.account_no or request_no, "", request_no)
    return room.kept(page(found, secrets.token_urlsafe(18)), found.stamp)


@blueprint.get("/jobs/<request_no>/files/<name>")
def file(request_no: str, name: str) -> Response:
    """A photo or a paper of a job's customer."""
    found = jobs.job(g.session, asker_id(), request_no)
    return answer(files.serve_of(g.session, folder(), found.request, name))


def page(
    found: Job,
    key: str,
    said: str | None = None,
    wrong: Mapping[str, str] | None = None,
) -> str:
    """The page of a job; after a refusal with what was typed, and what is to be put right."""
    meter_field = next((each for each in found.step.form if each.name == "meter"), None)
    return render_template(
        "field/job.html",
        job=found,
        customer=customer.file_of(g.session, found.request),
        heard=hearing.of_request(g.session, found.request),
        tell=telling,
        key=key,
        ticket=room.ticket(found.request.request_no),
        typed=request.form,
        said=said,
        wrong=wrong or {},
        meter_field=meter_field,
        most_photos=files.MOST,
        most_note=moving.LONGEST_NOTE,
        saying=saying,
        words=requests_saying,
    )
