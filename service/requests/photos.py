"""Photos of requests: read as pictures, written anew without what a camera adds, kept as files.

What is uploaded is never kept: it is decoded, turned upright, made no larger than needed and
written as JPEG, so that neither the place where it was taken nor anything hidden in it remains.
The files lie in `<var>/photos`, which no web server shows.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import files
from runtime.errors import Conflict, NotFound, Refused
from service.people.limits import Limit
from service.requests.askers import Asker, count_try
from service.requests.models import Request, RequestPhoto
from service.requests.moving import ENDED

LARGEST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
"""JPEG is made smaller as it is decoded; the others stand in memory whole first."""

LONGEST_SIDE = 2048
QUALITY = 85
MOST = 6
"""Photos of one request."""
ADD_ASKER = Limit("photo.asker", 60, timedelta(hours=1), "photo.too_often")
ADD_NETWORK = Limit("photo.network", 300, timedelta(hours=1), "network.locked", exact=False)


@dataclass(frozen=True)
class Picture:
    """A photo as it is kept."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Owner:
    """What a photo belongs to: a form by its asker and key, and its request once there is one."""

    asker: str
    draft: str
    request: Request | None

    def photos(self) -> Select[RequestPhoto]:
        return select(RequestPhoto).where(
            RequestPhoto.asker == self.asker, RequestPhoto.draft == self.draft
        )


def add(session: Session, folder: Path, asker: Asker, draft: str, content: bytes) -> RequestPhoto:
    """Keep a photo for the form of this asker and key, or for the request that was made of it.

    The same one is kept once. Raises Refused: "photo.too_large", "photo.not_one", "photo.heic",
    "photo.too_many_pixels"; Conflict: "photo.too_many", "photo.closed" (the request has ended);
    TooManyTries.
    """
    made = session.scalars(
        select(Request).where(Request.asker == asker.name, Request.idempotency_key == draft)
    ).one_or_none()
    return _add(session, folder, asker, Owner(asker.name, draft, made), content)


def add_to(
    session: Session, folder: Path, asker: Asker, request: Request, content: bytes
) -> RequestPhoto:
    """Keep a photo for a request that the asker may see. Raises as `add` does."""
    owner = Owner(request.asker, request.idempotency_key, request)
    return _add(session, folder, asker, owner, content)


def _add(
    session: Session, folder: Path, asker: Asker, owner: Owner, content: bytes
) -> RequestPhoto:
    if owner.request is not None and owner.request.state in ENDED:
        raise Conflict("photo.closed")
    digest = sha256(content).digest()
    same = owner.photos().where(RequestPhoto.sha256 == digest)
    if known := session.scalars(same).one_or_none():
        return known
    if len(content) > LARGEST_BYTES:
        raise Refused("photo.too_large", most=LARGEST_BYTES // 1024 // 1024)
    if len(session.scalars(owner.photos()).all()) >= MOST:
        raise Conflict("photo.too_many", most=MOST)
    # Pictures cost time and room: one is counted before it is looked at, refused or not.
    count_try(session, asker, ADD_ASKER, ADD_NETWORK)
    picture, name = read(content), secrets.token_hex(16)
    _write(path(folder, name), picture.jpeg)
    statement = insert(RequestPhoto).values(
        name=name,
        request_id=owner.request.id if owner.request else None,
        asker=owner.asker,
        draft=owner.draft,
        sha256=digest,
        width=picture.width,
        height=picture.height,
        size=len(picture.jpeg),
    )
    session.execute(statement.on_conflict_do_nothing())
    return session.scalars(same).one()


def read(content: bytes) -> Picture:
    """What is uploaded as a picture of ours. Raises Refused as `add` does."""
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc"):
        raise Refused("photo.heic")
    with _decoding():
        image = Image.open(BytesIO(content), formats=tuple(MOST_PIXELS))
        if image.width * image.height > MOST_PIXELS[image.format or ""]:
            raise Refused("photo.too_many_pixels")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        plain = _on_white(ImageOps.exif_transpose(image))
        written = BytesIO()
        plain.save(written, "JPEG", quality=QUALITY, optimize=True)
    return Picture(written.getvalue(), plain.width, plain.height)


def take(session: Session, asker: Asker, draft: str, request_id: int) -> None:
    """The photos of a draft belong to its request from now on."""
    session.execute(
        update(RequestPhoto)
        .where(
            RequestPhoto.asker == asker.name,
            RequestPhoto.draft == draft,
            RequestPhoto.request_id.is_(None),
        )
        .values(request_id=request_id)
    )


def of_draft(session: Session, asker: Asker, draft: str) -> list[RequestPhoto]:
    """The photos of a form that was not sent yet, the first first."""
    mine = Owner(asker.name, draft, None).photos().where(RequestPhoto.request_id.is_(None))
    return list(session.scalars(mine.order_by(RequestPhoto.id)))


def remove(session: Session, asker: Asker, draft: str, name: str) -> None:
    """Take a photo out of a form that was not sent yet; its file goes in the night."""
    for each in of_draft(session, asker, draft):
        if each.name == name:
            session.delete(each)
    session.flush()


def content(session: Session, folder: Path, asker: Asker, name: str) -> bytes:
    """The JPEG of a photo that the asker added, or of a request of theirs. Raises NotFound."""
    theirs = RequestPhoto.asker == asker.name
    if asker.user_id is not None:
        theirs |= Request.user_id == asker.user_id
    found = session.scalars(
        select(RequestPhoto.name)
        .outerjoin(Request, Request.id == RequestPhoto.request_id)
        .where(RequestPhoto.name == name, theirs)
    ).one_or_none()
    if found is None:
        raise NotFound("photo.not_found")
    try:
        return path(folder, found).read_bytes()
    except FileNotFoundError as error:
        raise NotFound("photo.not_found") from error


def folder(var: Path) -> Path:
    """Where the files of photos lie."""
    return var / "photos"


def path(folder: Path, name: str) -> Path:
    """The file of a photo; a folder for each two first letters keeps folders small."""
    return folder / name[:2] / f"{name}.jpg"


def _write(final: Path, jpeg: bytes) -> None:
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with files.draft(final) as draft:
        draft.write_bytes(jpeg)


def _on_white(image: Image.Image) -> Image.Image:
    """Colours alone: what is transparent becomes white, as on a sheet of paper."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        sheet = Image.new("RGB", layer.size, "white")
        sheet.paste(layer, mask=layer.getchannel("A"))
        return sheet
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


@contextmanager
def _decoding() -> Iterator[None]:
    """Whatever a bent file makes the decoder raise is a refusal."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("photo.too_many_pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refused("photo.not_one") from error
