"""From bills to notices: who is told what on a day, once, whatever happens to the run."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.arrears import choosing, foreseeing, running, sparing
from notifications.arrears.models import ReminderRun
from notifications.figures import params_of
from notifications.models import Notice
from runtime import clock
from runtime.database import Database
from service.insight.models import LateScore
from service.models import Bill
from tests.notifications.arrears.conftest import TODAY, Goes, Told
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_link,
    create_user,
)

Run = Callable[[], ReminderRun]


def _owes(session: Session, days_late: int, *, band: str | None = None, **fields: Any) -> str:
    """An account with a payer and a bill that is so many days late (less than 0: is to come)."""
    of_bill: dict[str, Any] = {
        name: fields.pop(name)
        for name in ("total_fen", "settled_fen", "case", "status")
        if name in fields
    }
    _user, account = create_customer(session, **fields)
    of_bill = {"total_fen": 20000, "due": TODAY - timedelta(days=days_late)} | of_bill
    create_bill(session, account, **of_bill)
    if band:
        score = LateScore(
            account_no=account.account_no,
            score=0.5,
            band=band,
            reasons=[],
            model_no=1,
            at=clock.now(),
        )
        session.add(score)
    return account.account_no


@pytest.mark.parametrize(
    ("days_late", "band", "kind"),
    [
        (-10, "high", "arrears.early"),
        (-10, "middle", None),
        (-5, "high", "arrears.before"),
        (-3, "high", None),
        (-3, "middle", "arrears.before"),
        (-3, "low", "arrears.before"),
        (-3, None, "arrears.before"),
        (0, None, "arrears.due"),
        (1, "high", None),
        (3, "low", "arrears.late_3"),
        (3, "high", "arrears.late_3"),
        (7, None, "arrears.late_7"),
        (15, None, "arrears.late_15"),
        (31, None, "arrears.formal"),
        (32, None, "arrears.formal"),
        (365, None, "arrears.formal"),
        (366, None, None),
    ],
)
def test_a_household_is_told_on_the_days_of_the_ladder(
    database: Database, run: Run, told: Told, days_late: int, band: str | None, kind: str | None
) -> None:
    with database.unit_of_work() as session:
        account_no = _owes(session, days_late, band=band)
    run()
    assert [each[:2] for each in told()] == ([(kind, account_no)] if kind else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"settled_fen": 20000},
        {"status": "cancelled"},
        {"total_fen": 99},
        {"settled_fen": 19901},
        {"total_fen": -300},
        {"closed": date(2026, 12, 1)},
        {"settlement": "prepaid"},
    ],
)
def test_nobody_is_told_who_owes_nothing_worth_a_message(
    database: Database, run: Run, told: Told, fields: dict[str, Any]
) -> None:
    with database.unit_of_work() as session:
        _owes(session, 3, **fields)
    run()
    assert told() == []


def test_a_firm_has_its_own_ladder_by_kind_or_by_tariff(
    database: Database, run: Run, told: Told
) -> None:
    two_part: dict[str, Any] = {
        "case": {
            "tariff": "demo-industrial-2part-capacity",
            "kwh": {"peak": "10", "flat": "10", "valley": "10"},
            "contract_kva": "100",
        }
    }
    with database.unit_of_work() as session:
        plant = _owes(session, -5, kind="industrial")
        tower = _owes(session, -5, kind="commercial")
        session.flush()
        bill = session.scalars(select(Bill).where(Bill.account_no == tower)).one()
        bill.tariff = two_part["case"]["tariff"]
        _owes(session, -5, kind="commercial")
    found = run()
    assert [each[:2] for each in told()] == [("arrears.before", plant), ("arrears.before", tower)]
    assert found.counts == {"enterprise": {"arrears.before": 2}}


def test_everybody_who_pays_is_told_and_an_unlinked_holder_by_phone(
    database: Database, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        owner, account = create_customer(session)
        payer, helper = create_user(session), create_user(session)
        create_link(session, payer, account, "payer")
        create_link(session, helper, account, "family_helper")
        lonely = create_account(session)
        for each in (account, lonely):
            create_bill(session, each, total_fen=5000, due=TODAY)
        wanted = {
            ("arrears.due", account.account_no, owner.id),
            ("arrears.due", account.account_no, payer.id),
            ("arrears.due", lonely.account_no, None),
        }
    run()
    assert set(told()) == wanted


def test_an_elder_is_called_and_the_helper_gets_a_copy(
    database: Database, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        owner, helper = create_user(session, elder_mode=True), create_user(session)
        account = create_account(session)
        create_link(session, owner, account)
        create_link(session, helper, account, "family_helper")
        create_bill(session, account, total_fen=5000, due=TODAY - timedelta(days=7))
        wanted = {
            ("arrears.late_7", account.account_no, owner.id),
            ("arrears.call", account.account_no, owner.id),
            ("arrears.helper", account.account_no, helper.id),
        }
    run()
    assert set(told()) == wanted
    with database.unit_of_work() as session:
        beside = select(Notice).where(Notice.kind != "arrears.late_7")
        assert [params_of(each) for each in session.scalars(beside)] == [
            {"rung": "arrears.late_7"}
        ] * 2


def test_several_bills_of_an_account_are_one_notice_from_the_hour_of_the_rung(
    database: Database, run: Run
) -> None:
    with database.unit_of_work() as session:
        user, account = create_customer(session)
        for period in ("2026-09", "2026-10"):
            create_bill(session, account, period, total_fen=60, due=TODAY + timedelta(days=3))
        key = f"arrears.before:{account.account_no}:2026-12-11:{user.id}"
    run()
    with database.unit_of_work() as session:
        notice = session.scalars(select(Notice)).one()
        assert notice.key == key
        assert notice.not_before == datetime(2026, 12, 8, 2, tzinfo=UTC)
        assert params_of(notice) == {"due": "2026-12-11"}


def test_what_is_late_and_what_comes_are_told_apart_and_of_late_rungs_the_firmest(
    database: Database, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        for days_late in (15, 3, -3):
            due = TODAY - timedelta(days=days_late)
            create_bill(session, account, total_fen=5000, due=due)
    run()
    assert [each[0] for each in told()] == ["arrears.before", "arrears.late_15"]


def test_a_run_again_tells_nothing_twice(database: Database, run: Run, told: Told) -> None:
    with database.unit_of_work() as session:
        _owes(session, 3)
    first = run()
    with database.unit_of_work() as session:
        session.get_one(ReminderRun, TODAY).state = "running"
        session.get_one(ReminderRun, TODAY).reached = ""
    assert (first.state, first.notices, len(told())) == ("done", 1, 1)
    again = run()
    assert (again.state, again.notices, len(told())) == ("done", 1, 1)


def test_a_run_that_dies_in_the_middle_goes_on_behind_its_last_piece(
    database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.unit_of_work() as session:
        accounts = sorted(_owes(session, 3) for _ in range(5))
    choose, pieces = choosing.choose, []

    def dies(session: Session, *args: Any) -> None:
        choose(session, *args)
        pieces.append(args[3:])
        if len(pieces) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(choosing, "choose", dies)
    with pytest.raises(KeyboardInterrupt):
        running.run(database, TODAY, piece=2)
    assert [each[1] for each in told()] == accounts[:2]
    found = running.run(database, TODAY, piece=2)
    assert [each[1] for each in told()] == accounts
    assert pieces == [
        ("", accounts[1]),
        (accounts[1], accounts[3]),
        (accounts[1], accounts[3]),
        (accounts[3], None),
    ]
    assert (found.pieces, found.notices) == (3, 5)
    assert found.counts == {"residential": {"arrears.late_3": 5}}


def test_days_without_a_run_are_made_up_for_by_the_latest_rung_alone(
    database: Database, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        late, before, due = (_owes(session, days) for days in (2, -8, -2))
    run()
    assert told() == []
    later(6)
    run()
    assert sorted(each[:2] for each in told()) == sorted(
        [("arrears.late_7", late), ("arrears.before", before), ("arrears.late_3", due)]
    )


def test_what_fell_long_ago_is_not_made_up_for(
    database: Database, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        _owes(session, 6)
    run()
    later(8.0)
    run()
    assert told() == []


def test_the_first_run_ever_tells_of_its_own_day_alone(
    database: Database, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        _owes(session, 4)
    assert run().since == date(2026, 12, 7)
    assert told() == []


def test_a_bill_that_another_room_spares_is_left_out(
    database: Database, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        spared, other = _owes(session, 3), _owes(session, 3)

    def bills(_day: date) -> Any:
        return select(Bill.bill_no).where(Bill.account_no == spared)

    sparing.spare(bills)
    try:
        run()
    finally:
        sparing.leave(bills)
    assert [each[1] for each in told()] == [other]


def test_the_days_to_come_are_counted_when_it_is_done(database: Database, run: Run) -> None:
    def ahead() -> dict[str, Any] | None:
        foreseeing.foresee(database, TODAY)
        with database.unit_of_work() as session:
            return session.scalar(select(ReminderRun.ahead))

    assert ahead() is None
    with database.unit_of_work() as session:
        _owes(session, -2)
        _owes(session, -4)
        _owes(session, 0, kind="commercial")
    found = run()
    assert found.counts == {"small": {"arrears.due": 1}}
    assert found.ahead is None
    assert ahead() == {
        "2026-12-09": {"residential": {"arrears.before": 1}},
        "2026-12-10": {"residential": {"arrears.due": 1}},
        "2026-12-11": {"small": {"arrears.late_3": 1}},
        "2026-12-12": {"residential": {"arrears.due": 1}},
        "2026-12-13": {},
        "2026-12-14": {"residential": {"arrears.late_3": 1}},
        "2026-12-15": {"residential": {"arrears.late_3": 1}, "small": {"arrears.late_7": 1}},
    }
