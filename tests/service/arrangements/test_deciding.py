"""The desk decides about instalments: one person, two above a sum, and each question once."""

from datetime import date
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from runtime import events
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.arrangements import deciding, making
from service.arrangements.models import Arrangement
from service.audit import AuditEntry
from service.events import ActionApproved, ArrangementDecided
from service.models import Bill

FIRST = date(2026, 12, 21)


@pytest.fixture
def told():
    """The answers that customers hear; what is approved is done."""
    heard = []
    with (
        events.subscribed(ArrangementDecided, lambda _session, event: heard.append(event)),
        events.subscribed(ActionApproved, deciding.on_approved),
    ):
        yield heard


def _ask(database, home):
    with database.unit_of_work() as session:
        return making.ask(session, home.user, home.account, 2, FIRST, "住院了").id


@pytest.fixture
def asked(database, home):
    return _ask(database, home)


@pytest.fixture
def large(database, home):
    """More than ¥5,000.00."""
    with database.unit_of_work() as session:
        session.execute(
            update(Bill)
            .where(Bill.bill_no == home.new)
            .values(total_fen=500_000, consumption_fen=500_000)
        )
    return _ask(database, home)


def state(database, arrangement_id):
    with database.unit_of_work() as session:
        found = session.get_one(Arrangement, arrangement_id)
        return found.state, found.decided_by


def trail(database):
    with database.unit_of_work() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(each.user_id, each.deed, each.subject, each.about) for each in found]


def test_yes(database, home, told, asked):
    with database.unit_of_work() as session:
        assert deciding.agree(session, asked, by=home.finance) is True
    assert state(database, asked) == ("active", home.finance)
    assert told == [ArrangementDecided(asked, home.account, home.user, True, False, "", FIRST)]
    assert trail(database) == [
        (home.finance, "arrangement.agreed", home.account, f"arrangement {asked}")
    ]


def test_no_says_why(database, home, told, asked):
    with database.unit_of_work() as session, pytest.raises(Refused) as refusal:
        deciding.decline(session, asked, " ", by=home.finance)
    assert refusal.value.code == "arrangement.note_missing"
    with database.unit_of_work() as session:
        deciding.decline(session, asked, "请先缴一部分", by=home.finance)
    assert state(database, asked) == ("declined", home.finance)
    assert told == [
        ArrangementDecided(asked, home.account, home.user, False, False, "请先缴一部分", FIRST)
    ]
    assert [entry[1] for entry in trail(database)] == ["arrangement.declined"]


def test_a_question_is_decided_once(database, home, told, asked):
    with database.unit_of_work() as session:
        deciding.decline(session, asked, "请先缴一部分", by=home.finance)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        deciding.agree(session, asked, by=home.lead)
    assert refusal.value.code == "arrangement.decided"
    assert len(told) == 1
    with database.unit_of_work() as session, pytest.raises(NotFound):
        deciding.agree(session, asked + 1, by=home.lead)


def test_what_is_out_of_date_is_not_agreed_to(database, home, told, asked, travel):
    travel(11)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        deciding.agree(session, asked, by=home.finance)
    assert refusal.value.code == "arrangement.out_of_date"
    assert (state(database, asked), told) == (("asked", None), [])


def test_much_money_takes_two(database, home, told, large):
    with database.unit_of_work() as session:
        assert deciding.agree(session, large, by=home.finance) is False
    assert state(database, large) == ("asked", None)
    with database.unit_of_work() as session:
        number = session.scalars(select(Approval.id)).one()
        with pytest.raises(Forbidden):
            approvals.approve(session, number, by=home.finance)
        approvals.approve(session, number, by=home.lead)
    assert state(database, large) == ("active", home.lead)
    assert [event.agreed for event in told] == [True]
    assert [(entry[0], entry[1]) for entry in trail(database)] == [
        (home.finance, "arrangement.wanted"),
        (home.lead, "approval.approved"),
    ]


def test_while_a_second_person_is_asked_nobody_else_decides(database, home, large):
    with database.unit_of_work() as session:
        deciding.agree(session, large, by=home.finance)
    for deed in (deciding.agree, lambda *args, **by: deciding.decline(*args, "不行", **by)):
        with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
            deed(session, large, by=home.lead)
        assert refusal.value.code == "approval.asked"


def test_when_the_second_person_says_no_the_question_is_open_again(database, home, told, large):
    with database.unit_of_work() as session:
        deciding.agree(session, large, by=home.finance)
        number = session.scalars(select(Approval.id)).one()
    with database.unit_of_work() as session:
        approvals.decline(session, number, "先缴一半", by=home.lead)
    assert (state(database, large), told) == (("asked", None), [])
    with database.unit_of_work() as session:
        deciding.decline(session, large, "请先缴一半", by=home.finance)
    assert [event.note for event in told] == ["请先缴一半"]


def test_an_approval_of_what_was_taken_back_does_nothing(database, home, told, large):
    with database.unit_of_work() as session:
        deciding.agree(session, large, by=home.finance)
        making.withdraw(session, home.user, home.account)
    with database.unit_of_work() as session, pytest.raises(Conflict):
        approvals.approve(session, session.scalars(select(Approval.id)).one(), by=home.lead)
    assert (state(database, large), told) == (("cancelled", None), [])


@pytest.mark.parametrize("again", range(3))
def test_of_two_who_decide_at_once_one_does(database, home, told, asked, again):
    start, refused = Barrier(2), []

    def decide(how):
        start.wait()
        try:
            with database.unit_of_work() as session:
                how(session)
        except Conflict as refusal:
            refused.append(refusal.code)

    threads = [
        Thread(target=decide, args=(how,))
        for how in (
            lambda session: deciding.agree(session, asked, by=home.finance),
            lambda session: deciding.decline(session, asked, "不行", by=home.lead),
        )
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert refused == ["arrangement.decided"]
    found, by = state(database, asked)
    assert (found, by) in [("active", home.finance), ("declined", home.lead)]
    assert [event.agreed for event in told] == [found == "active"]


def test_after_a_broken_one_nobody_pays_in_parts_for_a_year(database, home, asked, travel):
    with database.unit_of_work() as session:
        deciding.agree(session, asked, by=home.finance)
        session.execute(update(Arrangement).values(state="broken", ended_at=Arrangement.decided_at))
    travel(364)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        making.ask(session, home.user, home.account, 2, date(2027, 12, 20), "又住院了")
    assert refusal.value.code == "arrangement.broken_lately"
    travel(1)
    with database.unit_of_work() as session:
        making.ask(session, home.user, home.account, 2, date(2027, 12, 20), "又住院了")
