"""Photos: read as pictures, written anew without what a camera adds, and refused when they bite."""

import os
import struct
import zlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, TooManyTries
from service.requests import moving, photos
from service.requests.askers import Asker
from service.requests.models import RequestPhoto
from service.requests.tidy import tidy
from tests.service.requests.conftest import Customer, ask, move_in

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def picture(
    form: str = "JPEG", size: tuple[int, int] = (40, 30), colour: Any = "red", **more: Any
) -> bytes:
    """A picture of one colour."""
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    written = BytesIO()
    Image.new(mode, size, colour).save(written, form, **more)
    return written.getvalue()


def with_place(size: tuple[int, int] = (40, 30)) -> bytes:
    """A photo as a phone takes it: on its side, with where, when and by what it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Lamp Phone"
    exif.get_ifd(GPS)[1] = "N"
    return picture(size=size, exif=exif)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 90_001)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg(form: str) -> None:
    kept = photos.read(picture(form))
    assert (kept.width, kept.height) == (40, 30)
    with Image.open(BytesIO(kept.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (40, 30))
        red, green, blue = image.getpixel((5, 5))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 16


def test_where_and_by_what_it_was_taken_is_gone_and_it_stands_upright() -> None:
    taken = with_place()
    assert b"Lamp Phone" in taken
    kept = photos.read(taken)
    assert (kept.width, kept.height) == (30, 40)
    assert b"Lamp Phone" not in kept.jpeg
    assert b"Exif" not in kept.jpeg
    with Image.open(BytesIO(kept.jpeg)) as image:
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_hides_in_a_picture_is_gone() -> None:
    hidden = picture() + b"<script>alert(1)</script>"
    assert b"script" not in photos.read(hidden).jpeg
    assert b"hidden words" not in photos.read(picture(comment=b"hidden words")).jpeg


def test_a_large_photo_is_made_smaller_and_what_is_clear_becomes_white() -> None:
    kept = photos.read(picture(size=(4000, 1000)))
    assert (kept.width, kept.height) == (2048, 512)
    on_its_side = photos.read(with_place((4000, 1000)))
    assert (on_its_side.width, on_its_side.height) == (512, 2048)
    clear = photos.read(picture("PNG", colour=(0, 0, 0, 0)))
    with Image.open(BytesIO(clear.jpeg)) as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "photo.not_one"),
        (b"GIF89a" + b"\0" * 40, "photo.not_one"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "photo.not_one"),
        (b"<!doctype html><script>alert(1)</script>", "photo.not_one"),
        (b"\xff\xd8\xff\xe0" + b"<script>" * 20, "photo.not_one"),
        (b"%PDF-1.7", "photo.not_one"),
        (b"PK\x03\x04" + b"\0" * 60, "photo.not_one"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "photo.heic"),
    ],
)
def test_what_is_no_photo_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        photos.read(content)
    assert refused.value.code == code


def test_half_a_photo_is_refused() -> None:
    whole = picture("PNG", size=(300, 300))
    with pytest.raises(Refused) as refused:
        photos.read(whole[: len(whole) // 2])
    assert refused.value.code == "photo.not_one"


def test_a_bomb_is_refused_unopened() -> None:
    assert len(bomb()) < 1000
    with pytest.raises(Refused) as refused:
        photos.read(bomb())
    assert refused.value.code == "photo.too_many_pixels"


def test_what_is_drawn_too_large_is_refused_undecoded() -> None:
    with pytest.raises(Refused) as refused:
        photos.read(picture("PNG", size=(5001, 5000)))
    assert refused.value.code == "photo.too_many_pixels"
    assert photos.read(picture(size=(5001, 5000))).width == 2048


def test_a_gif_named_otherwise_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        photos.read(picture("GIF"))
    assert refused.value.code == "photo.not_one"


def add(
    database: Database, folder: Path, asker: Asker, content: bytes, draft: str = "form-1"
) -> RequestPhoto:
    with database.unit_of_work() as session:
        return photos.add(session, folder, asker, draft, content)


def test_photos_of_a_form_come_with_its_request(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    first = add(database, tmp_path, customer.asker, picture())
    again = add(database, tmp_path, customer.asker, picture())
    add(database, tmp_path, customer.asker, picture(colour="blue"), draft="other form")
    assert (first.id, first.request_id) == (again.id, None)
    request = ask(database, customer)
    late = add(database, tmp_path, customer.asker, picture(colour="green"))
    with database.unit_of_work() as session:
        found = session.scalars(
            select(RequestPhoto.id).where(RequestPhoto.request_id == request.id)
        )
        assert sorted(found) == [first.id, late.id]
        bytes_ = photos.content(session, tmp_path, customer.asker, first.name)
        assert bytes_ == photos.read(picture()).jpeg
    assert photos.path(tmp_path, first.name).stat().st_mode & 0o777 == 0o600


def test_a_neighbour_sees_no_photo(database: Database, customer: Customer, tmp_path: Path) -> None:
    photo = add(database, tmp_path, customer.asker, picture())
    strange = add(database, tmp_path, Asker.of_browser("a"), picture(colour="blue"))
    ask(database, customer)
    others = (move_in(database).asker, Asker.of_browser("b"), Asker.of_conversation(1))
    with database.unit_of_work() as session:
        for other in others:
            for each in (photo, strange):
                with pytest.raises(NotFound):
                    photos.content(session, tmp_path, other, each.name)
        with pytest.raises(NotFound):
            photos.content(session, tmp_path, customer.asker, strange.name)


def test_six_photos_are_enough(database: Database, customer: Customer, tmp_path: Path) -> None:
    for number in range(photos.MOST):
        add(database, tmp_path, customer.asker, picture(size=(number + 10, 10)))
    with pytest.raises(Conflict) as refused:
        add(database, tmp_path, customer.asker, picture(colour="white"))
    assert (refused.value.code, refused.value.params) == ("photo.too_many", {"most": 6})


def test_a_photo_of_30_megabytes_is_not_even_read(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        add(database, tmp_path, customer.asker, picture() + b"\0" * 30 * 1024 * 1024)
    assert (refused.value.code, refused.value.params) == ("photo.too_large", {"most": 10})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_added_to_what_has_ended(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    request = ask(database, customer)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, request.request_no)
    with pytest.raises(Conflict) as refused:
        add(database, tmp_path, customer.asker, picture())
    assert refused.value.code == "photo.closed"


def test_photos_are_not_sent_by_the_hundred(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    with database.unit_of_work() as session:
        for number in range(photos.ADD_ASKER.most):
            with pytest.raises(Refused):
                photos.add(session, tmp_path, customer.asker, f"draft-{number}", b"no picture")
        with pytest.raises(TooManyTries) as refused:
            photos.add(session, tmp_path, customer.asker, "draft", picture())
    assert refused.value.code == "photo.too_often"


def test_what_was_never_sent_goes_in_the_night(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    sent = add(database, tmp_path, customer.asker, picture())
    ask(database, customer)
    unsent = add(database, tmp_path, customer.asker, picture(), draft="left open")
    fresh = add(database, tmp_path, customer.asker, picture(), draft="still open")
    undone = photos.path(tmp_path, "ab" + "0" * 30)
    photos._write(undone, b"a file whose transaction was undone")
    long_ago = clock.now() - timedelta(days=3)
    with database.unit_of_work() as session:
        session.execute(
            update(RequestPhoto)
            .where(RequestPhoto.id.in_([sent.id, unsent.id]))
            .values(added_at=long_ago)
        )
    for each in (sent.name, unsent.name, undone.stem):
        os.utime(photos.path(tmp_path, each), (long_ago.timestamp(),) * 2)
    assert tidy(database, tmp_path) == 2
    left = {each.stem for each in tmp_path.glob("??/*.jpg")}
    assert left == {sent.name, fresh.name}
