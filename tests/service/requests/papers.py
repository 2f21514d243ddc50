"""Pictures and papers that a customer may send."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from fpdf import FPDF
from PIL import Image

WRITTEN = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)


def picture(
    form: str = "JPEG", size: tuple[int, int] = (40, 30), colour: Any = "red", **more: Any
) -> bytes:
    """A picture of one colour."""
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    written = BytesIO()
    Image.new(mode, size, colour).save(written, form, **more)
    return written.getvalue()


def paper(text: str = "Title deed", pages: int = 1) -> bytes:
    """A PDF whose pages say this, each with its number."""
    return bytes(written_paper(text, pages).output())


def written_paper(text: str = "Title deed", pages: int = 1) -> FPDF:
    """The same paper has the same bytes, whenever it is written."""
    sheet = FPDF()
    sheet.set_creation_date(WRITTEN)
    sheet.set_font("helvetica", size=20)
    for number in range(pages):
        sheet.add_page()
        sheet.cell(0, 10, f"{text} {number + 1}")
    return sheet
