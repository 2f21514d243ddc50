"""Photos: read as pictures, and written anew without what a camera adds.

What is uploaded is never kept: it is decoded, turned upright, made no larger than needed and
written as JPEG, so that neither the place where it was taken nor anything hidden in it remains.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from runtime.errors import Refused

MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
"""JPEG is made smaller as it is decoded; the others stand in memory whole first."""

LONGEST_SIDE = 2048
QUALITY = 85


@dataclass(frozen=True)
class Picture:
    """A photo as it is kept."""

    jpeg: bytes
    width: int
    height: int


def read(content: bytes) -> Picture:
    """What was uploaded as a picture of ours.

    Raises Refused: "photo.not_one", "photo.heic", "photo.too_many_pixels".
    """
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
