"""A bill as a PDF: one A4 sheet in the customer's language, Chinese glyphs embedded."""

from pathlib import Path

from flask_babel import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from portal import formats
from portal.assets import STATIC
from portal.bills.lines import LineWords, words_of
from service.bills import BillView

FONTS = {
    "": STATIC / "vendor" / "NotoSansSC-Regular.ttf",
    "B": STATIC / "vendor" / "NotoSansSC-SemiBold.ttf",
}
INK, QUIET, RULE = (20, 33, 61), (71, 82, 106), (200, 192, 176)
MARGIN_MM = 18


class Sheet(FPDF):
    """An A4 page with our two weights of type."""

    def __init__(self, title: str, language: str) -> None:
        super().__init__(format="A4")
        for style, path in FONTS.items():
            self.add_font("song", style, _present(path))
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_title(title)
        self.set_lang(language)
        self.set_text_color(*INK)
        self.set_draw_color(*RULE)
        self.add_page()

    def say(self, text: str, size: float = 10, style: str = "", quiet: bool = False) -> None:
        """One paragraph."""
        self.set_font("song", style, size)
        self.set_text_color(*(QUIET if quiet else INK))
        self.multi_cell(0, size * 0.55, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(*INK)

    def rule(self) -> None:
        """A thin line with room around it."""
        self.ln(4)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(4)


def bill_pdf(
    bill: BillView, *, utility: str, hotline: str, holder: str, address: str, language: str
) -> bytes:
    """The PDF's bytes. `holder` comes masked; amounts are in yuan."""
    title = _("%(month)s电费", month=formats.full_month(bill.summary.period))
    sheet = Sheet(f"{utility} {title}", language)
    _head(sheet, bill, title, f"{utility} · {hotline}")
    _facts(sheet, bill, holder, address)
    _table(sheet, words_of(bill), bill.summary.total_fen)
    _readings(sheet, bill)
    return bytes(sheet.output())


def _head(sheet: Sheet, bill: BillView, title: str, issuer: str) -> None:
    sheet.say(issuer, 9, quiet=True)
    sheet.rule()
    sheet.say(title, 18, "B")
    sheet.ln(2)
    sheet.say(formats.amount(bill.summary.total_fen), 30, "B")
    sheet.ln(2)
    if bill.summary.state != "paid":
        sheet.say(_("%(day)s前缴", day=formats.day(bill.summary.due)), 11)


def _facts(sheet: Sheet, bill: BillView, holder: str, address: str) -> None:
    summary = bill.summary
    span = _(
        "%(first)s到 %(last)s",
        first=formats.day(summary.from_day),
        last=formats.day(summary.to_day),
    )
    facts = [
        span + " · " + formats.energy(int(summary.kwh * 1000)),
        f"{holder} · {address}",
        _("户号 %(number)s", number=formats.grouped(summary.account_no)),
        _("账单号 %(number)s", number=summary.bill_no),
        bill.tariff_name.get(sheet.lang or "zh", bill.tariff_name["zh"]),
    ]
    if summary.estimated:
        facts.append(_("有几段是估算，读到真数就改。"))
    for fact in facts:
        sheet.say(fact, 10, quiet=True)
    sheet.rule()


def _table(sheet: Sheet, lines: list[LineWords], total_fen: int) -> None:
    sheet.set_font("song", "", 10)
    plain = FontFace(emphasis="", color=QUIET, size_pt=9)
    with sheet.table(
        col_widths=(42, 26, 38, 24),
        text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout="HORIZONTAL_LINES",
        headings_style=plain,
        line_height=7,
    ) as table:
        table.row((_("项目"), _("用量"), _("单价"), _("金额（元）")))
        for line in lines:
            table.row((line.name, line.quantity, line.price, formats.yuan(line.amount_fen)))
        bold = FontFace(emphasis="BOLD", size_pt=12)
        total = table.row(style=bold)
        total.cell(_("合计"), colspan=3)
        total.cell(formats.amount(total_fen))


def _readings(sheet: Sheet, bill: BillView) -> None:
    sheet.ln(6)
    for reading in bill.readings:
        sheet.say(
            _(
                "电表 %(meter)s，%(register)s：上次 %(start)s，这次 %(end)s",
                meter=reading.meter_no,
                register=formats.register_name(reading.register),
                start=formats.number(reading.start),
                end=formats.number(reading.end),
            ),
            9,
            quiet=True,
        )


def _present(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is missing; `npm ci && npm run build` brings it")
    return path
