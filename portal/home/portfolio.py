"""Many accounts at a glance: what all of them owe, and which owe most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.owing import Owing
from service.people.links import LinkedAccount

SHOWN = 10
"""Accounts in the table of the home page."""


@dataclass(frozen=True)
class Portfolio:
    """What the accounts of a firm owe together. `most` are the largest sums, largest first."""

    accounts: int
    owing: int
    overdue: int
    crediting: int
    due_fen: int
    late_fen: int
    crediting_fen: int
    credit_fen: int
    first_due: date | None
    bill_nos: tuple[str, ...]
    most: tuple[Owing, ...]


def is_portfolio(accounts: Sequence[LinkedAccount]) -> bool:
    """Whether the asker looks after several accounts of a firm."""
    return sum(account.role.startswith("enterprise") for account in accounts) > 1


def portfolio(owing: Sequence[Owing]) -> Portfolio:
    """The accounts together; those paid and not yet posted are counted apart."""
    waiting = [each for each in owing if each.free]
    ranked = sorted(waiting, key=lambda each: (-each.due_fen, each.account.account_no))
    payable = [due for each in ranked if each.payable for due in each.free]
    return Portfolio(
        accounts=len(owing),
        owing=len(waiting),
        overdue=sum(each.state == "overdue" for each in waiting),
        crediting=sum(each.crediting_fen > 0 for each in owing),
        due_fen=sum(each.due_fen for each in waiting),
        late_fen=sum(each.late_fen for each in waiting),
        crediting_fen=sum(each.crediting_fen for each in owing),
        credit_fen=sum(each.credit_fen for each in owing),
        first_due=min((each.first.due for each in waiting), default=None),
        bill_nos=tuple(due.bill_no for due in payable),
        most=tuple(ranked[:SHOWN]),
    )
