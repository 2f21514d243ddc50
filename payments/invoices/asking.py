"""Asking for an invoice: which bills may stand on one, and what of them is tax.

A bill may be invoiced once it is wholly paid. What stands on the invoice is what the utility has
sold: the bill without what it paid the customer for exported energy. Prices include value added
tax at the rate for electricity, 13 % (Provisional Regulations on Value Added Tax, article 2).
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.invoices import soon
from payments.invoices.models import Invoice, InvoiceLine
from payments.invoices.titles import ENTERPRISE, title
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service.access import Right, linked, visible_account
from service.models import Bill
from service.people.mail import normal_mail

VAT = Decimal("0.13")
ORDINARY, SPECIAL = "ordinary", "special"
MOST_BILLS = 40


@dataclass(frozen=True)
class Invoiceable:
    """A bill that may stand on an invoice, with what was sold on it; fen, tax included."""

    bill_no: str
    account_no: str
    period: str
    wh: int
    amount_fen: int

    @property
    def tax_fen(self) -> int:
        return tax_in(self.amount_fen)


@dataclass(frozen=True)
class Wish:
    """What a customer asks for: bills of one account, a title, perhaps a mail address."""

    bill_nos: tuple[str, ...]
    title_id: int
    form: str = ORDINARY
    email: str = ""
    language: str = "zh"


def tax_in(amount_fen: int) -> int:
    """The tax that an amount includes, rounded half up to the fen."""
    tax = Decimal(amount_fen) * VAT / (1 + VAT)
    return int(tax.quantize(Decimal(1), ROUND_HALF_UP))


def invoiceable(
    session: Session, user_id: int, account_nos: Collection[str] | None = None
) -> list[Invoiceable]:
    """Paid bills without an invoice of accounts the user may pay for, the newest first."""
    query = linked(select(Bill), Bill.account_no, user_id, Right.PAY).where(may_be_invoiced())
    if account_nos is not None:
        query = query.where(Bill.account_no.in_(account_nos))
    bills = session.scalars(query.order_by(Bill.period.desc(), Bill.bill_no))
    return [
        Invoiceable(each.bill_no, each.account_no, each.period, each.wh, sold_fen(each))
        for each in bills
    ]


def how_many(session: Session, user_id: int) -> int:
    """How many bills `invoiceable` gives for all accounts of the user."""
    query = linked(select(func.count(Bill.bill_no)), Bill.account_no, user_id, Right.PAY)
    return session.scalars(query.where(may_be_invoiced())).one()


def may_be_invoiced() -> ColumnElement[bool]:
    """Of a bill: wholly paid, something was sold, and no invoice has it."""
    return and_(
        Bill.status == "issued",
        Bill.settled_fen >= Bill.total_fen,
        Bill.total_fen - Bill.export_fen > 0,
        ~exists().where(InvoiceLine.bill_no == Bill.bill_no, InvoiceLine.live),
    )


def sold_fen(bill: Bill) -> int:
    """What the utility has sold on a bill: all of it but what it paid for exported energy."""
    return bill.total_fen - bill.export_fen


def ask(session: Session, user_id: int, wish: Wish, idempotency_key: str) -> Invoice:
    """A new invoice, asked for in this transaction; the same key gives the same one.

    Raises Conflict: "invoice.nothing_chosen", "invoice.too_many", "invoice.accounts_mixed",
    "invoice.bill_taken" (not paid, or on an invoice already); Refused: "invoice.form_wrong",
    "mail.malformed"; NotFound for titles and accounts.
    """
    if known := _by_key(session, user_id, idempotency_key):
        return known
    made_out = title(session, user_id, wish.title_id)
    if wish.form not in (ORDINARY, SPECIAL) or (
        wish.form == SPECIAL and made_out.kind != ENTERPRISE
    ):
        raise Refused("invoice.form_wrong")
    bills = _chosen(session, user_id, wish.bill_nos)
    invoice = Invoice(
        request_no=_new_request_no(),
        user_id=user_id,
        account_no=bills[0].account_no,
        form=wish.form,
        title_kind=made_out.kind,
        title_name=made_out.name,
        tax_no=made_out.tax_no,
        email=normal_mail(wish.email) if wish.email.strip() else None,
        language=wish.language,
        amount_fen=sum(each.amount_fen for each in bills),
        tax_fen=sum(each.tax_fen for each in bills),
        idempotency_key=idempotency_key,
    )
    session.add(invoice)
    session.flush()
    _take(session, invoice, bills)
    soon.issue(session, invoice.request_no)
    return invoice


def _chosen(session: Session, user_id: int, bill_nos: tuple[str, ...]) -> list[Invoiceable]:
    wanted = list(dict.fromkeys(bill_nos))
    if not wanted:
        raise Conflict("invoice.nothing_chosen")
    if len(wanted) > MOST_BILLS:
        raise Conflict("invoice.too_many", most=MOST_BILLS)
    accounts = set(session.scalars(select(Bill.account_no).where(Bill.bill_no.in_(wanted))))
    if not accounts:
        raise NotFound("account.not_found")
    for account_no in accounts:
        visible_account(session, user_id, account_no, needs=Right.PAY)
    if len(accounts) > 1:
        raise Conflict("invoice.accounts_mixed")
    free = {each.bill_no: each for each in invoiceable(session, user_id, accounts)}
    if any(bill_no not in free for bill_no in wanted):
        raise Conflict("invoice.bill_taken")
    return [free[bill_no] for bill_no in wanted]


def _take(session: Session, invoice: Invoice, bills: list[Invoiceable]) -> None:
    """Put the bills on the invoice; whoever asked for one of them first has it."""
    rows = [
        {
            "invoice_id": invoice.id,
            "bill_no": each.bill_no,
            "period": each.period,
            "wh": each.wh,
            "amount_fen": each.amount_fen,
            "tax_fen": each.tax_fen,
            "live": True,
        }
        for each in bills
    ]
    statement = insert(InvoiceLine).values(rows).on_conflict_do_nothing()
    taken = session.scalars(statement.returning(InvoiceLine.id)).all()
    if len(taken) < len(rows):
        raise Conflict("invoice.bill_taken")
    session.expire(invoice, ["lines"])


def _by_key(session: Session, user_id: int, key: str) -> Invoice | None:
    return session.scalars(
        select(Invoice).where(Invoice.user_id == user_id, Invoice.idempotency_key == key)
    ).one_or_none()


def _new_request_no() -> str:
    """The civil date and 64 random bits."""
    return f"F{clock.today():%Y%m%d}{secrets.token_hex(8)}"
