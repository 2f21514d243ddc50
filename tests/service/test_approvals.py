"""Two people for one deed: what is asked, who may answer, and what follows from it."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime import crypto, events
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.audit import AuditEntry
from service.events import ActionApproved, ActionDeclined
from service.models import User

PARAMS = {"amount_fen": 14951, "parts": {"420011875603": 14951}}


@pytest.fixture
def staff(database: Database) -> tuple[int, int]:
    """Two members of staff: one who asks and one who decides."""
    with database.unit_of_work() as session:
        people = [_person(f"1380000000{number}") for number in (1, 2)]
        session.add_all(people)
        session.flush()
        return people[0].id, people[1].id


def _person(phone: str) -> User:
    return User(
        phone=phone,
        phone_index=crypto.blind_index(phone, "user.phone"),
        language="zh",
        theme="system",
        elder_mode=False,
    )


def _ask(database: Database, by: int, subject: str = "D1", kind: str = "refund") -> int:
    with database.unit_of_work() as session:
        return approvals.ask(session, kind, subject, PARAMS, "抄错了表", by=by).id


def _row(database: Database, approval_id: int) -> tuple[Any, ...]:
    with database.unit_of_work() as session:
        row = session.get_one(Approval, approval_id)
        return (row.status, row.decided_by, row.decided_at is not None, row.decision_note)


def test_a_second_person_approves_and_the_rooms_hear_it_once(
    database: Database, staff: tuple[int, int]
) -> None:
    asker, other = staff
    asked = _ask(database, asker)
    heard: list[ActionApproved] = []
    with events.subscribed(ActionApproved, lambda _session, event: heard.append(event)):
        with database.unit_of_work() as session:
            approvals.approve(session, asked, by=other)
        with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
            approvals.approve(session, asked, by=other)
    assert refusal.value.code == "approval.decided"
    assert heard == [ActionApproved(asked, "refund", "D1", PARAMS, asker, other)]
    assert _row(database, asked) == ("approved", other, True, None)


def test_a_decline_carries_its_note(database: Database, staff: tuple[int, int]) -> None:
    asker, other = staff
    asked = _ask(database, asker)
    heard: list[ActionDeclined] = []
    with (
        events.subscribed(ActionDeclined, lambda _session, event: heard.append(event)),
        database.unit_of_work() as session,
    ):
        approvals.decline(session, asked, "金额不对", by=other)
    assert heard == [ActionDeclined(asked, "refund", "D1", PARAMS, asker, other, "金额不对")]
    assert _row(database, asked) == ("declined", other, True, "金额不对")


@pytest.mark.parametrize("decide", [approvals.approve, partial(approvals.decline, note="不行")])
def test_nobody_decides_what_they_asked_for(
    database: Database, staff: tuple[int, int], decide: Callable[..., Approval]
) -> None:
    asker, _other = staff
    asked = _ask(database, asker)
    with database.unit_of_work() as session, pytest.raises(Forbidden) as refusal:
        decide(session, asked, by=asker)
    assert refusal.value.code == "approval.own"
    assert _row(database, asked) == ("asked", None, False, None)


def test_the_database_refuses_it_too(database: Database, staff: tuple[int, int]) -> None:
    asked = _ask(database, staff[0])
    with (
        pytest.raises(IntegrityError, match="ck_approval_second_person"),
        database.unit_of_work() as session,
    ):
        session.execute(
            text("update approval set status = 'approved', decided_by = :by, decided_at = now()"),
            {"by": staff[0]},
        )
    assert _row(database, asked)[0] == "asked"


@pytest.mark.parametrize(
    "change",
    [
        "update approval set params = '{\"amount_fen\": 99999}'",
        "update approval set asked_by = (select max(id) from user_account)",
        "delete from approval",
    ],
)
def test_a_question_stays_as_it_was_asked(
    database: Database, staff: tuple[int, int], change: str
) -> None:
    _ask(database, staff[0])
    with (
        pytest.raises(DBAPIError, match="stays as it was asked"),
        database.unit_of_work() as session,
    ):
        session.execute(text(change))


def test_a_decision_stays(database: Database, staff: tuple[int, int]) -> None:
    asked = _ask(database, staff[0])
    with database.unit_of_work() as session:
        approvals.decline(session, asked, "", by=staff[1])
    with (
        pytest.raises(DBAPIError, match="stays as it was asked"),
        database.unit_of_work() as session,
    ):
        session.execute(text("update approval set status = 'approved'"))


def test_the_same_is_asked_once_at_a_time(database: Database, staff: tuple[int, int]) -> None:
    first = _ask(database, staff[0])
    with pytest.raises(Conflict) as refusal:
        _ask(database, staff[1])
    assert refusal.value.code == "approval.asked"
    other_subject, other_kind = (
        _ask(database, staff[0], "D2"),
        _ask(database, staff[0], kind="shift"),
    )
    with database.unit_of_work() as session:
        assert [each.id for each in approvals.waiting(session)] == [
            first,
            other_subject,
            other_kind,
        ]
        assert [each.id for each in approvals.waiting(session, ["shift"])] == [other_kind]
        approvals.decline(session, first, "", by=staff[1])
    again = _ask(database, staff[0])
    with database.unit_of_work() as session:
        assert [each.id for each in approvals.waiting(session, ["refund"])] == [
            other_subject,
            again,
        ]


def test_whoever_asked_may_take_it_back(database: Database, staff: tuple[int, int]) -> None:
    asker, other = staff
    asked = _ask(database, asker)
    with database.unit_of_work() as session, pytest.raises(Forbidden) as refusal:
        approvals.withdraw(session, asked, by=other)
    assert refusal.value.code == "approval.not_own"
    with database.unit_of_work() as session:
        approvals.withdraw(session, asked, by=asker)
    assert _row(database, asked) == ("withdrawn", asker, True, None)
    with database.unit_of_work() as session, pytest.raises(Conflict):
        approvals.approve(session, asked, by=other)


def test_what_is_not_there_cannot_be_decided(database: Database, staff: tuple[int, int]) -> None:
    with database.unit_of_work() as session, pytest.raises(NotFound) as refusal:
        approvals.approve(session, 4711, by=staff[1])
    assert refusal.value.code == "approval.not_found"


def test_a_listener_that_fails_leaves_the_question_open(
    database: Database, staff: tuple[int, int]
) -> None:
    asked = _ask(database, staff[0])

    def refuse(_session: object, _event: ActionApproved) -> None:
        raise Conflict("refund.too_much")

    with (
        events.subscribed(ActionApproved, refuse),
        database.unit_of_work() as session,
        pytest.raises(Conflict),  # and the transaction is committed
    ):
        approvals.approve(session, asked, by=staff[1])
    assert _row(database, asked) == ("asked", None, False, None)


def test_of_two_who_decide_at_once_one_decides(database: Database, staff: tuple[int, int]) -> None:
    asker, other = staff
    asked = _ask(database, asker)
    heard: list[ActionApproved] = []
    outcomes: list[str] = []
    barrier = Barrier(4)

    def decide() -> None:
        barrier.wait()
        try:
            with database.unit_of_work() as session:
                approvals.approve(session, asked, by=other)
            outcomes.append("approved")
        except Refused as refusal:
            outcomes.append(refusal.code)

    with events.subscribed(ActionApproved, lambda _session, event: heard.append(event)):
        threads = [Thread(target=decide) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["approval.decided"] * 3 + ["approved"]
    assert len(heard) == 1
    with database.unit_of_work() as session:
        assert session.scalars(select(Approval.status)).all() == ["approved"]


def _trail(database: Database) -> list[tuple[int, str, str, str | None, str]]:
    with database.unit_of_work() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [
            (each.user_id, each.deed, each.subject, each.reason, each.about) for each in entries
        ]


def test_who_asked_and_who_decided_is_in_the_trail(
    database: Database, staff: tuple[int, int]
) -> None:
    asker, other = staff
    for number, decide in enumerate((approvals.approve, approvals.decline, approvals.withdraw), 1):
        asked = _ask(database, asker, f"{number}", "difference")
        by = asker if decide is approvals.withdraw else other
        note = {"note": "不对"} if decide is approvals.decline else {}
        with database.unit_of_work() as session:
            decide(session, asked, by=by, **note)  # type: ignore[operator]
    numbers = [f"approval {each}" for each in (asked - 2, asked - 1, asked)]
    assert _trail(database) == [
        (asker, "approval.asked", "difference 1", "抄错了表", numbers[0]),
        (other, "approval.approved", "difference 1", None, numbers[0]),
        (asker, "approval.asked", "difference 2", "抄错了表", numbers[1]),
        (other, "approval.declined", "difference 2", "不对", numbers[1]),
        (asker, "approval.asked", "difference 3", "抄错了表", numbers[2]),
        (asker, "approval.withdrawn", "difference 3", None, numbers[2]),
    ]


def test_what_was_refused_is_not_in_the_trail(database: Database, staff: tuple[int, int]) -> None:
    asker, _other = staff
    asked = _ask(database, asker)
    with database.unit_of_work() as session:
        with pytest.raises(Conflict):
            approvals.ask(session, "refund", "D1", PARAMS, "又来", by=asker)
        with pytest.raises(Forbidden):
            approvals.approve(session, asked, by=asker)
    assert [deed for _, deed, *_ in _trail(database)] == ["approval.asked"]
