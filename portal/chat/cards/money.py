"""Cards about bills, what is owed, and payments."""

from flask import g, url_for

from payments import history, holds
from payments.orders import Selection, payable
from portal.bills import change, lines
from portal.chat.kinds import BalanceCard, BillCard, ChangeCard, PaidCard, PaymentCard
from portal.current import my_account, my_accounts, visitor
from portal.i18n import gettext as _
from portal.owing import Owing, bill_state, owing
from portal.pay import choosing, till
from portal.payments.listing import state_of
from runtime.errors import Conflict, NotFound, Refused
from runtime.money import yuan
from service import bills
from service.explanation import explanations

MOST_LINES = 6
MOST_ACCOUNTS = 5

Shown = dict[str, object] | None


def reader() -> int:
    """Who reads. Raises NotFound for whoever has not signed in: to them nothing belongs."""
    person = visitor()
    if person is None:
        raise NotFound("account.not_found")
    return person.id


def bill(card: BillCard) -> Shown:
    """A bill: its figure, its lines where they are few, and until when."""
    view = bills.bill(g.session, reader(), card.bill_no)
    summary = view.summary
    hold = holds.held_bills(g.session, [summary.account_no]).get(summary.bill_no)
    few = len(view.lines) <= MOST_LINES
    return {
        "bill": summary,
        "state": bill_state(summary, hold),
        "lines": lines.words_of(view) if few else [],
        "account": my_account(summary.account_no),
        "several": len(my_accounts()) > 1,
    }


def change_of_bill(card: ChangeCard) -> Shown:
    """Why a bill is not what it was: steps that add up."""
    summary = bills.bill(g.session, reader(), card.bill_no).summary
    found = explanations(g.session, reader(), card.bill_no)
    against = found.last_month or found.last_year
    if against is None:
        return None
    return {"bill": summary, "change": change.change(against, summary.period)}


def balance(_card: BalanceCard) -> Shown:
    """What all the accounts owe, or have left."""
    found = owing(g.session, reader(), my_accounts())
    if not found:
        return None
    ranked = sorted(found, key=lambda each: (-each.due_fen, each.account.account_no))
    return {
        "due_fen": sum(each.due_fen for each in found),
        "credit_fen": sum(each.credit_fen for each in found),
        "accounts": ranked[:MOST_ACCOUNTS],
        "more": len(found) - MOST_ACCOUNTS,
        "pay": _pay_all(found),
    }


def payment(card: PaymentCard) -> Shown:
    """What would be paid, to confirm; the button leads to the page of paying and pays nothing."""
    user_id = reader()
    mine = {each.account_no for each in my_accounts()}
    if any(number not in mine for number in card.account_nos):
        return None
    if card.bill_no is not None:
        bills.visible_bill(g.session, user_id, card.bill_no)
    way = till.WAYS.get(card.channel or "")
    try:
        chosen = _selection(user_id, card)
        summary = choosing.summary(g.session, user_id, chosen)
    except NotFound:
        return None
    except Refused as refusal:
        return {"said": _why_not(refusal), "summary": None}
    accounts = [each for each in my_accounts() if each.account_no in summary.account_nos]
    return {
        "said": None,
        "summary": summary,
        "accounts": accounts,
        "way": way if way and way.name in till.till().gateways else None,
        "topping_up": summary.own_amount and choosing.is_prepaid(accounts),
        "pay": _pay(chosen, card.channel),
    }


def paid(card: PaidCard) -> Shown:
    """A payment that was made, as it stands."""
    order = history.order_view(g.session, reader(), card.order_no)
    return {
        "order": order,
        "state": state_of(order.stage, order.refunded_fen),
        "way": till.WAYS[order.gateway],
        "accounts": [my_account(number) for number in order.account_nos],
    }


def _selection(user_id: int, card: PaymentCard) -> Selection:
    """The bill that is named, else the bills that are due, else an amount of one's own.

    An amount that is just what is owed means those bills: money put on the account beside them
    would be the same to the fen, and no bill would be known to be paid.

    Raises Conflict when what was due has been paid meanwhile: "payment.nothing_owed", and
    "bill.being_credited" while that is on its way.
    """
    if card.bill_no is not None:
        return Selection(bill_nos=(card.bill_no,))
    waiting = [
        each for each in payable(g.session, user_id) if each.due.account_no in card.account_nos
    ]
    due = [each.due for each in waiting if not (each.hold and each.hold.paid)]
    owed = sum(each.amount_fen for each in due)
    if card.amount_fen in (None, owed) or len(card.account_nos) > 1:
        if not due:
            raise Conflict("bill.being_credited" if waiting else "payment.nothing_owed")
        return Selection(bill_nos=tuple(each.bill_no for each in due))
    return Selection(account_no=card.account_nos[0], amount_fen=card.amount_fen)


def _why_not(refusal: Refused) -> str:
    """Nobody has chosen anything on a card: what it names is paid, and that is all."""
    if refusal.code in ("bill.settled", "payment.nothing_owed"):
        return _("已缴清，不用再付。")
    return choosing.sentence(refusal)


def _pay(chosen: Selection, channel: str | None) -> str:
    way = channel if channel in till.till().gateways else None
    if chosen.amount_fen is not None:
        amount = yuan(chosen.amount_fen)
        return url_for("pay.confirm", account=chosen.account_no, amount=amount, way=way)
    return url_for("pay.confirm", bill=list(chosen.bill_nos), way=way)


def _pay_all(found: list[Owing]) -> str | None:
    """Where all that is owed can be paid; None when there is nothing the reader may pay."""
    waiting = [each for each in found if each.payable]
    if not waiting:
        return None
    if len(waiting) == 1:
        return url_for("pay.confirm", bill=[due.bill_no for due in waiting[0].free])
    return url_for("pay.index", choose=1)
