"""Nobody is disconnected but by two people, for a day and hour that the rules allow."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from runtime import clock
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.arrangements import making
from service.audit import AuditEntry
from service.disconnections import planning, protecting
from service.events import DisconnectionCalledOff, DisconnectionPlanned
from service.models import Account, Bill
from service.requests.models import Request
from tests.service import paying
from tests.service.builders import create_bill, create_posting
from tests.service.disconnections.conftest import HOUR, NOW, state


def change(database, table, **values):
    with database.unit_of_work() as session:
        session.execute(update(table).values(**values))


def refused(call):
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code.removeprefix("disconnection.")


def test_it_is_planned_by_one_and_approved_by_another(database, home, told, ask, approve):
    number = ask()
    assert (state(database), told) == (("asked", None), [])
    with database.unit_of_work() as session:
        waiting = session.scalars(select(Approval.id)).one()
        with pytest.raises(Forbidden):
            approvals.approve(session, waiting, by=home.finance)
    approve()
    assert state(database) == ("planned", None)
    notice_by = HOUR - timedelta(days=7)
    assert told == [DisconnectionPlanned(number, home.account, HOUR, notice_by, 34951)]


def test_both_deeds_stand_in_the_trail(database, home, told, ask, approve):
    number = ask()
    approve()
    with database.unit_of_work() as session:
        entries = [
            (each.user_id, each.deed, each.subject, each.reason)
            for each in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]
    assert entries == [
        (home.finance, "disconnection.wanted", home.account, "多次提醒没有缴"),
        (home.lead, "approval.approved", home.account, None),
    ]
    assert number == 1


def test_a_reason_is_needed(ask):
    with pytest.raises(Refused, match="reason_missing"):
        ask(reason="  ")


def test_one_account_has_one(ask):
    ask()
    assert refused(ask) == "living"


def test_an_account_that_is_none(database, home):
    with database.unit_of_work() as session, pytest.raises(NotFound):
        planning.ask(session, "429999999999", HOUR, "没有缴", by=home.finance)


@pytest.mark.parametrize(("due", "code"), [(30, "not_overdue"), (31, None)])
def test_residents_are_more_than_thirty_days_late(database, home, ask, due, code):
    day = clock.today() - timedelta(days=due)
    change(database, Bill, due=day)
    assert (refused(ask) if code else ask()) == (code or 1)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 11, 17, 1, 0, tzinfo=UTC), "notice_short"),
        (datetime(2026, 11, 17, 2, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 18, 4, 0, tzinfo=UTC), "hour"),
        (datetime(2026, 11, 18, 2, 30, tzinfo=UTC), "hour"),
        (datetime(2026, 11, 20, 2, 0, tzinfo=UTC), "day_off"),
        (datetime(2026, 11, 21, 2, 0, tzinfo=UTC), "day_off"),
        (datetime(2026, 12, 14, 2, 0, tzinfo=UTC), "too_far"),
    ],
    ids=["6 days 23 hours", "7 days", "noon", "half past", "Friday", "Saturday", "34 days"],
)
def test_the_hour_is_one_that_the_rules_allow(ask, at, code):
    assert (refused(lambda: ask(at)) if code else ask(at)) == (code or 1)


@pytest.mark.parametrize(("days", "code"), [(2, "notice_short"), (8, None)])
def test_others_know_three_days_before(database, ask, days, code):
    change(database, Account, kind="commercial")
    at = NOW + timedelta(days=days)
    assert (refused(lambda: ask(at)) if code else ask(at)) == (code or 1)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"low_income": True}, "low_income"), ({"settlement": "prepaid"}, "prepaid")],
)
def test_an_account_that_is_not_disconnected(database, ask, values, code):
    change(database, Account, **values)
    assert refused(ask) == code


def test_homes_are_kept_on_supply_in_cold_months(database, home, go_to, ask):
    at = datetime(2027, 1, 12, 2, tzinfo=UTC)
    go_to(at - timedelta(days=8))
    assert refused(lambda: ask(at)) == "season"
    change(database, Account, kind="industrial")
    assert ask(at) == 1


def test_a_protected_account(database, home, ask):
    with database.unit_of_work() as session:
        protecting.protect(session, home.account, "life_support", None, "医院证明", by=home.finance)
    assert refused(ask) == "protected"
    with database.unit_of_work() as session:
        protecting.release(session, home.account, "已搬走", by=home.finance)
    assert ask() == 1


def test_a_protection_ends_with_its_day(database, home, go_to, ask):
    until = clock.today()
    with database.unit_of_work() as session:
        protecting.protect(session, home.account, "hardship", until, "社区来电", by=home.finance)
    assert refused(ask) == "protected"
    go_to(NOW + timedelta(days=1))
    assert ask() == 1


def test_what_protects_is_sealed(database, home):
    with database.unit_of_work() as session:
        protecting.protect(session, home.account, "life_support", None, "证明", by=home.finance)
        stored = session.connection().exec_driver_sql("select reason from protected_account")
        assert b"life_support" not in bytes(stored.scalar_one())


@pytest.mark.parametrize(
    ("reason", "until", "note", "code"),
    [
        ("because", None, "证明", "protection.reason"),
        ("other", date(2026, 11, 9), "证明", "protection.until"),
        ("other", None, " ", "customer.reason_missing"),
    ],
)
def test_a_protection_that_is_none(session, home, reason, until, note, code):
    with pytest.raises(Refused) as refusal:
        protecting.protect(session, home.account, reason, until, note, by=home.finance)
    assert refusal.value.code == code


def promise(database, home, *bill_nos):
    with database.unit_of_work() as session:
        day = clock.today() + timedelta(days=5)
        making.promise(session, home.user, home.account, bill_nos, day)


def test_an_arrangement_stands_against_it(database, home, ask):
    promise(database, home, home.old, home.new)
    assert refused(ask) == "arrangement"


def test_a_promise_of_some_of_what_is_overdue_does_not(database, home, ask):
    promise(database, home, home.old)
    assert ask() == 1


def test_a_promise_holds_for_the_bill_that_came_in_place_of_its_own(database, home, ask):
    promise(database, home, home.old, home.new)
    with database.unit_of_work() as session:
        old = session.get_one(Bill, home.old)
        old.status = "cancelled"
        more = {"bill_no": "B-corrected", "revision": 1, "total_fen": 18000, "due": old.due}
        create_bill(session, old, "2026-08", **more)
    assert refused(ask) == "arrangement"


def test_a_promise_of_the_rest_and_money_on_its_way_stand_against_it(database, home, ask):
    promise(database, home, home.new)
    with paying.known():
        with database.unit_of_work() as session:
            paying.pay(session, home.user, home.account, **{home.old: 20000})
        with database.unit_of_work() as session:
            due = clock.today() - timedelta(days=31)
            session.execute(update(Bill).where(Bill.bill_no == home.new).values(due=due))
        assert refused(ask) == "arrangement"


def test_money_on_its_way_to_the_core_stands_against_it(database, home, ask):
    with paying.known(), database.unit_of_work() as session:
        paying.pay(session, home.user, home.account, **{home.new: 14951})
        paid = paying.pay(session, home.user, home.account, own=20000).id
    with paying.known():
        assert refused(ask) == "paid"
    with database.unit_of_work() as session:
        account = session.get_one(Account, home.account)
        posting = create_posting(session, account, 20000, posted_at=NOW)
        paying.post(session, paid, posting.posting_no)
    with paying.known():
        assert ask() == 1


def dispute(database, home, fields, **more):
    with database.unit_of_work() as session:
        values = {
            "request_no": "YY1",
            "kind": "dispute",
            "account_no": home.account,
            "asker": "u",
            "idempotency_key": "k",
            "fields": fields,
            "step": "received",
            "team": "billing",
            "promised_at": NOW,
            "promises": {},
            "opened_at": NOW,
            "updated_at": NOW,
        }
        session.add(Request(**values | more))


def test_an_overdue_bill_that_is_disputed(database, home, ask):
    dispute(database, home, f'{{"bill": "{home.new}"}}')
    assert refused(ask) == "disputed"


def test_a_dispute_of_something_else(database, home, ask):
    dispute(database, home, '{"bill": "B-another"}')
    assert ask() == 1


def test_a_dispute_that_is_answered(database, home, ask):
    dispute(database, home, f'{{"bill": "{home.new}"}}', state="done", closed_at=NOW)
    assert ask() == 1


def test_what_has_changed_meanwhile_is_not_approved(database, home, told, ask, approve):
    ask()
    change(database, Account, low_income=True)
    with pytest.raises(Conflict, match="low_income"):
        approve()
    assert (state(database), told) == (("asked", None), [])


def test_an_approval_that_comes_too_late_for_the_notice(database, told, go_to, ask, approve):
    ask()
    go_to(HOUR - timedelta(days=7) + timedelta(seconds=1))
    with pytest.raises(Refused, match="notice_short"):
        approve()
    assert (state(database), told) == (("asked", None), [])


def test_a_second_person_says_no(database, home, told, ask):
    number = ask()
    with database.unit_of_work() as session:
        waiting = session.scalars(select(Approval.id)).one()
        approvals.decline(session, waiting, "先上门看看", by=home.lead)
    assert state(database) == ("called_off", "declined")
    assert told == [
        DisconnectionCalledOff(number, home.account, HOUR, "asked", False, "declined", home.lead)
    ]


def test_the_days_that_are_offered_are_those_that_are_taken(database, home, ask):
    with database.unit_of_work() as session:
        days = planning.possible_days(session.get_one(Account, home.account))
    assert days[:4] == [
        date(2026, 11, 18),
        date(2026, 11, 19),
        date(2026, 11, 23),
        date(2026, 11, 24),
    ]
    assert days[-1] == date(2026, 12, 10)
    assert ask(planning.moment(days[0], 9)) == 1
