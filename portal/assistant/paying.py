"""What would be paid, and where what was paid is. No money moves here."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payments import history, overview
from payments.history import Stage
from payments.orders import Payable, payable, require_amount
from payments.overview import Entry
from portal import formats
from portal.assistant.bodies.money import Channel, Payment, Payments, Quote, QuoteAsked, QuotePart
from portal.assistant.talk import Talk
from portal.i18n import gettext as _
from portal.pay.choosing import is_prepaid
from portal.pay.till import WAYS, till
from portal.payments import where
from portal.payments.listing import state_of
from portal.unit import commit, database
from runtime.errors import Conflict, Refused, TooManyTries
from service.access import RIGHTS, Right, visible_account
from service.bills import visible_bill
from service.people import limits
from service.people.links import LinkedAccount

SHOWN = 5
PATIENCE_SECONDS = 0.9
"""How long gateway and core may take to say where money is, while somebody waits in a chat."""

UNSETTLED = (Stage.STARTED, Stage.AWAITING, Stage.UNKNOWN, Stage.CREDITING)
STATES: dict[str, LazyString] = {
    "started": _l("还没有付"),
    "awaiting": _l("结果还没来，先别再付"),
    "unknown": _l("还没结果"),
    "crediting": _l("到账中"),
    "posted": _l("已记账"),
    "partly": _l("已记账，退回 %(returned)s"),
    "closed": _l("没有付成，钱没有扣"),
    "failed": _l("没有付成，钱没有扣"),
    "refunding": _l("正在退回"),
    "refunded": _l("已退回"),
}


def quote(talk: Talk, wish: QuoteAsked) -> Quote:
    """What would be paid now: a sum of one's own, one bill, or all that is owed.

    Raises as `Talk.named` and `Talk.one`; Conflict: "payment.nothing_owed",
    "payment.amount_missing", "bill.being_credited", "bill.being_paid"; Refused: "amount.too_small",
    "amount.too_large", "gateway.not_offered", "payment.bill_and_amount".
    """
    if wish.channel is not None and wish.channel not in {*till().gateways, "counter"}:
        raise Refused("gateway.not_offered")
    if wish.amount_fen is not None:
        account = _payable_account(talk, wish)
        require_amount(wish.amount_fen)
        kind = "topup" if is_prepaid([account]) else "credit"
        return _quote([(account, wish.amount_fen)], kind, wish.channel)
    if wish.bill_no is not None:
        return _quote(_parts(talk, _bill(talk, wish)), "bills", wish.channel)
    accounts = _accounts(talk, wish)
    numbers = [each.account_no for each in accounts]
    waiting = payable(talk.session, talk.user_id, numbers)
    if not waiting and is_prepaid(accounts):
        raise Conflict("payment.amount_missing")
    return _quote(_parts(talk, _free(talk, waiting)), "bills", wish.channel)


def payments(talk: Talk) -> Payments:
    """The last payments; of the newest, if its end is open, all sides are asked where it is.

    One that is at a cashier counts: whoever asks has perhaps just paid it.
    """
    user_id = talk.user_id
    found = overview.own_payments(talk.session, user_id, limit=SHOWN, at_cashier=True)
    commit()  # nobody else is asked while a connection is held
    shown = [
        _newest(user_id, each) if at == 0 and each.stage in UNSETTLED else _payment(each)
        for at, each in enumerate(found)
    ]
    return Payments(payments=shown, sentence=_last(shown))


def _accounts(talk: Talk, wish: QuoteAsked) -> list[LinkedAccount]:
    """The accounts that are named; else all that the person may pay for."""
    written = [*(wish.account_nos or []), *([wish.account_no] if wish.account_no else [])]
    if not written:
        return [each for each in talk.accounts if Right.PAY in RIGHTS[each.role]]
    named = {each.account_no: each for each in map(talk.named, written)}
    for number in named:
        visible_account(talk.session, talk.user_id, number, needs=Right.PAY)
    return list(named.values())


def _payable_account(talk: Talk, wish: QuoteAsked) -> LinkedAccount:
    """The one account that a sum of one's own is for."""
    if wish.bill_no is not None:
        raise Refused("payment.bill_and_amount")
    return talk.one(None, among=_accounts(talk, wish))


def _bill(talk: Talk, wish: QuoteAsked) -> list[Payable]:
    waiting = payable(talk.session, talk.user_id)
    mine = [each for each in waiting if each.due.bill_no == wish.bill_no]
    if not mine:
        raise _not_payable(talk, str(wish.bill_no))
    return _free(talk, mine)


def _not_payable(talk: Talk, bill_no: str) -> Refused:
    """Why a bill is not among those to be paid. Raises NotFound for a stranger's."""
    visible_bill(talk.session, talk.user_id, bill_no)
    return Conflict("bill.settled")


def _free(talk: Talk, waiting: Sequence[Payable]) -> list[Payable]:
    """Those that nobody else is paying."""
    free = [
        each
        for each in waiting
        if each.hold is None or (each.hold.user_id == talk.user_id and not each.hold.paid)
    ]
    if free:
        return free
    for each in waiting:
        if each.hold is not None and not each.hold.paid:
            raise Conflict("bill.being_paid", until=each.hold.until)
    raise Conflict("bill.being_credited" if waiting else "payment.nothing_owed")


def _parts(talk: Talk, chosen: Sequence[Payable]) -> list[tuple[LinkedAccount, int]]:
    """What is paid for each account, in the order of the person's own list."""
    sums: dict[str, int] = {}
    for each in chosen:
        sums[each.due.account_no] = sums.get(each.due.account_no, 0) + each.due.amount_fen
    return [
        (account, sums[account.account_no])
        for account in talk.accounts
        if account.account_no in sums
    ]


def _quote(parts: Sequence[tuple[LinkedAccount, int]], kind: str, channel: Channel | None) -> Quote:
    told = [
        QuotePart(
            account_no=account.account_no,
            label=account.title,
            tail=account.account_no[-4:],
            amount_fen=fen,
            amount=formats.amount(fen),
        )
        for account, fen in parts
    ]
    total = sum(fen for _account, fen in parts)
    return Quote(
        accounts=told,
        amount_fen=total,
        amount=formats.amount(total),
        channel=channel,
        channel_words=formats.channel_name(channel) if channel else None,
        kind=kind,
        sentence=_quoted(told, total, kind, channel),
    )


QUOTED: dict[str, LazyString] = {
    "bills": _l("给%(label)s（尾号 %(tail)s）缴 %(amount)s"),
    "topup": _l("给%(label)s（尾号 %(tail)s）充 %(amount)s"),
    "credit": _l("给%(label)s（尾号 %(tail)s）缴 %(amount)s，先抵待缴的账单，余下的留在余额里"),
}
FEW = 3


def _quoted(told: Collection[QuotePart], total: int, kind: str, channel: Channel | None) -> str:
    said = [
        str(QUOTED[kind] % {"label": each.label, "tail": each.tail, "amount": each.amount})
        for each in told
    ]
    if len(said) > FEW:
        said = [_("给 %(count)s 个户号缴费", count=len(said))]
    if len(told) > 1:
        said.append(_("一共 %(amount)s", amount=formats.amount(total)))
    if channel is not None:
        said.append(_("用%(way)s", way=formats.channel_name(channel)))
    return _("，").join(said) + _("。")


def _newest(user_id: int, entry: Entry) -> Payment:
    """As it stands once all sides were asked: asking may have brought its end."""
    said = _where(user_id, entry.order_no)
    with database().reading() as session:
        order = history.order_view(session, user_id, entry.order_no)
    now = replace(
        entry,
        stage=order.stage,
        at=order.paid_at or order.created_at,
        returned_fen=order.refunded_fen,
    )
    return _payment(now, said)


def _payment(entry: Entry, said: str | None = None) -> Payment:
    state = state_of(entry.stage, entry.returned_fen)
    return Payment(
        order_no=entry.order_no,
        at_words=formats.moment(entry.at),
        amount=formats.amount(entry.amount_fen),
        channel_words=formats.channel_name(entry.gateway),
        state=state,
        sentence=said or _stood(entry, state),
    )


def _where(user_id: int, order_no: str) -> str | None:
    """The sentence of all three sides; None when they were asked too often."""
    try:
        with database().unit_of_work() as session:
            limits.take(session, limits.WHERE_USER, str(user_id))
    except TooManyTries:
        return None
    return where.sentence(where.seeker(PATIENCE_SECONDS).find(user_id, order_no))


def _stood(entry: Entry, state: str) -> str:
    returned = formats.amount(entry.returned_fen)
    return _(
        "%(at)s 用%(way)s付 %(amount)s，%(state)s。",
        at=formats.moment(entry.at),
        way=WAYS[entry.gateway].short if entry.gateway in WAYS else entry.gateway,
        amount=formats.amount(entry.amount_fen),
        state=str(STATES[state] % {"returned": returned}),
    )


def _last(shown: Sequence[Payment]) -> str:
    if not shown:
        return _("您还没有在这里付过款。")
    last = shown[0]
    if last.state == "awaiting":
        waiting = _("有一笔 %(amount)s 正在等支付结果。", amount=last.amount)
        return formats.joined((waiting, last.sentence))
    first = _(
        "最近一笔：%(at)s，%(amount)s，%(way)s。",
        at=last.at_words,
        amount=last.amount,
        way=last.channel_words,
    )
    return formats.joined((first, last.sentence))
