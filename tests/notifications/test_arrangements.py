"""What was agreed about paying later, to the user who agreed."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import arrangements, figures
from runtime import clock
from service.arrangements import making
from service.arrangements.models import ArrangedPart
from service.events import (
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    InstalmentDue,
)
from service.models import Account, Bill, Link, User
from tests.notifications.said import assert_said_everywhere, in_the_inbox, notices, said
from tests.service.builders import create_bill, create_customer, create_link, create_user

DAY = date(2026, 12, 1)


@pytest.fixture
def customer(session: Session) -> tuple[User, Account]:
    return create_customer(session, account_no="420011870042")


@pytest.mark.parametrize(
    ("agreed", "lapsed", "decision"),
    [
        (True, False, "同意了，第一期 12 月 1 日"),
        (False, False, "没有同意"),
        (False, True, "没有来得及定下来"),
    ],
)
def test_what_was_decided(session, customer, agreed, lapsed, decision):
    user, account = customer
    event = ArrangementDecided(1, account.account_no, user.id, agreed, lapsed, "", DAY)
    arrangements.on_decided(session, event)
    assert decision in said(session, "arrangement.decided")[0]
    assert in_the_inbox(session, user.id) == ["arrangement.decided"]


def test_kept_and_broken(session, customer):
    user, account = customer
    number = account.account_no
    arrangements.on_kept(session, ArrangementKept(1, number, user.id, "promise", 14951))
    arrangements.on_broken(session, ArrangementBroken(1, number, user.id, "instalments", DAY, 5000))
    assert "50.00" in said(session, "arrangement.broken")[0]
    for kind in ("arrangement.kept", "arrangement.broken"):
        assert_said_everywhere(session, kind)


def test_who_has_left_the_account_is_told_no_more_and_who_pays_now_is(session, customer):
    user, account = customer
    heir = create_user(session)
    create_link(session, heir, account)
    session.scalars(select(Link).where(Link.user_id == user.id)).one().ended_at = clock.now()
    session.flush()
    event = ArrangementBroken(1, account.account_no, user.id, "instalments", DAY, 5000)
    arrangements.on_broken(session, event)
    assert in_the_inbox(session, user.id) == []
    assert in_the_inbox(session, heir.id) == ["arrangement.broken"]


def test_a_part_says_what_is_left_of_it_and_nothing_once_it_is_paid(session, customer):
    user, account = customer
    bill = create_bill(session, account, total_fen=14951, due=clock.today() + timedelta(days=2))
    made = making.promise(
        session, user.id, account.account_no, [bill.bill_no], clock.today() + timedelta(days=5)
    )
    part = session.scalars(select(ArrangedPart)).one()
    event = InstalmentDue(
        made.id, account.account_no, user.id, "promise", 1, 1, part.day, part.amount_fen
    )
    arrangements.on_due(session, event)
    arrangements.on_due(session, event)
    (told,) = figures.read(session, notices(session, "arrangement.due"), "zh")
    assert told is not None
    assert told["amount"] == "149.51"
    assert_said_everywhere(session, "arrangement.due")
    session.get_one(Bill, bill.bill_no).settled_fen = 14951
    session.flush()
    assert figures.read(session, notices(session, "arrangement.due"), "zh") == [None]
