"""The list of an account's bills, a page at a time."""

import re
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from payments import holds
from portal.owing import bill_state
from runtime.errors import NotFound
from service.bills import BillSummary, bills_of

PAGE = 24
"""Bills on a page: two years of a home."""

_PERIOD = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,24}", re.ASCII)


@dataclass(frozen=True)
class Listing:
    """Bills by year, the newest first; `older` is the period to go on from, if there are more."""

    years: list[tuple[str, list[BillSummary]]]
    states: dict[str, str]
    older: str | None


def period_named(text: str) -> str:
    """A billing period from an address. Raises NotFound for anything else."""
    if not _PERIOD.fullmatch(text):
        raise NotFound("period.unknown")
    return text


def number_named(text: str) -> str:
    """A bill's number from an address. Raises NotFound for what cannot be one."""
    if not _NUMBER.fullmatch(text):
        raise NotFound("bill.not_found")
    return text


def listing(session: Session, user_id: int, account_no: str, before: str | None) -> Listing:
    """A page of the account's bills before a period. Raises NotFound, Forbidden."""
    found = bills_of(session, user_id, account_no, limit=PAGE + 1, before=before)
    shown = found if len(found) <= PAGE else _whole_months(found)
    unpaid = any(bill.outstanding_fen for bill in shown)
    held = holds.held_bills(session, [account_no]) if unpaid else {}
    return Listing(
        years=[(year, [*bills]) for year, bills in groupby(shown, lambda bill: bill.period[:4])],
        states={bill.bill_no: bill_state(bill, held.get(bill.bill_no)) for bill in shown},
        older=shown[-1].period if len(shown) < len(found) else None,
    )


def _whole_months(found: list[BillSummary]) -> list[BillSummary]:
    """Without the month that the page's end cuts through; a page of one month stays whole."""
    last = found[-1].period
    return [bill for bill in found if bill.period > last] or found
