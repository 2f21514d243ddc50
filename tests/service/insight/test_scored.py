"""Scores of accounts, and the jobs that bring them."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from msgspec.structs import replace
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from runtime import clock, jobs
from runtime.database import Database
from runtime.errors import NotFound, Refused
from service.audit import AuditEntry
from service.insight import objecting, scored, work
from service.insight.models import LateModel, LateScore
from service.insight.rules import rules
from service.insight.scoring import Model
from service.models import Account
from tests.service import builders
from tests.service.insight.conftest import bill, pay

NOW = "2026-11-21T02:00:00Z"
RULES = rules()
FIRST, SECOND, THIRD = "420000000001", "420000000002", "420000000003"
COUNTED = Model(method="counted", base=0.1, prior_bills=4)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def create_model(session: Session, model: Model = COUNTED) -> int:
    row = LateModel(
        method=model.method, trained_at=clock.now(), bills=9, late=1, numbers=model.as_json()
    )
    session.add(row)
    session.flush()
    return row.model_no


def score(session: Session, model_no: int, piece: tuple[str, str | None] = ("", None)) -> int:
    return scored.score_piece(session, model_no, *piece, RULES)


def scores(session: Session) -> dict[str, tuple[float, str]]:
    session.expire_all()
    rows = session.scalars(select(LateScore).order_by(LateScore.account_no))
    return {each.account_no: (each.score, each.band) for each in rows}


def late_payer(session: Session, number: str = FIRST, **fields: Any) -> Account:
    """Four bills, two of them paid ten days late; the fifth waits until the end of the month."""
    account = builders.create_account(session, number, **fields)
    for month, day in ((6, 18), (7, 28), (8, 18), (9, 28)):
        issued = bill(session, account, f"2026-{month:02}")
        pay(session, account, issued, date(2026, month + 1, day))
    bill(session, account, "2026-10", due=date(2026, 11, 30))
    session.flush()
    return account


def test_a_score_with_its_band_and_reasons(session: Session) -> None:
    late_payer(session)
    builders.create_account(session, SECOND)
    model_no = create_model(session)
    assert score(session, model_no) == 2
    assert scores(session) == {FIRST: (0.3, "middle"), SECOND: (0.1, "low")}
    kept = session.get_one(LateScore, FIRST)
    assert kept.reasons == [{"code": "history", "bills": 4, "late": 2, "days": 10}]
    assert (kept.model_no, kept.at) == (model_no, clock.now())


def test_it_is_written_again_as_things_change(session: Session) -> None:
    account = late_payer(session)
    model_no = create_model(session)
    score(session, model_no)
    bill(session, account, "2026-05", due=date(2026, 6, 18))
    assert score(session, model_no) == 1
    assert scores(session) == {FIRST: (round(3.4 / 9, 4), "middle")}


def test_no_score_for_prepaid_and_closed_accounts_nor_for_those_that_are_gone(
    session: Session,
) -> None:
    account = late_payer(session)
    model_no = create_model(session)
    score(session, model_no)
    account.closed = date(2026, 11, 20)
    builders.create_account(session, SECOND, settlement="prepaid")
    session.add(_score_of(THIRD, model_no))
    session.flush()
    assert score(session, model_no) == 0
    assert scores(session) == {}


def _score_of(number: str, model_no: int) -> LateScore:
    return LateScore(
        account_no=number, score=0.5, band="high", reasons=[], model_no=model_no, at=clock.now()
    )


def test_a_piece_leaves_the_others_alone(session: Session) -> None:
    for number in (FIRST, SECOND, THIRD):
        builders.create_account(session, number)
    model_no = create_model(session)
    pieces = scored.bounds(session, 2)
    assert pieces == [{"first": "", "until": THIRD}, {"first": THIRD, "until": None}]
    session.add(_score_of(THIRD, model_no))
    session.flush()
    assert score(session, model_no, ("", THIRD)) == 2
    assert scores(session)[THIRD] == (0.5, "high")


def test_whoever_objects_has_no_score_until_they_agree_again(session: Session) -> None:
    late_payer(session)
    person = builders.create_user(session, staff_role="finance")
    model_no = create_model(session)
    score(session, model_no)
    with pytest.raises(Refused, match=r"trail\.reason_needed"):
        objecting.take_objection(session, FIRST, " ", by=person.id)
    assert FIRST in scores(session)
    for _twice in range(2):
        objecting.take_objection(session, FIRST, "来电说不愿意", by=person.id)
    assert score(session, model_no) == 0
    assert scores(session) == {}
    objecting.end_objection(session, FIRST, "来电说可以", by=person.id)
    assert score(session, model_no) == 1
    deeds = [each.deed for each in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert deeds == ["late.objected", "late.objected", "late.resumed"]
    with pytest.raises(NotFound, match=r"customer\.not_found"):
        objecting.take_objection(session, THIRD, "谁", by=person.id)


@pytest.fixture
def working(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Jobs of this test work on its database, on accounts two by two."""
    jobs.use_database(database)
    monkeypatch.setattr(work, "rules", lambda: replace(RULES, chunk=2))
    return database


def waiting(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.unit_of_work() as session:
        rows = session.execute(
            text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        ).all()
        return [(name, args) for name, args in rows]


def test_a_night_learns_and_asks_for_pieces(session: Session, working: Database) -> None:
    for number in (FIRST, SECOND, THIRD):
        builders.create_account(session, number)
    builders.create_account(session, "430000000001", kind="industrial", settlement="prepaid")
    session.commit()
    work.learn(0)
    work.learn(0)
    assert session.scalars(select(LateModel.model_no)).all() == [1]
    assert waiting(working) == [("insight.score", {})]
    work.score()
    work.falls(0)
    assert waiting(working)[1:] == [
        ("insight.score_piece", {"model_no": 1, "first": "", "until": THIRD}),
        ("insight.score_piece", {"model_no": 1, "first": THIRD, "until": None}),
        ("insight.falls_piece", {"first": "", "until": None}),
    ]
    for name, args in waiting(working)[1:]:
        task = {"insight.score_piece": work.score_piece, "insight.falls_piece": work.find_falls}
        task[name](**args)
    assert set(scores(session)) == {FIRST, SECOND, THIRD}
