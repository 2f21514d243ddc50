"""The slip of a visit as a PDF: A4 in the reader's language."""

from base64 import b64decode
from io import BytesIO

from fpdf.enums import Align

from portal.bills.pdf import INK, MARGIN, QUIET, WIDTH, Sheet
from portal.field.paper import Pair, Slip

NAME = 34
"""How wide the names of the facts are, mm."""
SIGNATURE = 26
"""How tall a signature is, mm."""


def slip_pdf(paper: Slip, signature: str | None) -> bytes:
    """The PDF's bytes; `signature` is a JPEG in base64."""
    sheet = Sheet(paper)
    _head(sheet, paper)
    _pairs(sheet, paper.facts)
    if paper.found or paper.note:
        sheet.y += 5
        sheet.say(paper.found_title, 12, "B")
        _pairs(sheet, paper.found)
    if paper.note:
        sheet.y += 3
        sheet.say(paper.note, 10)
    _signed(sheet, paper, signature)
    return bytes(sheet.output())


def _head(sheet: Sheet, paper: Slip) -> None:
    end = sheet.put(paper.issuer, 10, "B")
    sheet.put(paper.hotline, 9, ink=QUIET, align=Align.R)
    sheet.y = end
    sheet.rule(INK, 0.5, gap=2)
    sheet.y += 3
    sheet.say(paper.kind, 11, ink=QUIET)
    sheet.say(paper.title, 20, "B")
    sheet.say(paper.step, 11)
    sheet.y += 3


def _pairs(sheet: Sheet, pairs: tuple[Pair, ...]) -> None:
    for name, fact in pairs:
        sheet.keep(12)
        sheet.rule(gap=1)
        end = sheet.put(name, 10, width=NAME - 2, ink=QUIET)
        sheet.y = max(end, sheet.put(fact, 10, x=MARGIN + NAME, width=WIDTH - NAME))


def _signed(sheet: Sheet, paper: Slip, signature: str | None) -> None:
    sheet.keep(20 + SIGNATURE)
    sheet.y += 6
    sheet.say(paper.signed_title, 12, "B")
    if signature:
        sheet.image(BytesIO(b64decode(signature)), x=MARGIN, y=sheet.y + 1, h=SIGNATURE)
        sheet.y += SIGNATURE + 2
    if paper.signed:
        sheet.say(paper.signed, 11)
