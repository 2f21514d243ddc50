"""What the pages of arrangements say: what is owed, which ways there are, and the chosen plan."""

from dataclasses import dataclass, replace
from datetime import date

from flask import g, request
from sqlalchemy.orm import Session

from portal.current import my_account
from portal.owing import Owing, owing
from portal.security import asker_id
from runtime.errors import Conflict, NotFound, Refused
from service.access import Right, visible_account
from service.arrangements import making, showing
from service.arrangements.models import Arrangement
from service.arrangements.plan import Part
from service.dues import Due
from service.models import Account
from service.people.links import LinkedAccount

MOST_DIGITS = 12


@dataclass(frozen=True)
class Ways:
    """What an account owes, and how it can be paid later.

    `promisable` are the bills that have not been promised before; `counts` says in how many parts
    the whole can be paid. Until `broken_until` nobody pays in parts, until `asked_until` nobody
    asks to. `before` is what was last agreed or asked and is over.
    """

    account: LinkedAccount
    money: Owing
    promisable: tuple[Due, ...]
    counts: tuple[int, ...]
    broken_until: date | None
    asked_until: date | None
    before: Arrangement | None

    @property
    def total_fen(self) -> int:
        return self.money.due_fen

    @property
    def open(self) -> bool:
        """Whether there is something to arrange, and nothing on its way that would change it."""
        return bool(self.money.free) and not self.money.crediting_fen


@dataclass(frozen=True)
class Plan:
    """A plan as the customer confirms it, in fen. `late_fen` is the late charge to today,
    `expected_late_fen` what it comes to when each part is paid on its day."""

    kind: str
    bills: tuple[Due, ...]
    parts: tuple[Part, ...]
    reason: str
    late_fen: int
    expected_late_fen: int

    @property
    def total_fen(self) -> int:
        return sum(part.amount_fen for part in self.parts)


def account_of(account_no: str) -> LinkedAccount:
    """One of the asker's own for which they may pay. Raises NotFound, Forbidden."""
    visible_account(g.session, asker_id(), account_no, needs=Right.PAY)
    account = my_account(account_no)
    if account is None:
        raise NotFound("account.not_found")
    return account


def ways(session: Session, account_no: str) -> Ways:
    """What can be done about what the account owes now. Raises NotFound, Forbidden."""
    account = account_of(account_no)
    (money,) = owing(session, asker_id(), [account])
    numbers = [due.bill_no for due in money.free]
    promised = making.promised_before(session, numbers) if numbers else set()
    broken = making.broken_until(session, account_no)
    asked = making.asked_until(session, account_no)
    row = session.get_one(Account, account_no)
    before = showing.all_of(session, account_no)[:1]
    found = Ways(
        account=account,
        money=money,
        promisable=tuple(due for due in money.free if due.bill_no not in promised),
        counts=() if broken or asked else tuple(making.counts(row, money.due_fen)),
        broken_until=broken,
        asked_until=asked,
        before=before[0] if before else None,
    )
    return replace(found, promisable=(), counts=()) if account.settlement == "prepaid" else found


def promise_plan(found: Ways) -> Plan:
    """The promise that the form asks for. Raises Refused."""
    chosen = tuple(due for due in found.promisable if due.bill_no in request.form.getlist("bill"))
    if not chosen:
        raise Refused("arrangement.no_bills")
    day = _day("day")
    if day not in making.promise_days():
        raise Refused("arrangement.day")
    total_fen = sum(due.amount_fen for due in chosen)
    return _plan("promise", chosen, (Part(1, day, total_fen),), "")


def instalment_plan(found: Ways) -> Plan:
    """The instalments that the form asks for. Raises Refused."""
    row = g.session.get_one(Account, found.account.account_no)
    count = request.form.get("count", 0, type=int)
    parts = making.parts_of(row, found.total_fen, count, _day("first"))
    reason = " ".join(request.form.get("reason", "").split())[: making.MOST_REASON]
    if len(reason) < making.LEAST_REASON:
        raise Refused("arrangement.reason_missing")
    return _plan("instalments", found.money.free, parts, reason)


def agree(found: Ways, plan: Plan) -> Arrangement:
    """Make what was shown, for the sum that was seen. Raises what `making` raises."""
    account_no, expected_fen = found.account.account_no, _expected()
    if plan.kind == "promise":
        numbers = [due.bill_no for due in plan.bills]
        return making.promise(
            g.session,
            asker_id(),
            account_no,
            numbers,
            plan.parts[0].day,
            expected_fen=expected_fen,
        )
    return making.ask(
        g.session,
        asker_id(),
        account_no,
        len(plan.parts),
        _day("first"),
        plan.reason,
        expected_fen=expected_fen,
    )


def _plan(kind: str, bills: tuple[Due, ...], parts: tuple[Part, ...], reason: str) -> Plan:
    numbers = [due.bill_no for due in bills]
    return Plan(
        kind=kind,
        bills=bills,
        parts=parts,
        reason=reason,
        late_fen=sum(due.late_fee_fen for due in bills),
        expected_late_fen=showing.late_by_plan(g.session, numbers, parts),
    )


def _day(name: str) -> date:
    """The day of a field. Raises Refused("arrangement.day")."""
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError as error:
        raise Refused("arrangement.day") from error


def _expected() -> int:
    """The sum that the customer saw; nobody agrees to one that they have not seen."""
    seen = request.form.get("expected", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) <= MOST_DIGITS):
        raise Conflict("arrangement.unseen")
    return int(seen)
