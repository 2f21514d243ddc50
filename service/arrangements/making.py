"""Making an arrangement: a promise, which holds at once, or a question about instalments.

Who may pay for an account may do so too. What was shown is what is agreed: with `expected_fen`
nobody agrees to a sum that they have not seen.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service.access import Right, visible_account
from service.arrangements import following
from service.arrangements.models import ArrangedBill, ArrangedPart, Arrangement
from service.arrangements.plan import Part, instalments, months_later
from service.arrangements.rules import rules
from service.dues import Due, dues
from service.events import ArrangementMade
from service.models import Account, Bill

LEAST_REASON, MOST_REASON = 2, 300
"""Letters of a customer's reason."""


def promise(
    session: Session,
    user_id: int,
    account_no: str,
    bill_nos: Collection[str],
    day: date,
    *,
    expected_fen: int | None = None,
) -> Arrangement:
    """Promise to pay the whole of these bills by the end of a day.

    Raises NotFound and Forbidden for the account; Refused: `arrangement.no_bills`,
    `arrangement.day` (`first`, `last`); Conflict: `arrangement.prepaid`,
    `arrangement.nothing_owed`, `arrangement.promised_before`, `arrangement.amount_changed`
    (`amount_fen`), `arrangement.living`.
    """
    waiting = owed(session, user_id, account_no)
    chosen = [due for due in waiting if due.bill_no in bill_nos]
    if len(chosen) != len(set(bill_nos)) or not chosen:
        raise Refused("arrangement.no_bills")
    if promised_before(session, [due.bill_no for due in chosen]):
        raise Conflict("arrangement.promised_before")
    if day not in promise_days():
        raise Refused("arrangement.day")
    parts = (Part(1, day, _sum(chosen, expected_fen)),)
    return _make(session, user_id, "promise", "active", chosen, parts)


def ask(
    session: Session,
    user_id: int,
    account_no: str,
    count: int,
    first: date,
    reason: str,
    *,
    expected_fen: int | None = None,
) -> Arrangement:
    """Ask to pay all that is owed today in `count` monthly parts from a day on; the desk decides.

    Raises what `promise` raises but for bills, and Refused: `arrangement.parts`,
    `arrangement.part_too_small` (`least_fen`), `arrangement.reason_missing`; Conflict:
    `arrangement.broken_lately` (`until`), `arrangement.asked_lately` (`until`).
    """
    account = visible_account(session, user_id, account_no, needs=Right.PAY)
    waiting = owed(session, user_id, account_no)
    _require_kept(session, account_no)
    _require_not_asked(session, account_no)
    parts = parts_of(account, _sum(waiting, expected_fen), count, first)
    said = " ".join(reason.split())[:MOST_REASON]
    if len(said) < LEAST_REASON:
        raise Refused("arrangement.reason_missing")
    return _make(session, user_id, "instalments", "asked", waiting, parts, said)


def owed(session: Session, user_id: int, account_no: str) -> list[Due]:
    """The outstanding bills that an arrangement can be about, the oldest due first.

    Raises NotFound, Forbidden, Conflict("arrangement.prepaid", "arrangement.nothing_owed").
    """
    account = visible_account(session, user_id, account_no, needs=Right.PAY)
    if account.settlement == "prepaid":
        raise Conflict("arrangement.prepaid")
    waiting = dues(session, user_id, [account_no], needs=Right.PAY)
    if not waiting:
        raise Conflict("arrangement.nothing_owed")
    return waiting


def promise_days() -> list[date]:
    """The days by which can be promised today."""
    return _days_from_tomorrow(rules().promise.days)


def first_days() -> list[date]:
    """The days on which a first part can be due, when it is asked for today."""
    return _days_from_tomorrow(rules().instalments.first_within_days)


def counts(account: Account, total_fen: int) -> list[int]:
    """In how many parts so much can be paid; none when it is too little for two."""
    offered, least = rules().instalments.parts.get(account.kind), rules().instalments.least_part_fen
    return [count for count in offered.offered if total_fen // count >= least] if offered else []


def parts_of(account: Account, total_fen: int, count: int, first: date) -> tuple[Part, ...]:
    """The plan for so much. Raises Refused("arrangement.parts", "arrangement.part_too_small",
    "arrangement.day")."""
    offered = rules().instalments.parts.get(account.kind)
    if offered is None or count not in offered.offered:
        raise Refused("arrangement.parts")
    if count not in counts(account, total_fen):
        least_fen = rules().instalments.least_part_fen
        raise Refused("arrangement.part_too_small", least_fen=least_fen)
    if first not in first_days():
        raise Refused("arrangement.day")
    return instalments(total_fen, count, first, working_days=rules().instalments.working_days)


def promised_before(session: Session, bill_nos: Collection[str]) -> set[str]:
    """Those of the bills that have been promised before, kept or not; each can be once."""
    found = (
        select(ArrangedBill.bill_no)
        .join(Arrangement, Arrangement.id == ArrangedBill.arrangement_id)
        .where(ArrangedBill.bill_no.in_(bill_nos), Arrangement.kind == "promise")
    )
    return set(session.scalars(found))


def broken_until(session: Session, account_no: str) -> date | None:
    """Until when nobody pays this account in parts, because an arrangement was broken."""
    ended_at = session.scalar(
        select(Arrangement.ended_at)
        .where(Arrangement.account_no == account_no, Arrangement.state == "broken")
        .order_by(Arrangement.ended_at.desc())
        .limit(1)
    )
    if ended_at is None:
        return None
    until = months_later(clock.civil_date(ended_at), rules().instalments.broken_months)
    return until if until > clock.today() else None


def asked_until(session: Session, account_no: str) -> date | None:
    """Until when nobody asks for this account again: a question was withdrawn or declined.

    A question rests reminders, so it cannot be asked over and over. Another one may follow one
    that the desk did not decide in time, or on its day one that was withdrawn then; only once.
    """
    lately = _asked_lately(session, account_no)
    if not lately or (len(lately) == 1 and _may_follow(lately[0])):
        return None
    last = max(_ended_on(each) for each in lately)
    return last + timedelta(days=rules().instalments.again_days)


def withdraw(session: Session, user_id: int, account_no: str) -> Arrangement:
    """Take the living arrangement of an account back; what was asked or agreed is over.

    When a day of it has passed unpaid, it is broken all the same, without any grace.
    Raises NotFound, Forbidden, NotFound("arrangement.none").
    """
    visible_account(session, user_id, account_no, needs=Right.PAY)
    living = following.lock_living(session, account_no)
    if living is None:
        raise NotFound("arrangement.none")
    following.withdraw(session, living)
    return living


def _days_from_tomorrow(count: int) -> list[date]:
    today = clock.today()
    return [today + timedelta(days=ahead) for ahead in range(1, count + 1)]


def _require_kept(session: Session, account_no: str) -> None:
    until = broken_until(session, account_no)
    if until is not None:
        raise Conflict("arrangement.broken_lately", until=clock.civil_midnight(until))


def _require_not_asked(session: Session, account_no: str) -> None:
    until = asked_until(session, account_no)
    if until is not None:
        raise Conflict("arrangement.asked_lately", until=clock.civil_midnight(until))


def _asked_lately(session: Session, account_no: str) -> list[Arrangement]:
    """Questions that ended without anything being agreed or paid, in the days that count."""
    since = clock.today() - timedelta(days=rules().instalments.again_days)
    ended = session.scalars(
        select(Arrangement).where(
            Arrangement.account_no == account_no,
            Arrangement.kind == "instalments",
            Arrangement.state.in_(("cancelled", "declined")),
            Arrangement.ended_at >= clock.civil_midnight(since + timedelta(days=1)),
        )
    )
    return [each for each in ended if any(part.paid_at is None for part in each.parts)]


def _may_follow(question: Arrangement) -> bool:
    """Whether another question may follow this one."""
    if question.state == "declined":
        return question.decided_at is None
    return clock.civil_date(question.asked_at) == _ended_on(question) == clock.today()


def _ended_on(question: Arrangement) -> date:
    assert question.ended_at is not None  # noqa: S101 - a constraint: it is over
    return clock.civil_date(question.ended_at)


def _sum(chosen: Sequence[Due], expected_fen: int | None) -> int:
    total_fen = sum(due.amount_fen for due in chosen)
    if expected_fen not in (None, total_fen):
        raise Conflict("arrangement.amount_changed", amount_fen=total_fen)
    return total_fen


def _make(
    session: Session,
    user_id: int,
    kind: str,
    state: str,
    chosen: Sequence[Due],
    parts: Sequence[Part],
    reason: str | None = None,
) -> Arrangement:
    now = clock.now()
    values = {
        "account_no": chosen[0].account_no,
        "user_id": user_id,
        "kind": kind,
        "state": state,
        "total_fen": sum(part.amount_fen for part in parts),
        "late_fen": sum(due.late_fee_fen for due in chosen),
        "reason": reason,
        "asked_at": now,
        "decided_at": now if state == "active" else None,
    }
    arrangement = session.scalars(
        insert(Arrangement)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=["account_no"], index_where=text("state in ('asked', 'active')")
        )
        .returning(Arrangement)
    ).one_or_none()
    if arrangement is None:
        raise Conflict("arrangement.living")
    _fill(session, arrangement, chosen, parts)
    events.publish(session, _made(arrangement, parts))
    return arrangement


def _fill(
    session: Session, arrangement: Arrangement, chosen: Sequence[Due], parts: Sequence[Part]
) -> None:
    """Its bills as they stand now, and its parts."""
    for due in chosen:
        settled_fen = session.get_one(Bill, due.bill_no).settled_fen
        session.add(
            ArrangedBill(
                arrangement_id=arrangement.id,
                bill_no=due.bill_no,
                due=due.due,
                owed_fen=due.principal_fen,
                settled_fen=settled_fen,
            )
        )
    for part in parts:
        session.add(
            ArrangedPart(
                arrangement_id=arrangement.id,
                number=part.number,
                day=part.day,
                amount_fen=part.amount_fen,
            )
        )
    session.flush()
    session.refresh(arrangement)


def _made(arrangement: Arrangement, parts: Sequence[Part]) -> ArrangementMade:
    return ArrangementMade(
        arrangement_id=arrangement.id,
        account_no=arrangement.account_no,
        user_id=arrangement.user_id,
        kind=arrangement.kind,
        state=arrangement.state,
        total_fen=arrangement.total_fen,
        parts=len(parts),
        first_day=parts[0].day,
        last_day=parts[-1].day,
    )
