"""From the notice to the hour: each thing in time, or it is off; money always calls it off."""

from datetime import date, timedelta
from threading import Barrier, Thread
from types import SimpleNamespace

import msgspec
import pytest
from sqlalchemy import select, update

from runtime import clock
from runtime.errors import Conflict, Refused
from service.arrangements import making
from service.disconnections import (
    calling_off,
    note_told,
    note_unwarned,
    protecting,
    watching,
)
from service.disconnections.models import Disconnection
from service.disconnections.rules import rules
from service.events import (
    DisconnectionNear,
    DisconnectionPlanned,
    PaymentPosted,
)
from service.models import Account, Bill
from tests.service.builders import create_posting
from tests.service.disconnections.conftest import BEFORE, HOUR, NOW, off, state, warned


def settle(database, **settled):
    with database.unit_of_work() as session:
        for bill_no, fen in settled.items():
            session.get_one(Bill, bill_no).settled_fen += fen
        account = session.scalars(
            select(Account).where(
                Account.account_no.in_(select(Bill.account_no).where(Bill.bill_no.in_(settled)))
            )
        ).one()
        posting = create_posting(session, account, sum(settled.values()), posted_at=clock.now())
        return PaymentPosted(
            posting.posting_no,
            account.account_no,
            posting.order_no,
            posting.amount_fen,
            posting.posted_at,
        )


def posted(database, event):
    with database.unit_of_work() as session:
        calling_off.on_posted(session, event)


def test_the_course_of_one(database, home, told, noticed, at):
    at(BEFORE - timedelta(minutes=1))
    assert (state(database), told) == (("noticed", None), [])
    at(BEFORE)
    assert warned(database, noticed) is True
    at(BEFORE + timedelta(minutes=1))
    assert told == [DisconnectionNear(noticed, home.account, HOUR, 30, 34951)]
    at(HOUR - timedelta(seconds=1))
    assert state(database) == ("noticed", None)
    at(HOUR)
    at(HOUR + timedelta(hours=5))
    assert state(database) == ("due", None)
    assert len(told) == 1


def test_others_are_warned_an_hour_and_half_an_hour_before(database, home, told, ask, approve, at):
    with database.unit_of_work() as session:
        session.execute(
            update(Account).where(Account.account_no == home.account).values(kind="commercial")
        )
    number = ask()
    approve()
    with database.unit_of_work() as session:
        note_told(session, number, NOW)
    at(HOUR - timedelta(minutes=60))
    warned(database, number, 60)
    at(BEFORE)
    warned(database, number, 30)
    at(HOUR)
    assert [type(each) for each in told] == [
        DisconnectionPlanned,
        DisconnectionNear,
        DisconnectionNear,
    ]
    assert [each.minutes_before for each in told[1:]] == [60, 30]
    assert state(database) == ("due", None)


def test_without_a_notice_in_time_it_is_off(database, home, told, planned, at):
    at(HOUR - timedelta(days=7))
    assert state(database) == ("planned", None)
    at(HOUR - timedelta(days=7) + timedelta(seconds=1))
    assert state(database) == ("called_off", "notice_late")
    assert told == [off(planned, home, "notice_late", "planned", told=False)]


def test_a_notice_that_went_out_too_late_does_not_count(database, home, told, planned, at):
    with database.unit_of_work() as session:
        note_told(session, planned, HOUR - timedelta(days=7) + timedelta(seconds=1))
    at(NOW)
    assert state(database) == ("called_off", "notice_late")


def test_the_first_word_of_the_notice_counts(database, noticed):
    with database.unit_of_work() as session:
        assert note_told(session, noticed, NOW + timedelta(days=5)) is False
        assert session.get_one(Disconnection, noticed).notice_told_at == NOW
        assert note_told(session, 999, NOW) is False


def test_a_plan_that_nobody_approved_in_time(database, home, told, ask, at):
    number = ask()
    at(HOUR - timedelta(days=7) + timedelta(seconds=1))
    assert told == [off(number, home, "undecided", "asked", told=False)]


def test_a_warning_that_was_missed_calls_it_off(database, told, noticed, at):
    at(BEFORE + timedelta(minutes=5, seconds=1))
    assert state(database) == ("called_off", "warning_late")


def test_a_warning_may_be_a_few_minutes_late(database, told, noticed, at):
    at(BEFORE + timedelta(minutes=5))
    assert [each.minutes_before for each in told] == [30]


def test_a_warning_that_went_out_to_nobody_calls_it_off(database, home, told, noticed, at):
    """Until somebody is told it is said again; whoever tells it does so once."""
    at(BEFORE)
    at(BEFORE + timedelta(minutes=5))
    assert told == [DisconnectionNear(noticed, home.account, HOUR, 30, 34951)] * 2
    assert state(database) == ("noticed", None)
    at(BEFORE + timedelta(minutes=5, seconds=1))
    assert state(database) == ("called_off", "warning_late")


@pytest.mark.parametrize("missing", [60, 30])
def test_each_of_the_warnings_is_needed(database, home, told, ask, approve, at, missing):
    with database.unit_of_work() as session:
        session.execute(
            update(Account).where(Account.account_no == home.account).values(kind="commercial")
        )
    number = ask()
    approve()
    with database.unit_of_work() as session:
        note_told(session, number, NOW)
    for minutes in {60, 30} - {missing}:
        warned(database, number, minutes, HOUR - timedelta(minutes=minutes))
    at(HOUR)
    assert state(database) == ("called_off", "warning_late")


def test_a_warning_that_went_out_too_late_does_not_count(database, told, noticed, at):
    at(BEFORE)
    warned(database, noticed, 30, BEFORE + timedelta(minutes=5, seconds=1))
    at(BEFORE + timedelta(minutes=6))
    assert state(database) == ("called_off", "warning_late")


def test_a_warning_that_reached_nobody_after_all_calls_it_off(database, told, noticed, at):
    at(BEFORE)
    warned(database, noticed)
    at(BEFORE + timedelta(minutes=20))
    assert state(database) == ("noticed", None)
    with database.unit_of_work() as session:
        note_unwarned(session, noticed, 30)
    at(BEFORE + timedelta(minutes=21))
    assert state(database) == ("called_off", "warning_late")


def test_a_warning_just_before_the_hour_is_needed_too(database, told, noticed, at, monkeypatch):
    """At the hour it may still be a few minutes late; then it is waited for."""
    soon = msgspec.structs.replace(rules().classes.residential, warn_minutes=(1,))
    classes = msgspec.structs.replace(rules().classes, residential=soon)
    changed = msgspec.structs.replace(rules(), classes=classes)
    monkeypatch.setattr(watching, "rules", lambda: changed)
    at(HOUR)
    assert state(database) == ("noticed", None)
    warned(database, noticed, 1)
    at(HOUR + timedelta(minutes=1))
    assert state(database) == ("due", None)


def test_the_first_word_of_a_warning_counts(database, noticed):
    assert warned(database, noticed) is True
    assert warned(database, noticed) is False
    assert warned(database, 999) is False


def test_nothing_is_done_when_the_hour_has_gone_by(database, told, noticed, at):
    at(BEFORE)
    warned(database, noticed)
    at(HOUR + timedelta(minutes=30, seconds=1))
    assert state(database) == ("called_off", "hour_passed")


def test_nothing_is_done_on_an_old_copy(database, go_to, told, noticed, at):
    at(HOUR - timedelta(hours=27))
    go_to(BEFORE)
    watching.watch(database)
    assert state(database) == ("called_off", "stale")


def test_all_that_is_overdue_is_paid(database, home, told, noticed):
    posted(database, settle(database, **{home.old: 20000}))
    assert state(database) == ("noticed", None)
    posted(database, settle(database, **{home.new: 14951}))
    assert state(database) == ("called_off", "paid")
    assert told == [off(noticed, home, "paid")]


def test_paying_ends_one_whose_hour_has_come(database, home, told, noticed, at):
    at(BEFORE)
    warned(database, noticed)
    at(HOUR)
    posted(database, settle(database, **{home.old: 20000, home.new: 14951}))
    assert told[1:] == [off(noticed, home, "paid", "due")]


def test_history_of_a_first_load_calls_nothing_off(database, home, told, noticed):
    event = settle(database, **{home.old: 20000, home.new: 14951})
    old = SimpleNamespace(account_no=home.account, posted_at=NOW - timedelta(days=4))
    posted(database, old)
    assert state(database) == ("noticed", None)
    posted(database, event)
    assert state(database) == ("called_off", "paid")


def test_what_is_left_is_not_late_enough(database, home, told, noticed, at):
    """The oldest is paid; the other one is 32 days late at the hour, 23 today."""
    settle(database, **{home.old: 20000})
    at(NOW)
    assert state(database) == ("called_off", "not_overdue")


@pytest.mark.parametrize("some", [False, True])
def test_a_promise_of_all_that_is_overdue_calls_it_off_at_once(
    database, home, told, noticed, at, some
):
    with database.unit_of_work() as session:
        day = clock.today() + timedelta(days=15)
        bill_nos = [home.old] if some else [home.old, home.new]
        making.promise(session, home.user, home.account, bill_nos, day)
    assert told == ([] if some else [off(noticed, home, "arrangement")])
    at(NOW + timedelta(minutes=1))
    assert state(database) == (("noticed", None) if some else ("called_off", "arrangement"))


def test_a_question_calls_it_off_too_while_nobody_has_answered(database, home, told, noticed, at):
    with database.unit_of_work() as session:
        first = clock.today() + timedelta(days=20)
        making.ask(session, home.user, home.account, 2, first, "住院了")
    assert (state(database), told) == (("noticed", None), [])
    at(NOW + timedelta(minutes=1))
    assert told == [off(noticed, home, "arrangement")]


def test_protecting_an_account_calls_it_off(database, home, told, noticed):
    with database.unit_of_work() as session:
        protecting.protect(session, home.account, "important", None, "医院", by=home.lead)
    assert told == [off(noticed, home, "protected", by=home.lead)]


def test_the_desk_calls_it_off_for_a_reason(database, home, told, noticed):
    with database.unit_of_work() as session, pytest.raises(Refused, match="reason_missing"):
        calling_off.by_the_desk(session, noticed, " ", by=home.finance)
    with database.unit_of_work() as session:
        calling_off.by_the_desk(session, noticed, "客户来电，家里有病人", by=home.finance)
    assert told == [off(noticed, home, "desk", by=home.finance)]
    with database.unit_of_work() as session, pytest.raises(Conflict, match="over"):
        calling_off.by_the_desk(session, noticed, "再一次", by=home.finance)


def test_after_it_was_called_off_it_can_be_planned_again(database, home, told, noticed, ask):
    with database.unit_of_work() as session:
        calling_off.by_the_desk(session, noticed, "日子写错了", by=home.finance)
    assert ask() == noticed + 1


@pytest.mark.parametrize("again", range(3))
def test_money_and_the_hour_at_the_same_moment(
    database, home, told, noticed, at, go_to, caught_up, again
):
    """Whichever is first: in the end it is called off, and the customer is told so once."""
    at(BEFORE)
    warned(database, noticed)
    go_to(HOUR)
    caught_up()
    event, start = settle(database, **{home.old: 20000, home.new: 14951}), Barrier(2)

    def money():
        start.wait()
        posted(database, event)

    def hour():
        start.wait()
        watching.watch(database)

    threads = [Thread(target=each) for each in (money, hour)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert state(database) == ("called_off", "paid")
    assert told[1:] == [off(noticed, home, "paid")]


def test_a_paid_bill_of_the_future_does_not_matter(database, home, told, noticed, at):
    with database.unit_of_work() as session:
        session.execute(update(Bill).where(Bill.bill_no == home.new).values(due=date(2026, 12, 18)))
    posted(database, settle(database, **{home.old: 20000}))
    assert state(database) == ("called_off", "paid")
