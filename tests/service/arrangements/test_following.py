"""Kept or broken, by what the copy of the core says: as money is posted, and each morning."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from runtime import clock
from service.arrangements import following, making, paused, showing
from service.arrangements.models import Arrangement
from service.events import (
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    ArrangementMade,
    InstalmentDue,
)
from service.models import Bill
from tests.service import paying
from tests.service.builders import create_bill

TODAY = date(2026, 12, 11)


@pytest.fixture
def promised(database, home):
    """The older bill, ¥200.00, is promised by 21 December."""
    with database.unit_of_work() as session:
        day = TODAY + timedelta(days=10)
        return making.promise(session, home.user, home.account, [home.old], day).id


@pytest.fixture
def agreed(database, home):
    """All of ¥369.75 in three parts of ¥123.25, by 21 December, 21 January, 22 February."""
    with database.unit_of_work() as session:
        made = making.ask(session, home.user, home.account, 3, date(2026, 12, 21), "住院了")
        made.state = "active"
        return made.id


def state(database, arrangement_id):
    with database.unit_of_work() as session:
        return session.get_one(Arrangement, arrangement_id).state


def posted(database, event):
    with database.unit_of_work() as session:
        following.on_posted(session, event)


def resting(database, day):
    with database.unit_of_work() as session:
        return set(session.scalars(select(paused(day).c.account_no)))


def kinds(told):
    return [type(each) for each in told]


def test_a_promise_is_kept_as_the_money_is_posted(database, home, told, pay, promised):
    posted(database, pay(**{home.old: 15000}))
    assert state(database, promised) == "active"
    posted(database, pay(**{home.old: 5000}, late_fen=1700))
    assert state(database, promised) == "kept"
    assert told[1:] == [ArrangementKept(promised, home.account, home.user, "promise", 21680)]
    assert resting(database, TODAY) == set()


def test_a_new_bill_is_not_part_of_it(database, home, told, pay, promised):
    with database.unit_of_work() as session:
        account = session.get_one(Bill, home.old)
        create_bill(session, account, "2026-11", total_fen=9000, due=date(2026, 12, 18))
    posted(database, pay(**{home.old: 20000}))
    assert state(database, promised) == "kept"


def test_history_of_a_first_load_is_left_to_the_morning(database, home, told, pay, promised):
    event = pay(**{home.old: 20000})
    with database.unit_of_work() as session:
        old = type(event)(
            event.posting_no,
            event.account_no,
            event.order_no,
            event.amount_fen,
            event.posted_at - timedelta(days=4),
        )
        following.on_posted(session, old)
    assert state(database, promised) == "active"
    following.follow_all(database)
    assert state(database, promised) == "kept"


@pytest.mark.parametrize(("days", "expected"), [(10, "active"), (11, "active"), (12, "broken")])
def test_a_promise_is_broken_after_a_day_of_grace(
    database, home, told, caught_up, promised, travel, days, expected
):
    travel(days)
    caught_up()
    following.follow_all(database)
    following.follow_all(database)
    assert state(database, promised) == expected
    broken = ArrangementBroken(
        promised, home.account, home.user, "promise", date(2026, 12, 21), 21680
    )
    assert [each for each in told if isinstance(each, ArrangementBroken)] == (
        [broken] if expected == "broken" else []
    )


def test_the_pause_ends_as_it_is_broken(database, home, caught_up, promised, travel):
    assert resting(database, TODAY) == {home.account}
    travel(12)
    caught_up()
    following.follow_all(database)
    assert resting(database, clock.today()) == set()


def test_nothing_is_broken_on_an_old_copy(database, home, caught_up, promised, travel):
    travel(11)
    caught_up()
    travel(5)
    following.follow_all(database)
    assert state(database, promised) == "active"
    caught_up()
    following.follow_all(database)
    assert state(database, promised) == "broken"


@pytest.mark.parametrize("own", [False, True])
def test_nothing_is_broken_while_money_is_on_its_way_to_the_core(
    database, home, pay, caught_up, promised, travel, own
):
    """It is judged as it is posted: all of it keeps the promise, some of it does not."""
    travel(12)
    caught_up()
    with paying.known():
        with database.unit_of_work() as session:
            items = {"own": 15000} if own else {home.old: 21680}
            paid = paying.pay(session, home.user, home.account, **items).id
        following.follow_all(database)
        assert state(database, promised) == "active"
        event = pay(**{home.old: 15000 if own else 20000})
        with database.unit_of_work() as session:
            paying.post(session, paid, event.posting_no)
        posted(database, event)
    assert state(database, promised) == ("broken" if own else "kept")


def progress(database, home):
    with database.unit_of_work() as session:
        return showing.of_account(session, home.user, home.account)


def states(found):
    return [part.state for part in found.parts]


def test_parts_are_paid_one_by_one(database, home, told, pay, agreed):
    """The second part settles the older bill with its late charge, and some of the newer one;
    the last one is what is left then, ¥110.01 and 23 days of it."""
    posted(database, pay(**{home.old: 12325}))
    found = progress(database, home)
    assert (states(found), found.paid_fen, found.to_pay_fen) == (
        ["paid", "next", "later"],
        12325,
        12325,
    )
    posted(database, pay(**{home.old: 7675, home.new: 3950}, late_fen=700))
    found = progress(database, home)
    assert (states(found), found.paid_fen) == (["paid", "paid", "next"], 24650)
    assert (found.to_pay_fen, found.late_fen, found.is_last) == (11001 + 253, 253, True)
    assert found.bill_nos == (home.new,)
    posted(database, pay(**{home.new: 11001}))
    assert state(database, agreed) == "kept"


def test_half_a_part_is_not_a_part(database, home, told, pay, agreed):
    posted(database, pay(**{home.old: 12324}))
    found = progress(database, home)
    assert (states(found), found.to_pay_fen) == (["next", "later", "later"], 1)


def test_money_that_was_taken_back_is_not_paid(database, home, pay, agreed):
    posted(database, pay(**{home.old: 12325}))
    with database.unit_of_work() as session:
        session.execute(update(Bill).where(Bill.bill_no == home.old).values(settled_fen=0))
    following.follow_all(database)
    with database.unit_of_work() as session:
        found = session.get_one(Arrangement, agreed)
        assert [part.paid_at for part in found.parts] == [None, None, None]
        assert found.state == "active"


@pytest.mark.parametrize(("late", "expected"), [(3, "active"), (4, "broken")])
def test_a_part_is_missed_after_its_grace(
    database, home, told, pay, caught_up, agreed, travel, late, expected
):
    posted(database, pay(**{home.old: 12325}))
    travel((date(2027, 1, 21) - TODAY).days + late)
    caught_up()
    following.follow_all(database)
    assert state(database, agreed) == expected
    if expected == "broken":
        assert told[-1] == ArrangementBroken(
            agreed, home.account, home.user, "instalments", date(2027, 1, 21), 12325
        )


def test_a_corrected_bill_stands_in_place_of_the_one_before(database, home, told, pay, promised):
    with database.unit_of_work() as session:
        old = session.get_one(Bill, home.old)
        old.status = "cancelled"
        create_bill(session, old, "2026-08", bill_no="B-corrected", revision=1, total_fen=18000)
    posted(database, pay(**{home.new: 14951}))
    assert state(database, promised) == "active"
    posted(database, pay(**{"B-corrected": 18000}))
    assert state(database, promised) == "kept"


def test_a_part_is_announced_once_three_days_before(database, home, told, pay, agreed, travel):
    travel(6)
    following.follow_all(database)
    assert kinds(told) == [ArrangementMade]
    travel(1)
    following.follow_all(database)
    travel(1)
    following.follow_all(database)
    assert told[1:] == [
        InstalmentDue(
            agreed,
            home.account,
            home.user,
            "instalments",
            1,
            3,
            date(2026, 12, 21),
            12325,
        )
    ]


def test_nobody_is_reminded_of_what_is_paid(database, home, told, pay, agreed, travel):
    posted(database, pay(**{home.old: 12325}))
    travel(8)
    following.follow_all(database)
    assert kinds(told) == [ArrangementMade]


@pytest.fixture
def asked(database, home):
    with database.unit_of_work() as session:
        first = date(2026, 12, 21)
        return making.ask(session, home.user, home.account, 2, first, "住院了").id


def test_a_question_rests_the_reminders_for_five_days(database, home, asked):
    assert resting(database, TODAY + timedelta(days=5)) == {home.account}
    assert resting(database, TODAY + timedelta(days=6)) == set()


def test_a_question_that_nobody_decided_lapses(database, home, told, asked, travel):
    travel(10)
    following.follow_all(database)
    assert state(database, asked) == "asked"
    travel(1)
    following.follow_all(database)
    assert state(database, asked) == "declined"
    assert told[1:] == [
        ArrangementDecided(asked, home.account, home.user, False, True, "", date(2026, 12, 21))
    ]


def test_a_question_is_over_when_all_is_paid(database, home, told, pay, asked):
    posted(database, pay(**{home.old: 20000, home.new: 14951}))
    assert state(database, asked) == "cancelled"
    assert kinds(told) == [ArrangementMade]


@pytest.mark.parametrize("again", range(3))
def test_money_that_comes_while_it_is_broken_counts_once(
    database, home, told, pay, caught_up, promised, travel, again
):
    """Two at the same moment: whoever has the row first decides, the other one sees it."""
    travel(12)
    caught_up()
    event, start = pay(**{home.old: 20000}), Barrier(2)

    def money():
        start.wait()
        posted(database, event)

    def morning():
        start.wait()
        following.follow_all(database)

    threads = [Thread(target=each) for each in (money, morning)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert state(database, promised) == "kept"
    assert kinds(told) == [ArrangementMade, ArrangementKept]


def test_the_morning_waits_for_money_that_is_being_posted(
    database, home, told, pay, caught_up, promised, travel
):
    """The transaction of the posting has the row; the morning sees what it has written."""
    travel(12)
    caught_up()
    with database.unit_of_work() as session:
        living = following.lock_living(session, home.account)
        morning = Thread(target=following.follow_all, args=(database,))
        morning.start()
        session.get_one(Bill, home.old).settled_fen = 20000
        session.flush()
        following.follow(session, living)
    morning.join()
    assert state(database, promised) == "kept"
    assert kinds(told) == [ArrangementMade, ArrangementKept]
