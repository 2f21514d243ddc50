"""The law's notice: to everybody who pays, on every channel, and said back once it is out."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import disconnections, figures, settling
from notifications.events import LegalNoticeFailed, LegalNoticeTold
from notifications.going_on import tell
from notifications.kinds import Level
from notifications.models import COMPOSED, SENDING, SENT, Message, Notice
from notifications.posting import message
from runtime import clock, events
from service.disconnections import calling_off
from service.disconnections.models import Disconnection, DisconnectionWarning
from service.events import DisconnectionCalledOff, DisconnectionNear, DisconnectionPlanned
from service.models import Account
from tests.notifications.said import assert_said_everywhere, in_the_inbox, notices, said
from tests.service.builders import create_bill, create_customer, create_link, create_user

AT = datetime(2026, 12, 2, 2, tzinfo=UTC)


@pytest.fixture
def planned(session: Session) -> DisconnectionPlanned:
    """Planned by two people for an account that owes 132.00 yuan since yesterday."""
    _owner, account = create_customer(session, account_no="420011870042")
    create_bill(session, account, total_fen=13200, due=clock.today() - timedelta(days=1))
    return _plan(session, account)


def _plan(session: Session, account: Account) -> DisconnectionPlanned:
    row = Disconnection(
        account_no=account.account_no,
        at=AT,
        state="planned",
        asked_by=create_user(session).id,
        asked_at=clock.now(),
        approved_by=create_user(session).id,
        approved_at=clock.now(),
        overdue_fen=13200,
    )
    session.add(row)
    session.flush()
    return DisconnectionPlanned(row.id, account.account_no, AT, AT - timedelta(days=7), 13200)


def test_it_names_sum_day_and_hour(session: Session, planned: DisconnectionPlanned) -> None:
    disconnections.on_planned(session, planned)
    (told,) = figures.read(session, notices(session, "disconnection.planned"), "zh")
    assert told is not None
    assert (told["day"], told["clock"], told["tail"]) == ("12 月 2 日", "10:00", "0042")
    assert told["amount"] == "132.13"  # a thousandth for the one day that it is late
    assert_said_everywhere(session, "disconnection.planned")


def test_it_names_no_bill_whose_day_has_not_come(
    session: Session, planned: DisconnectionPlanned
) -> None:
    account = session.get_one(Account, planned.account_no)
    create_bill(session, account, period="2026-11", total_fen=9900, due=clock.today())
    disconnections.on_planned(session, planned)
    (told,) = figures.read(session, notices(session, "disconnection.planned"), "zh")
    assert told is not None
    assert told["amount"] == "132.13"


def test_that_it_went_out_is_said_back(session: Session, planned: DisconnectionPlanned) -> None:
    disconnections.on_planned(session, planned)
    (notice,) = notices(session, "disconnection.planned")
    notice.state = COMPOSED
    session.flush()
    now = clock.now()
    with events.subscribed(LegalNoticeTold, disconnections.on_told):
        tell(session, [notice.id], now)
        tell(session, [notice.id], now + timedelta(hours=1))
    row = session.scalars(select(Disconnection)).one()
    assert (row.state, row.notice_told_at) == ("noticed", now)


def test_that_it_reached_nobody_after_all_is_said_back_too(
    session: Session, planned: DisconnectionPlanned
) -> None:
    create_link(
        session, create_user(session), session.get_one(Account, planned.account_no), "payer"
    )
    disconnections.on_planned(session, planned)
    told = notices(session, "disconnection.planned")
    assert len(told) == 2
    row = session.scalars(select(Disconnection)).one()
    with (
        events.subscribed(LegalNoticeTold, disconnections.on_told),
        events.subscribed(LegalNoticeFailed, disconnections.on_failed),
    ):
        first, second = (_sent(session, each) for each in told)
        assert row.state == "noticed"
        settling.reported(session, first, "1", delivered=False, reason="off", at=clock.now())
        assert row.state == "noticed"  # the other one may know
        settling.reported(session, second, "2", delivered=False, reason="off", at=clock.now())
    assert (row.state, row.notice_told_at) == ("planned", None)
    assert [each.state for each in told] == ["failed", "failed"]


@pytest.fixture
def warned(session: Session, planned: DisconnectionPlanned) -> list[Notice]:
    """Two people have the notice, and are to be warned an hour before and half an hour before."""
    account = session.get_one(Account, planned.account_no)
    create_link(session, create_user(session), account, "payer")
    row = session.scalars(select(Disconnection)).one()
    row.state, row.notice_told_at = "noticed", clock.now()
    for minutes in (60, 30):
        event = DisconnectionNear(planned.disconnection_id, planned.account_no, AT, minutes, 13200)
        disconnections.on_near(session, event)
    return sorted(notices(session, "disconnection.near"), key=lambda each: each.key)


def _given(session: Session) -> dict[int, datetime]:
    rows = session.scalars(select(DisconnectionWarning))
    return {each.minutes_before: each.told_at for each in rows}


def test_that_a_warning_went_out_is_said_back(session: Session, warned: list[Notice]) -> None:
    first, _second, *hour = warned
    assert [":near:30:" in each.key for each in warned] == [True, True, False, False]
    with events.subscribed(LegalNoticeTold, disconnections.on_told):
        assert _given(session) == {}
        now = clock.now()
        first.state = COMPOSED
        session.flush()
        tell(session, [first.id], now)
        assert _given(session) == {30: now}
        _sent(session, hour[0])
    assert _given(session).keys() == {30, 60}


def test_that_a_warning_reached_nobody_after_all_is_said_back_too(
    session: Session, warned: list[Notice]
) -> None:
    with (
        events.subscribed(LegalNoticeTold, disconnections.on_told),
        events.subscribed(LegalNoticeFailed, disconnections.on_failed),
    ):
        first, second, *_hour = (_sent(session, each) for each in warned)
        settling.reported(session, first, "1", delivered=False, reason="off", at=clock.now())
        assert _given(session).keys() == {30, 60}  # the other one may know
        settling.reported(session, second, "2", delivered=False, reason="off", at=clock.now())
    assert _given(session).keys() == {60}


def _sent(session: Session, notice: Notice) -> Message:
    """A message of a notice that a provider has taken."""
    sent = message("sms", "13800002046", notice.kind, Level.LEGAL, [notice], "zh")
    sent.state = SENT
    session.add(sent)
    notice.state = COMPOSED
    session.flush()
    notice.message_id = sent.id
    tell(session, [notice.id], clock.now())
    session.refresh(notice)
    return sent


def test_each_warning_is_told_once(session: Session, planned: DisconnectionPlanned) -> None:
    for minutes in (60, 30, 30):
        event = DisconnectionNear(planned.disconnection_id, planned.account_no, AT, minutes, 13200)
        disconnections.on_near(session, event)
    assert len(notices(session, "disconnection.near")) == 2
    assert_said_everywhere(session, "disconnection.near")


def test_called_off_takes_back_what_waits_and_says_so(
    session: Session, planned: DisconnectionPlanned
) -> None:
    disconnections.on_planned(session, planned)
    (notice,) = notices(session, "disconnection.planned")
    user_id = notice.user_id
    assert user_id is not None
    event = DisconnectionCalledOff(
        planned.disconnection_id, planned.account_no, AT, "noticed", True, "paid", None
    )
    disconnections.on_called_off(session, event)
    session.refresh(notice)
    assert (notice.state, notice.reason) == ("withdrawn", "called_off")
    assert in_the_inbox(session, user_id)[0] == "disconnection.called_off"
    assert "0042" in said(session, "disconnection.called_off")[0]


def test_what_nobody_had_heard_of_is_not_called_off_aloud(
    session: Session, planned: DisconnectionPlanned
) -> None:
    event = DisconnectionCalledOff(
        planned.disconnection_id, planned.account_no, AT, "asked", False, "paid", None
    )
    disconnections.on_called_off(session, event)
    assert session.scalars(select(Notice)).all() == []


def test_the_inbox_says_that_it_is_off_though_nothing_was_sent(
    session: Session, planned: DisconnectionPlanned
) -> None:
    disconnections.on_planned(session, planned)
    (notice,) = notices(session, "disconnection.planned")
    user_id = notice.user_id
    assert user_id is not None
    event = DisconnectionCalledOff(
        planned.disconnection_id, planned.account_no, AT, "planned", False, "paid", None
    )
    disconnections.on_called_off(session, event)
    assert in_the_inbox(session, user_id) == ["disconnection.called_off", "disconnection.planned"]
    assert notices(session, "disconnection.called_off") == []


def test_who_hears_of_it_once_it_is_off_hears_that_too(
    session: Session, planned: DisconnectionPlanned
) -> None:
    """A provider has the notice in hand as it is called off, and nobody is known to have it."""
    disconnections.on_planned(session, planned)
    (notice,) = notices(session, "disconnection.planned")
    row = session.scalars(select(Disconnection)).one()
    in_hand = message("sms", "13800002046", notice.kind, Level.LEGAL, [notice], "zh")
    in_hand.state, notice.state = SENDING, COMPOSED
    session.add(in_hand)
    session.flush()
    notice.message_id = in_hand.id
    with (
        events.subscribed(LegalNoticeTold, disconnections.on_told),
        events.subscribed(DisconnectionCalledOff, disconnections.on_called_off),
    ):
        calling_off.call_off(session, row, "paid")
        assert notices(session, "disconnection.called_off") == []
        tell(session, [notice.id], clock.now())
        assert len(notices(session, "disconnection.called_off")) == 1
        session.refresh(notice)
        notice.state = COMPOSED  # a second message of the same
        session.flush()
        tell(session, [notice.id], clock.now())
    assert len(notices(session, "disconnection.called_off")) == 1
    assert (row.state, row.notice_told_at) == ("called_off", None)


def test_a_notice_of_what_is_off_says_nothing(
    session: Session, planned: DisconnectionPlanned
) -> None:
    disconnections.on_planned(session, planned)
    row = session.scalars(select(Disconnection)).one()
    row.state, row.why, row.ended_at = "called_off", "paid", clock.now()
    session.flush()
    assert figures.read(session, notices(session, "disconnection.planned"), "zh") == [None]
