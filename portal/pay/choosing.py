"""What a customer chose to pay, from the page to `payments` and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from payments.orders import MOST_FEN, Payable, Selection, payable, pick, require_amount
from portal import formats, words
from runtime.errors import Conflict, Refused
from runtime.money import AmountError, parse_yuan
from service.access import Right, visible_account
from service.people.links import LinkedAccount

MOST_DIGITS = 12


@dataclass(frozen=True)
class Line:
    """One line of what is to be paid, in fen."""

    account_no: str
    bill_no: str | None
    period: str | None
    principal_fen: int
    late_fen: int
    due: date | None
    days_late: int


@dataclass(frozen=True)
class Summary:
    """What the customer is about to pay."""

    lines: tuple[Line, ...]
    own_amount: bool

    @property
    def amount_fen(self) -> int:
        return sum(line.principal_fen + line.late_fen for line in self.lines)

    @property
    def late_fen(self) -> int:
        return sum(line.late_fen for line in self.lines)

    @property
    def account_nos(self) -> set[str]:
        return {line.account_no for line in self.lines}

    @property
    def bill_nos(self) -> list[str]:
        return [line.bill_no for line in self.lines if line.bill_no is not None]


@dataclass(frozen=True)
class Group:
    """The bills of one account."""

    account: LinkedAccount
    bills: list[Payable]


def selection(form: MultiDict[str, str]) -> Selection:
    """What the form says. Raises Refused for an amount that is none."""
    if form.get("account") and not form.getlist("bill"):
        fen = _typed_amount(form.get("amount", ""))
        return Selection(account_no=form["account"], amount_fen=fen)
    return Selection(bill_nos=tuple(form.getlist("bill")))


def agreed(form: MultiDict[str, str]) -> Selection:
    """The selection with the sum that the customer saw beside the button.

    Nobody pays a sum they have not seen: raises Conflict("order.amount_unseen") without one.
    """
    seen = form.get("expected", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) <= MOST_DIGITS):
        raise Conflict("order.amount_unseen")
    return replace(selection(form), expected_fen=int(seen))


def summary(session: Session, user_id: int, chosen: Selection) -> Summary:
    """What the selection comes to now. Raises what starting the order would raise."""
    if chosen.amount_fen is not None:
        account = visible_account(session, user_id, chosen.account_no or "", needs=Right.PAY)
        line = Line(account.account_no, None, None, chosen.amount_fen, 0, None, 0)
        return Summary((line,), own_amount=True)
    waiting = {each.due.bill_no: each for each in payable(session, user_id)}
    picked = pick(waiting, chosen.bill_nos)
    if any(each.hold is not None and each.hold.paid for each in picked):
        raise Conflict("bill.being_credited")
    return Summary(tuple(_line(each) for each in picked), own_amount=False)


def by_account(waiting: list[Payable], accounts: Mapping[str, LinkedAccount]) -> list[Group]:
    """Bills under their accounts, in the order of the customer's own list."""
    groups = [
        Group(account, [each for each in waiting if each.due.account_no == number])
        for number, account in accounts.items()
    ]
    return [group for group in groups if group.bills]


def is_prepaid(accounts: list[LinkedAccount]) -> bool:
    """Whether bills of these accounts are taken from a balance, onto which money is put ahead."""
    return bool(accounts) and all(each.settlement == "prepaid" for each in accounts)


def preset(choosable: list[Payable], asked: MultiDict[str, str]) -> list[Payable]:
    """The bills whose boxes are ticked: as the form had them, all, none, or those nobody holds."""
    if asked.get("pick") in ("all", "none"):
        return choosable if asked["pick"] == "all" else []
    if named := set(asked.getlist("bill")):
        return [each for each in choosable if each.due.bill_no in named]
    return [each for each in choosable if each.hold is None]


def begun(waiting: list[Payable], user_id: int) -> str | None:
    """The customer's own open order when it holds all that is due."""
    holds = [each.hold for each in waiting]
    orders = {hold.order_no for hold in holds if hold and not hold.paid and hold.user_id == user_id}
    all_held = all(hold is not None and hold.order_no in orders for hold in holds)
    return orders.pop() if len(orders) == 1 and all_held else None


def sentence(refusal: Refused) -> str:
    """Why not; with the name of whoever is paying already."""
    name = refusal.params.get("name")
    if refusal.code == "bill.being_paid" and name:
        return _(
            "%(name)s正在付这张账单。%(until)s 还没付成，您再来付。",
            name=formats.masked_name(name),
            until=formats.deadline(refusal.params["until"]),
        )
    return words.refusal(refusal)


def _typed_amount(text: str) -> int:
    try:
        fen = parse_yuan(text)
    except AmountError as error:
        if error.code == "too_large":
            raise Refused("amount.too_large", most_fen=MOST_FEN) from error
        raise Refused("amount.malformed") from error
    require_amount(fen)
    return fen


def _line(each: Payable) -> Line:
    due = each.due
    return Line(
        due.account_no,
        due.bill_no,
        due.period,
        due.principal_fen,
        due.late_fee_fen,
        due.due,
        due.days_late,
    )
