"""The two files of an issued invoice: XML, which is the original, and PDF, which pictures it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from fpdf import FPDF

from sandbox.money import yuan

FONT = Path(__file__).parent.parent / "static" / "vendor" / "NotoSansSC-Regular.ttf"
FORMS = {"ordinary": "普通发票", "special": "增值税专用发票"}
RED = (176, 42, 32)
NEXT: dict[str, Any] = {"new_x": "LMARGIN", "new_y": "NEXT"}
COLUMNS = (
    ("项目名称", 56),
    ("账期", 24),
    ("数量（千瓦时）", 34),
    ("金额", 28),
    ("税率", 16),
    ("税额", 28),
)


@dataclass(frozen=True)
class Told:
    """What an invoice says. A red one carries its figures with a minus."""

    invoice_no: str
    red_of: str | None
    issued_at: str
    content: dict[str, Any]

    @property
    def sign(self) -> int:
        return -1 if self.red_of else 1


def xml(told: Told) -> bytes:
    """Money in fen, tax included."""
    root = Element("EInvoice")
    content = told.content
    fields = {
        "InvoiceNo": told.invoice_no,
        "RedOf": told.red_of or "",
        "IssueTime": told.issued_at,
        "Form": content["form"],
        "SellerName": content["seller"]["name"],
        "SellerTaxNo": content["seller"]["tax_no"],
        "BuyerName": content["buyer"]["name"],
        "BuyerTaxNo": content["buyer"].get("tax_no") or "",
        "AmountFen": str(told.sign * content["amount_fen"]),
        "TaxFen": str(told.sign * content["tax_fen"]),
        "Remark": content.get("remark", ""),
    }
    for name, value in fields.items():
        SubElement(root, name).text = value
    for line in content["lines"]:
        _line(SubElement(root, "Line"), line, told.sign)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _line(element: Element, line: dict[str, Any], sign: int) -> None:
    fields = {
        "Name": line["name"],
        "Period": line["period"],
        "QuantityWh": str(line["quantity_wh"]),
        "AmountFen": str(sign * line["amount_fen"]),
        "TaxFen": str(sign * line["tax_fen"]),
    }
    for name, value in fields.items():
        SubElement(element, name).text = value


def pdf(told: Told) -> bytes:
    """A4 across, as such invoices lie."""
    page = FPDF(orientation="L", format="A5")
    page.add_font("sans", fname=_font())
    page.set_margins(12, 10)
    page.set_auto_page_break(auto=True, margin=10)
    page.add_page()
    _head(page, told)
    _parties(page, told.content)
    _table(page, told)
    _foot(page, told)
    return bytes(page.output())


@cache
def _font() -> Path:
    if not FONT.is_file():
        raise FileNotFoundError(f"{FONT.name} is missing; `npm ci && npm run build` brings it")
    return FONT


def _head(page: FPDF, told: Told) -> None:
    page.set_text_color(*RED)
    page.set_font("sans", size=17)
    title = f"电子发票（{FORMS[told.content['form']]}）"
    page.cell(0, 10, f"红字{title}" if told.red_of else title, align="C", **NEXT)
    page.set_text_color(20, 20, 20)
    page.set_font("sans", size=9)
    page.cell(95, 5, "沙箱开具，不作凭证")
    page.cell(0, 5, f"发票号码：{told.invoice_no}", align="R", **NEXT)
    page.cell(0, 5, f"开票日期：{told.issued_at[:10]}", align="R", **NEXT)
    page.ln(2)


def _parties(page: FPDF, content: dict[str, Any]) -> None:
    buyer, seller = content["buyer"], content["seller"]
    for word, party in (("购买方", buyer), ("销售方", seller)):
        number = party.get("tax_no") or "—"
        page.cell(
            0,
            6,
            f"{word}  {party['name']}    统一社会信用代码：{number}",
            new_x="LMARGIN",
            new_y="NEXT",
        )
    page.ln(2)


def _table(page: FPDF, told: Told) -> None:
    page.set_draw_color(*RED)
    for title, width in COLUMNS:
        page.cell(width, 7, title, border=1, align="C")
    page.ln()
    for line in told.content["lines"]:
        net = line["amount_fen"] - line["tax_fen"]
        cells = (
            line["name"],
            line["period"],
            f"{told.sign * line['quantity_wh'] / 1000:.2f}",
            yuan(told.sign * net),
            "13%",
            yuan(told.sign * line["tax_fen"]),
        )
        for text, (_title, width) in zip(cells, COLUMNS, strict=True):
            page.cell(width, 6, text, border="LR", align="R" if width < 50 else "L")
        page.ln()


def _foot(page: FPDF, told: Told) -> None:
    total = yuan(told.sign * told.content["amount_fen"])
    page.cell(0, 8, f"价税合计（小写）¥{total}", border=1, align="R", **NEXT)
    remark = told.content.get("remark", "")
    if told.red_of:
        remark = f"冲销蓝字发票 {told.red_of}；{remark}"
    page.multi_cell(0, 5, f"备注：{remark}")
