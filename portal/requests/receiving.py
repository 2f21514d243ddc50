"""Files that come with a form: looked at while no connection waits, kept when they are harmless."""

from collections.abc import Iterable
from pathlib import Path

from flask import g, request

from portal import words
from portal.settings import current_settings
from portal.unit import commit
from runtime.errors import Refused
from service.requests import files
from service.requests.askers import Asker
from service.requests.configured import request_settings
from service.requests.files import Owner, Upload
from service.requests.guard import guard
from service.requests.models import RequestFile


def folder() -> Path:
    """Where the files of requests lie."""
    return files.folder(current_settings().var)


def uploads(
    field: str = "photos", document: str | None = None, most: int = files.MOST
) -> list[Upload]:
    """What came in a field of the form; an empty one is what a browser sends for none.

    No more is read than is needed to see that it is too much.
    """
    sent = [each.stream.read(files.LARGEST_BYTES + 1) for each in request.files.getlist(field)]
    return [Upload(content, document, most) for content in sent if content]


def receive(who: Asker, owner: Owner, upload: Upload, by: int | None = None) -> RequestFile:
    """Keep a file; what was loaded before may need to be loaded anew. Raises as `files` does.

    `by` is the staff user who brought it.
    """
    if known := files.expect(g.session, who, owner, upload):
        return known
    commit()
    harmless = files.read(upload, guard(request_settings().clamd))
    return files.keep(g.session, folder(), owner, upload, harmless, by)


def receive_all(who: Asker, owner: Owner, sent: Iterable[Upload]) -> str | None:
    """Keep files one after the other; the sentence for the first that cannot be kept."""
    try:
        for each in sent:
            receive(who, owner, each)
    except Refused as refusal:
        return words.refusal(refusal)
    return None
