"""Files of requests, photos and PDFs: looked at, made harmless, kept for those they belong to.

Receiving one has three parts, so that no connection waits while it is looked at: `expect` counts
it in one transaction, `read` works without any, `keep` writes it down in another. The files lie in
`<var>/photos`, which no web server shows.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Self

from sqlalchemy import ColumnElement, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import files as written
from runtime.errors import Conflict, NotFound, Refused
from service.people.limits import Limit
from service.requests import pdfs, pictures
from service.requests.askers import Asker, count_try
from service.requests.guard import Guard
from service.requests.models import Request, RequestFile
from service.requests.moving import ENDED
from service.requests.reading import seen_by

LARGEST_BYTES = 10 * 1024 * 1024
MOST = 6
"""Photos of one request, and files for each of its documents."""
ADD_ASKER = Limit("photo.asker", 60, timedelta(hours=1), "photo.too_often")
ADD_NETWORK = Limit("photo.network", 300, timedelta(hours=1), "network.locked", exact=False)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 0))")
"""Files that come side by side for one form are counted one after the other."""

SUFFIXES = {"image/jpeg": "jpg", "application/pdf": "pdf"}


@dataclass(frozen=True)
class Owner:
    """What files belong to: a form by its asker and key, and the request that is made of it."""

    asker: str
    draft: str

    @classmethod
    def of(cls, request: Request) -> Self:
        return cls(request.asker, request.idempotency_key)

    def files(self) -> Select[RequestFile]:
        return select(RequestFile).where(
            RequestFile.asker == self.asker, RequestFile.draft == self.draft
        )

    def request(self, session: Session) -> Request | None:
        """The request, once there is one."""
        made = (Request.asker == self.asker) & (Request.idempotency_key == self.draft)
        return session.scalars(select(Request).where(made)).one_or_none()


@dataclass(frozen=True)
class Upload:
    """What somebody sends: for a document of the kind, or simply a photo (`document` is None).

    There may be `most` of them beside each other. `name` is what its sender calls it: it is said
    again and never kept. Where a photo alone is of use (`is_photo`), a PDF is not taken.
    """

    content: bytes
    document: str | None = None
    most: int = MOST
    name: str = ""
    is_photo: bool = False

    @property
    def digest(self) -> bytes:
        return sha256(self.content).digest()


@dataclass(frozen=True)
class Harmless:
    """A file as it is kept; a picture has a width and a height, a PDF pages."""

    content: bytes
    media: str
    width: int | None = None
    height: int | None = None
    pages: int | None = None


def expect(session: Session, asker: Asker, owner: Owner, upload: Upload) -> RequestFile | None:
    """Whether a file may come; the kept one when it has come before.

    Looking at files costs time and room: one is counted before it is looked at, so the caller's
    transaction must be kept. Raises Refused("file.too_large"), Conflict: "file.too_many",
    "photo.closed" (the request has ended); TooManyTries.
    """
    if known := _room(session, owner, upload):
        return known
    if len(upload.content) > LARGEST_BYTES:
        raise Refused("photo.too_large", most=LARGEST_BYTES // 1024 // 1024)
    count_try(session, asker, ADD_ASKER, ADD_NETWORK)
    return None


def read(upload: Upload, guard: Guard | None = None) -> Harmless:
    """What was uploaded, made harmless. It may take a second or two: hold no connection.

    Raises Refused as `pictures.read` and `pdfs.read` do, Refused("photo.no_pdf"), and as the guard
    does who looks at it first: Refused("file.infected"), Unavailable("file.unchecked").
    """
    is_pdf = pdfs.is_one(upload.content)
    if is_pdf and upload.is_photo:
        raise Refused("photo.no_pdf")
    if guard is not None:
        guard.look(upload.content)
    if is_pdf:
        paper = pdfs.read(upload.content)
        return Harmless(paper.content, "application/pdf", pages=paper.pages)
    picture = pictures.read(upload.content)
    return Harmless(picture.jpeg, "image/jpeg", picture.width, picture.height)


def keep(
    session: Session,
    folder: Path,
    owner: Owner,
    upload: Upload,
    harmless: Harmless,
    by: int | None = None,
) -> RequestFile:
    """Keep a file; the same one is kept once. `by` is the staff user who brought it.

    Raises Conflict as `expect` does.
    """
    session.execute(_LOCK, {"owner": f"{owner.asker} {owner.draft}"})
    if known := _room(session, owner, upload):
        return known
    name, made = secrets.token_hex(16), owner.request(session)
    _write(path(folder, name, harmless.media), harmless.content)
    statement = insert(RequestFile).values(
        name=name,
        request_id=made.id if made else None,
        asker=owner.asker,
        draft=owner.draft,
        sha256=upload.digest,
        media=harmless.media,
        document=upload.document,
        by_id=by,
        width=harmless.width,
        height=harmless.height,
        pages=harmless.pages,
        size=len(harmless.content),
    )
    session.execute(statement.on_conflict_do_nothing())
    return session.scalars(_same(owner, upload)).one()


def take(session: Session, asker: Asker, draft: str, request_id: int) -> None:
    """The files of a draft belong to its request from now on."""
    session.execute(
        update(RequestFile)
        .where(
            RequestFile.asker == asker.name,
            RequestFile.draft == draft,
            RequestFile.request_id.is_(None),
        )
        .values(request_id=request_id)
    )


def of_draft(session: Session, asker: Asker, draft: str) -> list[RequestFile]:
    """The files of a form that was not sent yet, the first first."""
    mine = Owner(asker.name, draft).files().where(RequestFile.request_id.is_(None))
    return list(session.scalars(mine.order_by(RequestFile.id)))


def remove(session: Session, asker: Asker, draft: str, name: str) -> None:
    """Take a file out of a form that was not sent yet; its bytes go in the night."""
    for each in of_draft(session, asker, draft):
        if each.name == name:
            session.delete(each)
    session.flush()


def remove_of(session: Session, asker: Asker, draft: str, documents: Collection[str]) -> None:
    """Take out of a form what was added for documents that in the end are not asked for."""
    for each in of_draft(session, asker, draft):
        if each.document in documents:
            session.delete(each)
    session.flush()


@dataclass(frozen=True)
class Served:
    """A file to be shown."""

    content: bytes
    media: str


def serve(session: Session, folder: Path, asker: Asker, name: str) -> Served:
    """A file that the asker added, or of a request of theirs. Raises NotFound."""
    return _served(session, folder, name, (RequestFile.asker == asker.name) | seen_by(asker))


def serve_of(session: Session, folder: Path, request: Request, name: str) -> Served:
    """A file of a request that the caller may see. Raises NotFound."""
    return _served(session, folder, name, RequestFile.request_id == request.id)


def _served(session: Session, folder: Path, name: str, seen: ColumnElement[bool]) -> Served:
    found = session.scalars(
        select(RequestFile)
        .outerjoin(Request, Request.id == RequestFile.request_id)
        .where(RequestFile.name == name, seen)
    ).one_or_none()
    if found is None:
        raise NotFound("photo.not_found")
    try:
        return Served(path(folder, found.name, found.media).read_bytes(), found.media)
    except FileNotFoundError as error:
        raise NotFound("photo.not_found") from error


def folder(var: Path) -> Path:
    """Where files lie. It keeps the name of its beginning, when there were photos alone."""
    return var / "photos"


def path(folder: Path, name: str, media: str = "image/jpeg") -> Path:
    """Where one lies; a folder for each two first letters keeps folders small."""
    return folder / name[:2] / f"{name}.{SUFFIXES[media]}"


def _room(session: Session, owner: Owner, upload: Upload) -> RequestFile | None:
    """The same file, if it is here already; else there must be room for one more."""
    made = owner.request(session)
    if made is not None and made.state in ENDED:
        raise Conflict("photo.closed")
    if known := session.scalars(_same(owner, upload)).one_or_none():
        return known
    beside = owner.files().where(RequestFile.document.is_not_distinct_from(upload.document))
    if (session.scalar(select(func.count()).select_from(beside.subquery())) or 0) >= upload.most:
        raise Conflict("photo.too_many", most=upload.most)
    return None


def _same(owner: Owner, upload: Upload) -> Select[RequestFile]:
    return owner.files().where(
        RequestFile.sha256 == upload.digest,
        RequestFile.document.is_not_distinct_from(upload.document),
    )


def _write(final: Path, content: bytes) -> None:
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with written.draft(final) as draft:
        draft.write_bytes(content)
