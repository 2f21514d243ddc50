"""Lists of bills: of one account by year, of several by month, a page at a time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from payments import holds
from portal.owing import bill_state
from runtime.errors import NotFound
from service.bills import BillSum, BillSummary, list_bills, months_billed, sum_of_bills
from service.people.links import LinkedAccount

PAGE = 24
"""Bills on a page: two years of a home."""
ALL = "all"
"""The name of all accounts in an address."""

_PERIOD = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,24}", re.ASCII)
_PAGE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


@dataclass(frozen=True)
class Chosen:
    """Which bills are asked for: of these accounts, of one month or of all, and the page."""

    accounts: tuple[LinkedAccount, ...]
    period: str | None
    page: int

    @property
    def numbers(self) -> list[str]:
        return [account.account_no for account in self.accounts]

    @property
    def one(self) -> LinkedAccount | None:
        """The account, where it is a single one."""
        return self.accounts[0] if len(self.accounts) == 1 else None


@dataclass(frozen=True)
class Listing:
    """Bills by year (`2026`) or month (`2026-10`), the newest first.

    `months` can be chosen, `sum` is of the chosen one; `more` says that there are older bills.
    """

    groups: list[tuple[str, list[BillSummary]]]
    states: dict[str, str]
    more: bool
    months: list[str]
    sum: BillSum | None


def chosen(
    asked: Mapping[str, str], mine: Sequence[LinkedAccount], usual: Sequence[LinkedAccount]
) -> Chosen:
    """What an address asks for; `usual` are the accounts when it names none.

    Raises NotFound for an account that is not the asker's, and for what is no month or page.
    """
    page = asked.get("page") or "1"
    if not _PAGE.fullmatch(page):
        raise NotFound("page.unknown")
    period = asked.get("month")
    return Chosen(
        accounts=_accounts(asked.get("account"), mine, usual),
        period=period_named(period) if period else None,
        page=int(page),
    )


def _accounts(
    name: str | None, mine: Sequence[LinkedAccount], usual: Sequence[LinkedAccount]
) -> tuple[LinkedAccount, ...]:
    if not name:
        return tuple(usual)
    found = tuple(account for account in mine if name in (ALL, account.account_no))
    if not found:
        raise NotFound("account.not_found")
    return found


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


def listing(session: Session, user_id: int, choice: Chosen, *, by_month: bool) -> Listing:
    """A page of the chosen bills; four queries at most, however many accounts there are."""
    numbers, period = choice.numbers, choice.period
    skipped = PAGE * (choice.page - 1)
    found = list_bills(session, user_id, numbers, period=period, limit=PAGE + 1, offset=skipped)
    shown = found[:PAGE]
    unpaid = any(bill.outstanding_fen for bill in shown)
    held = holds.held_bills(session, numbers) if unpaid else {}
    length = len("2026-10") if by_month else len("2026")
    return Listing(
        groups=[
            (name, [*bills]) for name, bills in groupby(shown, lambda bill: bill.period[:length])
        ],
        states={bill.bill_no: bill_state(bill, held.get(bill.bill_no)) for bill in shown},
        more=len(found) > PAGE,
        months=months_billed(session, user_id, numbers) if by_month else [],
        sum=sum_of_bills(session, user_id, numbers, period) if period else None,
    )
