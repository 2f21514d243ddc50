"""A bill as a PDF: A4 in the customer's language, the letters it needs embedded."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Protocol

from fpdf import FPDF
from fpdf.enums import Align

from portal.assets import STATIC
from portal.bills.change import Change
from portal.bills.paper import Pair, Paper
from portal.bills.readings import Grid
from portal.bills.tier import TierGauge
from portal.typeface import typeface

FONTS = {"": "NotoSansSC-Regular.ttf", "B": "NotoSansSC-SemiBold.ttf"}
ALWAYS = "0123456789 /"
Colour = tuple[int, int, int]
INK: Colour = (20, 33, 61)
QUIET: Colour = (71, 82, 106)
RULE: Colour = (206, 199, 184)
LAMP: Colour = (198, 125, 12)
EMPTY: Colour = (232, 227, 216)
STATES: dict[str, Colour] = {
    "due": (138, 75, 0),
    "good": (29, 106, 75),
    "bad": (179, 39, 30),
    "info": (39, 85, 158),
}

HAN, OPENING, STOPS = r"\u4e00-\u9fff", r"\uff08", r"\uff0c\u3002\u3001\uff1a\uff1b\uff09"
PIECES = re.compile(rf"(?:[{HAN}{OPENING}]|[^\s{HAN}{OPENING}]+(?: [{HAN}])?)[{STOPS}]*\s*")
"""What a line may end after."""
LEADING = 0.5
"""The height of a line, mm for each point of type."""
MARGIN, TOP, FOOT = 18, 15, 15
WIDTH = 210 - 2 * MARGIN
LINES = (66, 38, 44, 26)
READINGS = (66, 36, 36, 36)
HALF, NAME = 96, 30
"""How wide the left facts are, and of each its name; all lengths are mm."""
BESIDE, GAP = 58, 12
"""How wide the tier stands beside the change, and how far from it."""


class Words(Protocol):
    """A dataclass of all words that a paper has, by which the letters are chosen."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def language(self) -> str: ...

    @property
    def issuer(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def foot(self) -> str: ...


class Sheet(FPDF):
    """Pages with our two weights of type and the paper's own foot."""

    def __init__(self, paper: Words) -> None:
        super().__init__(format="A4")
        self._foot = paper.foot
        letters = sorted({*json.dumps(asdict(paper), ensure_ascii=False), *ALWAYS})
        with TemporaryDirectory() as folder:
            for style, name in FONTS.items():
                file = Path(folder, name)
                file.write_bytes(typeface(STATIC / "vendor" / name).cut(letters))
                self.add_font("sans", style, file)
        self.set_margins(MARGIN, TOP)
        self.c_margin = 0
        self.set_auto_page_break(auto=True, margin=FOOT + 4)
        self.set_title(f"{paper.issuer} {paper.title}")
        self.set_lang(paper.language)
        self.set_draw_color(*RULE)
        self.add_page()

    def footer(self) -> None:
        """On every page: which bill it is, as of when, and the number of the page."""
        self.set_y(-FOOT)
        self.put(f"{self.page_no()} / {{nb}}", 8, ink=QUIET, align=Align.R)
        self.put(self._foot, 8, ink=QUIET, width=WIDTH - 20)

    def put(
        self,
        text: str,
        size: float = 10,
        style: str = "",
        *,
        x: float = MARGIN,
        width: float = WIDTH,
        ink: Colour = INK,
        align: Align = Align.L,
    ) -> float:
        """A paragraph at `x` from here down; where it ends. The place stays where it was."""
        top, height = self.y, size * LEADING
        self.set_font("sans", style, size)
        self.set_text_color(*ink)
        end = top
        for line in self._broken(text, width):
            self.set_xy(x, end)
            self.cell(width, height, line, align=align)
            end += height
        self.set_xy(MARGIN, top)
        return end

    def _broken(self, text: str, width: float) -> Iterator[str]:
        """Lines that fit: a word stays whole, a figure with its unit, and no comma comes first."""
        line = ""
        for piece in PIECES.findall(text):
            if line and self.get_string_width((line + piece).rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
        yield line.rstrip()

    def say(self, text: str, size: float = 10, style: str = "", ink: Colour = INK) -> None:
        """A paragraph over the whole width, and on."""
        self.y = self.put(text, size, style, ink=ink)

    def row(self, cells: Sequence[str], widths: Sequence[float], size: float, ink: Colour) -> None:
        """Cells beside each other, the first to the left, the others to the right; and on."""
        x, ends = float(MARGIN), [self.y]
        for at, (text, width) in enumerate(zip(cells, widths, strict=True)):
            align = Align.R if at else Align.L
            ends.append(self.put(text, size, x=x, width=width, ink=ink, align=align))
            x += width
        self.y = max(ends)

    def rule(self, ink: Colour = RULE, weight: float = 0.2, gap: float = 1.5) -> None:
        """A line from margin to margin, with a gap on either side."""
        self.y += gap
        self.set_draw_color(*ink)
        self.set_line_width(weight)
        self.line(MARGIN, self.y, MARGIN + WIDTH, self.y)
        self.y += gap

    def keep(self, height: float) -> None:
        """What follows is not parted: it goes to a new page when there is no room for it."""
        if self.will_page_break(height):
            self.add_page()


def bill_pdf(paper: Paper) -> bytes:
    """The PDF's bytes."""
    sheet = Sheet(paper)
    _head(sheet, paper)
    _facts(sheet, paper.facts)
    _lines(sheet, paper)
    if paper.readings:
        _readings(sheet, paper.readings_title, paper.readings)
    _why(sheet, paper)
    return bytes(sheet.output())


def _head(sheet: Sheet, paper: Paper) -> None:
    end = sheet.put(paper.issuer, 10, "B")
    sheet.put(paper.kind, 9, ink=QUIET, align=Align.C)
    sheet.put(paper.hotline, 9, ink=QUIET, align=Align.R)
    sheet.y = end
    sheet.rule(INK, 0.5, gap=2)
    sheet.y += 3
    end = sheet.put(paper.title, 15, "B")
    sheet.put(paper.badge, 11, "B", ink=STATES.get(paper.state, QUIET), align=Align.R)
    sheet.y = end + 2
    sheet.say(paper.amount, 34, "B")
    sheet.y += 2
    sheet.say(paper.strong + paper.rest, 11)
    sheet.y += 4


def _facts(sheet: Sheet, facts: Sequence[Pair]) -> None:
    """Two beside each other, the name of each before it."""
    halves = ((MARGIN, HALF), (MARGIN + HALF, WIDTH - HALF))
    for pair in zip(facts[::2], facts[1::2], strict=True):
        ends = [sheet.y]
        for (x, width), (name, fact) in zip(halves, pair, strict=True):
            ends.append(sheet.put(name, 9, x=x, width=NAME - 2, ink=QUIET))
            ends.append(sheet.put(fact, 9, x=x + NAME, width=width - NAME - 2))
        sheet.y = max(ends) + 0.8


def _lines(sheet: Sheet, paper: Paper) -> None:
    sheet.y += 6
    sheet.say(paper.lines_title, 12, "B")
    sheet.y += 1
    sheet.row(paper.heads, LINES, 8, QUIET)
    sheet.rule(gap=1)
    for at, (line, amount) in enumerate(zip(paper.lines, paper.amounts, strict=True)):
        sheet.keep(11)
        if at:
            sheet.rule(gap=1)
        sheet.row((line.name, line.quantity, line.price, amount), LINES, 10, INK)
        if line.help:
            sheet.say(line.help, 8, ink=QUIET)
    sheet.keep(12 + 6 * len(paper.sums))
    sheet.rule(INK, 0.5)
    _sum(sheet, paper.total, 13, "B")
    for at, pair in enumerate(paper.sums, 1):
        _sum(sheet, pair, 10, "B" if at == len(paper.sums) else "")
    for note in paper.notes:
        sheet.y += 1
        sheet.say(note, 9, ink=QUIET)


def _sum(sheet: Sheet, pair: Pair, size: float, style: str) -> None:
    end = sheet.put(pair[0], size, style)
    sheet.put(pair[1], size, style, align=Align.R)
    sheet.y = end


def _readings(sheet: Sheet, title: str, grid: Grid) -> None:
    sheet.keep(20 + 6 * len(grid.rows))
    sheet.y += 5
    sheet.say(title, 12, "B")
    sheet.y += 1
    sheet.row(grid.heads, READINGS, 8, QUIET)
    sheet.rule(gap=1)
    for cells in grid.rows:
        sheet.row(cells, READINGS, 9, INK)
        sheet.y += 0.8
    if grid.note:
        sheet.say(grid.note, 8, ink=QUIET)


def _why(sheet: Sheet, paper: Paper) -> None:
    """The change and the tier beside each other, or the one there is over the whole width."""
    if paper.change is None and paper.tier is None:
        return
    sheet.keep(7 + (_height(paper.change) if paper.change else 40))
    sheet.y += 7
    top, beside = sheet.y, paper.tier is not None and paper.change is not None
    if paper.change:
        _change(sheet, paper, paper.change, WIDTH - BESIDE - GAP if beside else WIDTH)
    if paper.tier:
        sheet.y, width = top, BESIDE if beside else WIDTH
        _tier(sheet, paper.tier, MARGIN + WIDTH - width, width)


def _height(change: Change) -> float:
    """How tall the change is when nothing of it takes a second line."""
    return 12 + sum(10 if step.help else 6 for step in (*change.steps, change.before, change.after))


def _change(sheet: Sheet, paper: Paper, change: Change, width: float) -> None:
    sheet.y = sheet.put(paper.change_title, 12, "B", width=width)
    sheet.y = sheet.put(change.sentence, 9, ink=QUIET, width=width) + 1.5
    steps = (change.before, *change.steps, change.after)
    for at, (step, amount) in enumerate(zip(steps, paper.changes, strict=True)):
        style = "" if 0 < at < len(steps) - 1 else "B"
        end = sheet.put(step.title, 9.5, style, width=width - 28)
        sheet.put(amount, 9.5, style, width=width, align=Align.R)
        sheet.y = end
        if step.help:
            sheet.y = sheet.put(step.help, 8, ink=QUIET, width=width - 28)
        sheet.y += 1.2


def _tier(sheet: Sheet, tier: TierGauge, x: float, width: float) -> None:
    sheet.y = sheet.put(tier.title, 12, "B", x=x, width=width) + 1
    sheet.y = sheet.put(tier.here, 9, x=x, width=width) + 1
    scale = width / sum(part.width for part in tier.tiers)
    top, end = sheet.y, x
    for part in tier.tiers:
        size = part.width * scale - 0.6
        sheet.set_fill_color(*EMPTY)
        sheet.rect(end, top, size, 3, style="F")
        sheet.set_fill_color(*LAMP)
        sheet.rect(end, top, size * part.fill / 100, 3, style="F")
        sheet.y = top + 4
        end += part.width * scale
    for part in tier.tiers:
        sheet.y = sheet.put(f"{part.title}  {part.help}", 8, x=x, width=width, ink=QUIET)
    sheet.y += 1.5
    sheet.y = sheet.put(tier.sentence, 9, x=x, width=width, ink=QUIET)
