"""A program of its own that washes one PDF: paper in at stdin, paper out at stdout.

Nothing is carried over but the pages: what stands on them, their size and how they are turned.
Scripts, actions, forms, notes, attached files and metadata have no place to go. It runs apart from
the portal, with little memory and little time, because a bent PDF may want to burst.
"""

import resource
import sys
import zlib
from contextlib import suppress
from io import BytesIO

import pikepdf
from pikepdf import Array, Name, Page, Pdf, Stream
from pikepdf.settings import set_qpdf_limits

MOST_PAGES = 30
MEMORY_BYTES = 1024**3
STREAM_BYTES = 64 * 1024**2
"""What one stream may grow to as it is unpacked."""

CPU_SECONDS = 20
WASHED, LOCKED, TOO_MANY_PAGES, NO_PDF = 0, 3, 4, 5
"""How the program ends."""

KEPT_OF_PAGE = {
    "/Type", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group",
}  # fmt: skip
DROPPED_OF_STREAM = (
    "/Metadata", "/PieceInfo", "/LastModified", "/AF", "/OPI", "/Ref", "/Alternates", "/OC",
    "/Measure", "/PtData", "/StructParent", "/StructParents", "/F", "/FFilter", "/FDecodeParms",
)  # fmt: skip
"""What a picture or a form on a page may tell beside what it shows; `/F` names another file."""


def wash(content: bytes) -> tuple[int, bytes]:
    """How many pages a PDF has, and a PDF of these alone.

    Raises pikepdf.PdfError, pikepdf.PasswordError and TooManyPages.
    """
    with pikepdf.open(BytesIO(content), attempt_recovery=False) as source, Pdf.new() as clean:
        if len(source.pages) > MOST_PAGES:
            raise TooManyPages
        source.generate_appearance_streams()
        source.flatten_annotations("screen")
        for page in source.pages:
            _keep_what_shows(page)
            clean.pages.append(page)
        for each in clean.objects:
            if isinstance(each, Stream):
                _forget(each)
        written = BytesIO()
        clean.save(written, deterministic_id=True)
        return len(clean.pages), written.getvalue()


class TooManyPages(Exception):  # noqa: N818 - an answer, not a fault
    """More pages than anybody will read."""


def _keep_what_shows(page: Page) -> None:
    for key in set(page.obj.keys()) - KEPT_OF_PAGE:
        if key != "/Parent":
            del page.obj[key]


def _forget(stream: Stream) -> None:
    for key in DROPPED_OF_STREAM:
        if key in stream:
            del stream[key]
    if (jpeg := _jpeg(stream)) is not None:
        stream.write(without_notes(jpeg), filter=Name.DCTDecode)


def _jpeg(stream: Stream) -> bytes | None:
    """A photo on a page as its camera wrote it; None for other streams."""
    found = stream.get(Name.Filter)
    filters = list(found) if isinstance(found, Array) else [found]
    if filters == [Name.DCTDecode]:
        return stream.read_raw_bytes()
    if filters == [Name.FlateDecode, Name.DCTDecode]:
        return zlib.decompressobj().decompress(stream.read_raw_bytes(), STREAM_BYTES)
    return None


def without_notes(jpeg: bytes) -> bytes:
    """A JPEG without what cameras write into it: where, when, by what.

    Every APPn segment goes but JFIF (0), colour profiles (2) and Adobe's colours (14); comments go.
    """
    kept, at = bytearray(jpeg[:2]), 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        marker, end = jpeg[at + 1], at + 2 + int.from_bytes(jpeg[at + 2 : at + 4])
        if marker in (0xE0, 0xE2, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept += jpeg[at:end]
        at = end
    return bytes(kept + jpeg[at:])


def _be_modest() -> None:
    with suppress(ValueError):  # where the system cannot hold a program to so little, as macOS
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_qpdf_limits(
        flate_max_memory=STREAM_BYTES,
        png_max_memory=STREAM_BYTES,
        run_length_max_memory=STREAM_BYTES,
        tiff_max_memory=STREAM_BYTES,
        dct_max_memory=STREAM_BYTES,
        max_stream_filters=3,
        doc_max_warnings=1000,
    )


def main() -> int:
    _be_modest()
    try:
        pages, clean = wash(sys.stdin.buffer.read())
    except pikepdf.PasswordError:
        return LOCKED
    except TooManyPages:
        return TOO_MANY_PAGES
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError, MemoryError):
        return NO_PDF
    sys.stdout.buffer.write(b"%d\n" % pages + clean)
    return WASHED


if __name__ == "__main__":
    sys.exit(main())
