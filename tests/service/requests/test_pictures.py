"""Photos: read as pictures, written anew without what a camera adds, and refused when they bite."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from runtime.errors import Refused
from service.requests import pictures
from tests.service.requests.papers import picture

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


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
    kept = pictures.read(picture(form))
    assert (kept.width, kept.height) == (40, 30)
    with Image.open(BytesIO(kept.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (40, 30))
        red, green, blue = image.getpixel((5, 5))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 16


def test_where_and_by_what_it_was_taken_is_gone_and_it_stands_upright() -> None:
    taken = with_place()
    assert b"Lamp Phone" in taken
    kept = pictures.read(taken)
    assert (kept.width, kept.height) == (30, 40)
    assert b"Lamp Phone" not in kept.jpeg
    assert b"Exif" not in kept.jpeg
    with Image.open(BytesIO(kept.jpeg)) as image:
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_hides_in_a_picture_is_gone() -> None:
    hidden = picture() + b"<script>alert(1)</script>"
    assert b"script" not in pictures.read(hidden).jpeg
    assert b"hidden words" not in pictures.read(picture(comment=b"hidden words")).jpeg


def test_a_large_photo_is_made_smaller_and_what_is_clear_becomes_white() -> None:
    kept = pictures.read(picture(size=(4000, 1000)))
    assert (kept.width, kept.height) == (2048, 512)
    on_its_side = pictures.read(with_place((4000, 1000)))
    assert (on_its_side.width, on_its_side.height) == (512, 2048)
    clear = pictures.read(picture("PNG", colour=(0, 0, 0, 0)))
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
        pictures.read(content)
    assert refused.value.code == code


def test_half_a_photo_is_refused() -> None:
    whole = picture("PNG", size=(300, 300))
    with pytest.raises(Refused) as refused:
        pictures.read(whole[: len(whole) // 2])
    assert refused.value.code == "photo.not_one"


def test_a_bomb_is_refused_unopened() -> None:
    assert len(bomb()) < 1000
    with pytest.raises(Refused) as refused:
        pictures.read(bomb())
    assert refused.value.code == "photo.too_many_pixels"


def test_what_is_drawn_too_large_is_refused_undecoded() -> None:
    with pytest.raises(Refused) as refused:
        pictures.read(picture("PNG", size=(5001, 5000)))
    assert refused.value.code == "photo.too_many_pixels"
    assert pictures.read(picture(size=(5001, 5000))).width == 2048


def test_a_gif_named_otherwise_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        pictures.read(picture("GIF"))
    assert refused.value.code == "photo.not_one"
