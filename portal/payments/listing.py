"""Lists of payments by month: the customer's own, or all that were made for one account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from payments import history, overview
from payments.history import Payment, Stage
from payments.overview import Entry, Payer
from portal import formats
from portal.i18n import gettext as _
from runtime import clock
from service.people.links import LinkedAccount

PAGE = 20


@dataclass(frozen=True)
class Line:
    """A payment in a list. `order_no` leads to its page and is None where there is none for
    the asker; `by` is who else paid it, as the asker may know it.
    """

    at: datetime
    amount_fen: int
    way: str
    state: str
    returned_fen: int
    account_nos: tuple[str, ...]
    order_no: str | None
    by: str | None = None


@dataclass(frozen=True)
class Listing:
    """Payments by month (`2026-11`), the newest first; `more` says that there are older ones."""

    months: list[tuple[str, list[Line]]]
    more: bool


def listing(session: Session, user_id: int, account: LinkedAccount | None, page: int) -> Listing:
    """A page of all that was paid for an account; without one, of what the asker has paid."""
    skipped = PAGE * (page - 1)
    if account is None:
        found = overview.own_payments(session, user_id, limit=PAGE + 1, offset=skipped)
        lines = [_own(entry) for entry in found]
    else:
        lines = _of_account(session, user_id, account, skipped)
    return Listing(_by_month(lines[:PAGE]), len(lines) > PAGE)


def state_of(stage: Stage, returned_fen: int) -> str:
    """The stage of a payment; `partly` when some of what was posted went or goes back."""
    return "partly" if stage is Stage.POSTED and returned_fen else stage.value


def _by_month(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    grouped = groupby(lines, lambda line: f"{clock.civil_date(line.at):%Y-%m}")
    return [(month, [*of]) for month, of in grouped]


def _own(entry: Entry) -> Line:
    return Line(
        at=entry.at,
        amount_fen=entry.amount_fen,
        way=entry.gateway,
        state=state_of(entry.stage, entry.returned_fen),
        returned_fen=entry.returned_fen,
        account_nos=entry.account_nos,
        order_no=entry.order_no,
    )


def _of_account(session: Session, user_id: int, account: LinkedAccount, skipped: int) -> list[Line]:
    found = history.payments_of(session, user_id, account.account_no)
    shown = found[skipped : skipped + PAGE + 1]
    payers = overview.payers(session, [payment.order_no for payment in shown])
    return [_for_account(payment, payers.get(payment.order_no), user_id) for payment in shown]


def _for_account(payment: Payment, payer: Payer | None, user_id: int) -> Line:
    """The account's share of a payment, whoever made it."""
    own = payer is not None and payer.user_id == user_id
    return Line(
        at=payment.at,
        amount_fen=payment.amount_fen,
        way=payment.channel,
        state=state_of(payment.stage, payment.returned_fen),
        returned_fen=payment.returned_fen,
        account_nos=(payment.account_no,),
        order_no=payment.order_no if own else None,
        by=None if own or payer is None else named(payer),
    )


def named(payer: Payer) -> str:
    """Somebody else who paid, as those may know them who see the account."""
    return formats.masked_name(payer.name) or _("家里人")
