"""Who may promise what, and by when; what is asked is the whole of today."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from runtime import clock
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service.arrangements import deciding, following, making
from service.arrangements.models import Arrangement
from service.events import ArrangementBroken, ArrangementMade
from service.models import Account, Bill, Link
from tests.service.builders import create_account, create_bill, create_link, create_user

TODAY = date(2026, 12, 11)
OLD_FEN, NEW_FEN = 20000 + 1680, 14951 + 344
"""With late charges of 84 and of 23 days: 16.80 and 3.44."""


def _promise(session, home, bills=None, days=10, **more):
    numbers = [home.old] if bills is None else bills
    return making.promise(
        session, more.pop("user", home.user), home.account, numbers, TODAY + timedelta(days), **more
    )


def _ask(session, home, count=3, reason="住院了", **more):
    first = more.pop("first", date(2026, 12, 21))
    return making.ask(session, home.user, home.account, count, first, reason, **more)


def _refused(call):
    with pytest.raises(Refused) as refusal:
        call()
    return type(refusal.value), refusal.value.code


def test_a_promise_holds_at_once(session, home, told):
    made = _promise(session, home, expected_fen=OLD_FEN)
    assert (made.kind, made.state, made.total_fen, made.late_fen) == (
        "promise",
        "active",
        OLD_FEN,
        1680,
    )
    assert [(part.number, part.day, part.amount_fen) for part in made.parts] == [
        (1, date(2026, 12, 21), OLD_FEN)
    ]
    assert [(bill.bill_no, bill.owed_fen, bill.settled_fen) for bill in made.bills] == [
        (home.old, 20000, 0)
    ]
    day = date(2026, 12, 21)
    assert told == [
        ArrangementMade(made.id, home.account, home.user, "promise", "active", OLD_FEN, 1, day, day)
    ]


def test_instalments_are_asked_for_all_that_is_owed_today(session, home, told):
    asked = _ask(session, home)
    assert (asked.state, asked.reason, asked.decided_at) == ("asked", "住院了", None)
    assert (asked.total_fen, asked.late_fen) == (OLD_FEN + NEW_FEN, 1680 + 344)
    assert [(part.day, part.amount_fen) for part in asked.parts] == [
        (date(2026, 12, 21), 12325),
        (date(2027, 1, 21), 12325),
        (date(2027, 2, 22), 12325),
    ]
    assert [event.state for event in told] == ["asked"]


def test_only_one_lives(session, home):
    _promise(session, home)
    assert _refused(lambda: _promise(session, home, [home.new])) == (
        Conflict,
        "arrangement.living",
    )


def test_a_bill_is_promised_once(session, home):
    _promise(session, home)
    making.withdraw(session, home.user, home.account)
    assert _refused(lambda: _promise(session, home)) == (Conflict, "arrangement.promised_before")
    assert _promise(session, home, [home.new]).total_fen == NEW_FEN


@pytest.mark.parametrize("days", [0, -1, 16])
def test_a_promise_is_for_a_day_soon(session, home, days):
    assert _refused(lambda: _promise(session, home, days=days)) == (Refused, "arrangement.day")


def test_the_last_day_that_can_be_promised(session, home):
    assert _promise(session, home, days=15).parts[0].day == date(2026, 12, 26)


def test_a_promise_is_of_bills_that_are_owed(session, home):
    code = (Refused, "arrangement.no_bills")
    assert _refused(lambda: _promise(session, home, [])) == code
    assert _refused(lambda: _promise(session, home, [home.old, "B-strange"])) == code


def test_nobody_agrees_to_a_sum_they_have_not_seen(session, home):
    changed = (Conflict, "arrangement.amount_changed")
    assert _refused(lambda: _promise(session, home, expected_fen=OLD_FEN - 20)) == changed
    assert _refused(lambda: _ask(session, home, expected_fen=1)) == changed
    assert session.scalars(select(Arrangement)).all() == []


@pytest.mark.parametrize("count", [1, 7])
def test_residents_pay_in_two_to_six_parts(session, home, count):
    assert _refused(lambda: _ask(session, home, count)) == (Refused, "arrangement.parts")


@pytest.mark.parametrize("kind", ["commercial", "industrial"])
def test_a_shop_or_plant_pays_in_three_parts_at_most(session, home, kind):
    session.execute(update(Account).where(Account.account_no == home.account).values(kind=kind))
    assert _refused(lambda: _ask(session, home, 4)) == (Refused, "arrangement.parts")
    assert len(_ask(session, home, 3).parts) == 3


def test_no_part_is_smaller_than_ten_yuan(session):
    user, account = create_user(session), create_account(session)
    create_link(session, user, account)
    create_bill(session, account, total_fen=2999, due=date(2026, 12, 18))
    assert making.counts(account, 2999) == [2]
    with pytest.raises(Refused, match=r"arrangement\.part_too_small"):
        making.ask(session, user.id, account.account_no, 3, date(2026, 12, 21), "住院了")


@pytest.mark.parametrize("first", [date(2026, 12, 11), date(2027, 1, 11)])
def test_the_first_part_is_soon(session, home, first):
    assert _refused(lambda: _ask(session, home, first=first)) == (Refused, "arrangement.day")


def test_a_question_says_why(session, home):
    assert _refused(lambda: _ask(session, home, reason=" \n ")) == (
        Refused,
        "arrangement.reason_missing",
    )


def test_the_reason_is_sealed(session, home):
    asked = _ask(session, home, reason="家里有病人")
    stored = session.connection().exec_driver_sql("select reason from arrangement").scalar_one()
    assert "家里有病人".encode() not in bytes(stored)
    assert session.get_one(Arrangement, asked.id, populate_existing=True).reason == "家里有病人"


def test_for_a_stranger_there_is_no_account(session, home):
    assert _refused(lambda: _promise(session, home, user=home.stranger)) == (
        NotFound,
        "account.not_found",
    )
    with pytest.raises(NotFound):
        making.withdraw(session, home.stranger, home.account)


def test_who_may_not_pay_may_not_promise(session, home):
    session.execute(update(Link).where(Link.user_id == home.user).values(role="enterprise_energy"))
    assert _refused(lambda: _promise(session, home)) == (Forbidden, "account.not_allowed")


def test_nothing_owed_nothing_to_promise(session, home):
    session.execute(update(Bill).values(settled_fen=Bill.total_fen))
    assert _refused(lambda: _promise(session, home)) == (Conflict, "arrangement.nothing_owed")


def test_who_pays_ahead_has_another_contract(session, home):
    session.execute(
        update(Account).where(Account.account_no == home.account).values(settlement="prepaid")
    )
    assert _refused(lambda: _promise(session, home)) == (Conflict, "arrangement.prepaid")


def test_there_is_nothing_to_take_back(session, home):
    assert _refused(lambda: making.withdraw(session, home.user, home.account)) == (
        NotFound,
        "arrangement.none",
    )


def _withdraw(session, home):
    return making.withdraw(session, home.user, home.account)


def _active(session, asked):
    asked.state = "active"
    session.flush()


@pytest.mark.parametrize(("days", "state"), [(10, "cancelled"), (11, "broken")])
def test_what_is_taken_back_after_its_day_is_broken(
    session, home, told, travel, caught_up, days, state
):
    _promise(session, home)
    travel(days)
    caught_up()
    found = _withdraw(session, home)
    assert found.state == state
    broken = ArrangementBroken(
        found.id, home.account, home.user, "promise", date(2026, 12, 21), OLD_FEN
    )
    assert told[1:] == ([broken] if state == "broken" else [])
    if state == "broken":
        assert _refused(lambda: _ask(session, home, first=date(2026, 12, 30))) == (
            Conflict,
            "arrangement.broken_lately",
        )


def test_a_part_that_was_missed_is_not_taken_back_either(session, home, travel, caught_up):
    _active(session, _ask(session, home))
    travel(11)
    caught_up()
    assert _withdraw(session, home).state == "broken"


def test_a_question_whose_day_has_passed_is_no_broken_one(session, home, travel, caught_up):
    _ask(session, home)
    travel(11)
    caught_up()
    assert _withdraw(session, home).state == "cancelled"


def test_what_may_be_paid_in_the_core_is_not_broken_by_taking_it_back(
    session, home, travel, caught_up
):
    caught_up()
    _promise(session, home)
    travel(11)
    assert _withdraw(session, home).state == "cancelled"


def _ask_again(session, home, days):
    return _ask(session, home, first=TODAY + timedelta(days + 10))


@pytest.mark.parametrize("agreed", [False, True])
def test_after_a_question_was_taken_back_there_is_none_for_thirty_days(
    session, home, travel, agreed
):
    asked = _ask(session, home, first=date(2027, 1, 10))
    if agreed:
        _active(session, asked)
    travel(1)
    _withdraw(session, home)
    with pytest.raises(Conflict) as refusal:
        _ask_again(session, home, 1)
    assert refusal.value.code == "arrangement.asked_lately"
    assert refusal.value.params == {"until": clock.civil_midnight(date(2027, 1, 11))}
    travel(29)
    assert _refused(lambda: _ask_again(session, home, 30))[1] == "arrangement.asked_lately"
    travel(1)
    assert _ask_again(session, home, 31).state == "asked"


def test_after_the_desk_said_no_there_is_none_for_thirty_days(session, home, told, travel):
    asked = _ask(session, home)
    deciding.decline(session, asked.id, "收入够", by=home.finance)
    assert _refused(lambda: _ask(session, home))[1] == "arrangement.asked_lately"
    travel(30)
    assert _ask_again(session, home, 30).state == "asked"


def test_a_question_is_corrected_once_on_its_day(session, home):
    _ask(session, home)
    _withdraw(session, home)
    assert _ask(session, home, count=2).state == "asked"
    _withdraw(session, home)
    assert _refused(lambda: _ask(session, home))[1] == "arrangement.asked_lately"


def test_a_question_is_not_corrected_on_another_day(session, home, travel):
    _ask(session, home)
    _withdraw(session, home)
    travel(1)
    assert _refused(lambda: _ask_again(session, home, 1))[1] == "arrangement.asked_lately"


def test_what_nobody_decided_may_be_asked_again_once(session, home, told, travel):
    """That was the desk's fault; but nobody puts it off for ever by questions for tomorrow."""
    for days in (0, 4):
        asked = _ask(session, home, first=TODAY + timedelta(days + 1))
        travel(4)
        following.follow(session, asked)
        assert asked.state == "declined"
    assert _refused(lambda: _ask_again(session, home, 8))[1] == "arrangement.asked_lately"


def test_a_question_that_money_answered_does_not_count(session, home, travel):
    asked = _ask(session, home)
    session.execute(update(Bill).values(settled_fen=Bill.total_fen))
    following.follow(session, asked)
    assert asked.state == "cancelled"
    account = session.get_one(Account, home.account)
    create_bill(session, account, "2026-11", total_fen=9000, due=date(2026, 12, 18))
    assert _ask(session, home).state == "asked"
