"""Files that come with a form: looked at while no connection waits, kept when they are harmless."""

import re
from collections.abc import Iterable
from pathlib import Path

from flask import g, request
from flask_babel import ngettext

from portal import words
from portal.i18n import gettext as _
from portal.requests import saying
from portal.settings import current_settings
from portal.unit import commit
from runtime.errors import Refused, TooManyTries, Unavailable
from service.requests import files
from service.requests.askers import Asker
from service.requests.configured import request_settings
from service.requests.fields import visible
from service.requests.files import Owner, Upload
from service.requests.guard import guard
from service.requests.kinds import Kind
from service.requests.models import RequestFile

LONGEST_NAME = 32
ENDING = 8
"""Letters of a file's name that are said, and how many of them are its last ones."""


def folder() -> Path:
    """Where the files of requests lie."""
    return files.folder(current_settings().var)


def uploads(
    field: str = "photos",
    document: str | None = None,
    most: int = files.MOST,
    *,
    photos_alone: bool = False,
) -> list[Upload]:
    """What came in a field of the form; an empty one is what a browser sends for none.

    No more is read than is needed to see that it is too much.
    """
    sent = [
        (each.stream.read(files.LARGEST_BYTES + 1), short(each.filename or ""))
        for each in request.files.getlist(field)
    ]
    return [
        Upload(content, document, most, name, photos_alone) for content, name in sent if content
    ]


def short(name: str) -> str:
    """The name of a file as it is said again: without its folder, in sight, its end whole."""
    plain = " ".join(visible(re.split(r"[/\\]", name)[-1]).split())
    if len(plain) <= LONGEST_NAME:
        return plain
    return f"{plain[: LONGEST_NAME - ENDING - 1]}…{plain[-ENDING:]}"


def receive(who: Asker, owner: Owner, upload: Upload, by: int | None = None) -> RequestFile:
    """Keep a file; what was loaded before may need to be loaded anew. Raises as `files` does.

    `by` is the staff user who brought it.
    """
    if known := files.expect(g.session, who, owner, upload):
        return known
    commit()
    harmless = files.read(upload, guard(request_settings().clamd))
    return files.keep(g.session, folder(), owner, upload, harmless, by)


def receive_all(
    who: Asker, owner: Owner, sent: Iterable[Upload], wanted: Kind | None = None
) -> str | None:
    """Keep files one after the other; what is said when some cannot be kept, a line for each.

    One that is bad does not hold up the others. The papers and photos of the kind `wanted` are
    called by their names there.
    """
    kept, refused, given_up = 0, list[str](), None
    for each in sent:
        try:
            if given_up:
                raise given_up
            receive(who, owner, each)
        except (TooManyTries, Unavailable) as refusal:
            given_up = refusal
            refused.append(_said(each, wanted, refusal))
        except Refused as refusal:
            refused.append(_said(each, wanted, refusal))
        else:
            kept += 1
    if refused and kept:
        refused.append(ngettext("另外 %(num)s 个文件收下了。", "另外 %(num)s 个文件收下了。", kept))
    return "\n".join(refused) or None


def _said(upload: Upload, wanted: Kind | None, refusal: Refused) -> str:
    """Why a file was not kept, with the names by which its sender knows it."""
    named = [each for each in (_label(upload, wanted), upload.name) if each]
    why = words.refusal(refusal)
    return _("“%(file)s”没有收：%(why)s", file=" · ".join(named), why=why) if named else why


def _label(upload: Upload, wanted: Kind | None) -> str | None:
    """What is asked for in the place where a file was put."""
    if wanted is None:
        return None
    if upload.document is not None:
        titles = (each.title for each in wanted.documents if each.name == upload.document)
        return next(map(saying.said, titles), None)
    return saying.said(wanted.photos.label) if wanted.photos else None
