"""The receipt of a payment: its words, and the paper. It is no invoice, and says so."""

from dataclasses import dataclass

from fpdf.enums import Align

from payments.history import Item
from portal import formats
from portal.bills.pdf import INK, MARGIN, QUIET, STATES, WIDTH, Sheet
from portal.current import Visitor
from portal.i18n import gettext as _
from portal.i18n import language, utility_name
from portal.payments.capitals import capital
from portal.payments.page import PaymentPage, Share
from portal.settings import current_settings
from runtime import clock

COLUMNS = (126, 48)
NAME = 30
"""How wide the list's columns and the names of the facts are, in mm."""


@dataclass(frozen=True)
class Section:
    """An account with what was paid for it."""

    title: str
    state: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Receipt:
    """All words and figures of the paper."""

    language: str
    issuer: str
    kind: str
    hotline: str
    title: str
    amount: str
    capitals: str
    state: str
    facts: tuple[tuple[str, str], ...]
    list_title: str
    sections: tuple[Section, ...]
    total: tuple[str, str]
    notes: tuple[str, ...]
    foot: str


def receipt(page: PaymentPage, payer: Visitor, trade_no: str | None, *, invoices: bool) -> Receipt:
    """What the receipt says as of now."""
    order = page.order
    return Receipt(
        language=language(),
        issuer=utility_name(),
        kind=_("收据，不作发票"),
        hotline=_("服务电话 %(hotline)s", hotline=current_settings().hotline),
        title=_("电费收据"),
        amount=formats.amount(order.amount_fen),
        capitals=capital(order.amount_fen),
        state=page.state,
        facts=_facts(page, payer, trade_no),
        list_title=_("付了什么"),
        sections=tuple(_section(share) for share in page.shares),
        total=(_("合计"), formats.amount(order.amount_fen)),
        notes=_notes(page, invoices),
        foot=_(
            "收据号 %(number)s，截至 %(at)s",
            number=order.order_no,
            at=formats.full_moment(clock.now()),
        ),
    )


def receipt_pdf(paper: Receipt) -> bytes:
    """The PDF's bytes."""
    sheet = Sheet(paper)
    _head(sheet, paper)
    for name, fact in paper.facts:
        end = sheet.put(name, 10, width=NAME - 2, ink=QUIET)
        sheet.y = max(end, sheet.put(fact, 10, x=MARGIN + NAME, width=WIDTH - NAME)) + 0.8
    _list(sheet, paper)
    for note in paper.notes:
        sheet.y += 2
        sheet.say(note, 9, ink=QUIET)
    return bytes(sheet.output())


def _head(sheet: Sheet, paper: Receipt) -> None:
    end = sheet.put(paper.issuer, 10, "B")
    sheet.put(paper.hotline, 9, ink=QUIET, align=Align.R)
    sheet.y = end
    sheet.rule(weight=0.5, gap=2)
    sheet.y += 3
    end = sheet.put(paper.title, 15, "B")
    sheet.put(paper.kind, 11, "B", ink=STATES["due"], align=Align.R)
    sheet.y = end + 2
    sheet.say(paper.amount, 34, "B")
    sheet.y += 2
    sheet.say(paper.capitals, 11)
    sheet.y += 4


def _list(sheet: Sheet, paper: Receipt) -> None:
    sheet.y += 6
    sheet.say(paper.list_title, 12, "B")
    sheet.rule(gap=1)
    for section in paper.sections:
        sheet.keep(16)
        sheet.say(section.title, 10, "B")
        sheet.say(section.state, 8, ink=QUIET)
        for line in section.lines:
            sheet.row(line, COLUMNS, 10, INK)
        sheet.rule(gap=1)
    sheet.keep(12)
    sheet.row(paper.total, COLUMNS, 13, INK)


def _facts(page: PaymentPage, payer: Visitor, trade_no: str | None) -> tuple[tuple[str, str], ...]:
    order = page.order
    who = (formats.masked_name(payer.name), formats.masked_phone(payer.phone))
    paid_at = order.paid_at or order.created_at
    return (
        (_("收据号"), order.order_no),
        (_("付款人"), "  ".join(each for each in who if each)),
        (_("收款方"), utility_name()),
        (_("方式"), str(page.way.title)),
        (_("交易号"), trade_no or _("没有")),
        (_("付款时间"), formats.full_moment(paid_at)),
        (_("记账"), _credited(page)),
    )


def _credited(page: PaymentPage) -> str:
    order = page.order
    if order.posted_at is not None:
        return formats.full_moment(order.posted_at)
    if page.waiting:
        return _("%(left)s 个户号还在记", left=page.waiting)
    return _("没有记账，原路退回")


def _section(share: Share) -> Section:
    number = _("户号 %(number)s", number=formats.grouped(share.part.account_no))
    holder = formats.masked_name(share.account.holder_name) if share.account else ""
    return Section(
        title="  ".join(each for each in (number, holder) if each),
        state=_state(share),
        lines=tuple(_line(item) for item in share.part.items),
    )


def _state(share: Share) -> str:
    if share.part.posted_at is None:
        return _("还没有记账")
    return _("%(at)s记账", at=formats.full_moment(share.part.posted_at))


def _line(item: Item) -> tuple[str, str]:
    name = (
        _("%(month)s电费", month=formats.full_month(item.period)) if item.period else _("存到余额")
    )
    if item.bill_no:
        name = _("%(what)s，账单号 %(number)s", what=name, number=item.bill_no)
    if item.late_fen:
        name = _("%(what)s，含违约金 %(fee)s", what=name, fee=formats.amount(item.late_fen))
    return name, formats.amount(item.amount_fen)


def _notes(page: PaymentPage, invoices: bool) -> tuple[str, ...]:
    found = []
    if page.order.refunded_fen:
        back = formats.amount(page.order.refunded_fen)
        found.append(_("其中 %(amount)s 退回或正在退回付款人。", amount=back))
    if invoices:
        found.append(_("这是收据，不作发票。发票在网页“我的 · 发票”里开，账单缴清就能开。"))
    else:
        found.append(
            _("这是收据，不作发票。要发票请打 %(hotline)s。", hotline=current_settings().hotline)
        )
    return tuple(found)
