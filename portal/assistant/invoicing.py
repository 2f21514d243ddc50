"""Electronic invoices: what can be invoiced, and asking for one."""

from collections.abc import Sequence

from payments.invoices import asking, listing, titles
from payments.invoices.asking import Invoiceable, Wish
from payments.invoices.models import Invoice, InvoiceTitle
from portal import formats
from portal.assistant import billing
from portal.assistant.bodies.bills import Bill
from portal.assistant.bodies.money import (
    InvoiceAsked,
    InvoiceOffer,
    InvoiceRequest,
    OfferAsked,
    Title,
)
from portal.assistant.talk import Talk
from portal.assistant.times import months, months_words, span
from portal.i18n import gettext as _
from portal.i18n import language
from portal.invoices.views import offered
from runtime.errors import NotFound, Unavailable
from service.bills import list_bills
from service.people.links import LinkedAccount


def offer(talk: Talk, asked: OfferAsked) -> InvoiceOffer:
    """Paid bills of one account that no invoice has, of the months asked about or the last ones.

    Raises Unavailable("invoice.not_offered"), and as `Talk.one` among accounts that have some.
    """
    _require_offered()
    days = span(asked)
    period = months(days) if days else None
    waiting = _waiting(talk, asked, period)
    account = _account(talk, asked, waiting)
    chosen = [each for each in waiting if account and each.account_no == account.account_no]
    chosen = chosen[: billing.SHOWN]
    mine = titles.titles(talk.session, talk.user_id)
    words = months_words(*(period or _reach(chosen))) if period or chosen else _("最近")
    amount_fen = sum(each.amount_fen for each in chosen)
    return InvoiceOffer(
        months_words=words,
        bills=_bills(talk, chosen),
        amount=formats.amount(amount_fen),
        titles=[_title(each) for each in mine],
        default_title=mine[0].id if mine else None,
        sentence=_sentence(words, len(chosen), amount_fen, has_title=bool(mine)),
    )


def ask(talk: Talk, wish: InvoiceAsked) -> InvoiceRequest:
    """Ask for an invoice; the same key gives the same one.

    Raises what `payments.invoices.asking.ask` raises, NotFound("bill.not_found") for bills of
    others, Unavailable("invoice.not_offered").
    """
    _require_offered()
    try:
        found = asking.ask(
            talk.session,
            talk.user_id,
            Wish(tuple(wish.bill_nos), wish.title_id, email=wish.email or "", language=language()),
            wish.key,
        )
    except NotFound as refusal:
        if refusal.code == "account.not_found":
            raise NotFound("bill.not_found") from refusal
        raise
    return _told(talk, found)


def _require_offered() -> None:
    if not offered():
        raise Unavailable("invoice.not_offered")


def _waiting(talk: Talk, asked: OfferAsked, period: tuple[str, str] | None) -> list[Invoiceable]:
    numbers = [each.account_no for each in talk.chosen(asked.account_no)]
    found = asking.invoiceable(talk.session, talk.user_id, numbers)
    if period is None:
        return found
    return [each for each in found if period[0] <= each.period <= period[1]]


def _account(talk: Talk, asked: OfferAsked, waiting: Sequence[Invoiceable]) -> LinkedAccount | None:
    """An invoice is of one account."""
    having = {each.account_no for each in waiting}
    if asked.account_no is None and not having:
        return None
    return talk.one(
        asked.account_no, among=[each for each in talk.accounts if each.account_no in having]
    )


def _reach(chosen: Sequence[Invoiceable]) -> tuple[str, str]:
    return min(each.period for each in chosen), max(each.period for each in chosen)


def _bills(talk: Talk, chosen: Sequence[Invoiceable]) -> list[Bill]:
    if not chosen:
        return []
    numbers = {each.bill_no for each in chosen}
    found = list_bills(
        talk.session,
        talk.user_id,
        [chosen[0].account_no],
        period=_reach(chosen),
        limit=10 * billing.SHOWN,
    )
    return billing.told(talk, [each for each in found if each.bill_no in numbers])


def _title(each: InvoiceTitle) -> Title:
    """A person's name is masked, a firm's stands in a public register."""
    if each.kind == titles.PERSONAL:
        return Title(id=each.id, name=formats.masked_name(each.name), kind="personal")
    return Title(id=each.id, name=each.name, kind="enterprise")


def _sentence(words: str, count: int, amount_fen: int, *, has_title: bool) -> str:
    if not count:
        return _("%(months)s没有能开票的账单：缴清了、没开过票的才能开。", months=words)
    said = _(
        "%(months)s有 %(count)s 份账单可以开票，一共 %(amount)s。",
        months=words,
        count=count,
        amount=formats.amount(amount_fen),
    )
    return formats.joined((said, "" if has_title else _("先在“发票”里添加一个抬头。")))


def _told(talk: Talk, invoice: Invoice) -> InvoiceRequest:
    red = listing.red_of(talk.session, invoice)
    amount = formats.amount(invoice.amount_fen)
    if red is not None:
        state, said = "taken_back", _("这张 %(amount)s 的发票已经冲红。", amount=amount)
    elif invoice.state == "issued":
        state, said = "issued", _("%(amount)s 的电子发票开好了，在“发票”里看。", amount=amount)
    elif invoice.state == "refused":
        state, said = "refused", _("%(amount)s 的发票没有开成，原因写在“发票”里。", amount=amount)
    else:
        state = "asked"
        said = _("申请了 %(amount)s 的电子发票，开好了在“发票”里看。", amount=amount)
    return InvoiceRequest(
        request_no=invoice.request_no, invoice_no=invoice.invoice_no, state=state, sentence=said
    )
