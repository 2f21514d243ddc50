"""Warnings: found by night, told once, seen by a person."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import events
from runtime.errors import NotFound, Refused
from service.audit import AuditEntry
from service.events import UsageFell
from service.insight import warnings
from service.insight.models import UsageWarning
from service.insight.rules import rules
from service.models import Account, Meter
from tests.service import builders

RULES = rules().falling
NOW = "2026-11-21T02:00:00Z"
TODAY = date(2026, 11, 21)
WHOLE = ("", None)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def told() -> Iterator[list[UsageFell]]:
    heard: list[UsageFell] = []
    with events.subscribed(UsageFell, lambda _session, event: heard.append(event)):
        yield heard


def firm(session: Session, **fields: str) -> tuple[Account, Meter]:
    account = builders.create_account(session, **{"kind": "industrial"} | fields)
    point = builders.create_service_point(session, account, "demo-industrial-2part-demand")
    return account, builders.create_meter(session, point, interval=False)


def use(session: Session, meter: Meter, *, fallen: int, until: date = TODAY) -> None:
    """100 kWh a day for ten weeks; 40 kWh on the last days."""
    for back in range(1, 71):
        wh = 40_000 if back <= fallen else 100_000
        builders.create_daily_use(session, meter, until - timedelta(days=back), wh)


def found(session: Session) -> list[tuple[str, date, int, int]]:
    rows = session.scalars(select(UsageWarning).order_by(UsageWarning.id))
    return [(each.account_no, each.day, each.usual_wh, each.recent_wh) for each in rows]


def test_a_fall_of_sixty_percent_is_told_once(session: Session, told: list[UsageFell]) -> None:
    account, meter = firm(session)
    use(session, meter, fallen=7)
    assert warnings.find_falls(session, *WHOLE, RULES) == 1
    expected = (account.account_no, date(2026, 11, 20), 100_000, 40_000)
    assert found(session) == [expected]
    assert told == [UsageFell(*expected)]
    assert [each.percent for each in warnings.open_warnings(session)] == [60]
    assert warnings.find_falls(session, *WHOLE, RULES) == 0
    assert len(told) == 1


def test_homes_closed_accounts_and_other_pieces_are_not_looked_at(
    session: Session, told: list[UsageFell]
) -> None:
    for fields in ({"kind": "residential"}, {"closed": date(2026, 11, 1)}):
        _account, meter = firm(session, **fields)  # type: ignore[arg-type]
        use(session, meter, fallen=7)
    account, meter = firm(session)
    use(session, meter, fallen=7)
    assert warnings.find_falls(session, "", account.account_no, RULES) == 0
    assert told == []
    assert warnings.find_falls(session, account.account_no, None, RULES) == 1


def test_meters_are_added_up_and_a_day_that_one_lacks_is_not_known(session: Session) -> None:
    account, first = firm(session)
    point = builders.create_service_point(session, account, "demo-industrial-2part-demand")
    second = builders.create_meter(session, point)
    removed = builders.create_meter(session, point, removed=date(2026, 1, 1))
    yesterday = TODAY - timedelta(days=1)
    use(session, first, fallen=0)
    builders.create_meter_day(session, second, yesterday, 500)
    builders.create_meter_day(
        session, second, yesterday - timedelta(days=1), 500, quality="V" * 95 + "M"
    )
    builders.create_daily_use(session, removed, yesterday, 9)
    days = warnings.daily_use(session, [account.account_no], yesterday, RULES)
    assert days == {account.account_no: {yesterday: 100_000 + 96 * 500}}


def test_missing_days_raise_nothing(session: Session, told: list[UsageFell]) -> None:
    _account, meter = firm(session)
    use(session, meter, fallen=0, until=TODAY - timedelta(days=10))
    assert warnings.find_falls(session, *WHOLE, RULES) == 0
    assert (found(session), told) == ([], [])


def test_whoever_has_seen_it_says_so_once(session: Session) -> None:
    account, meter = firm(session)
    use(session, meter, fallen=7)
    warnings.find_falls(session, *WHOLE, RULES)
    person = builders.create_user(session, staff_role="finance")
    warning_id = warnings.open_warnings(session)[0].warning.id
    with pytest.raises(Refused, match=r"insight\.note_missing"):
        warnings.mark_seen(session, warning_id, "  ", by=person.id)
    warnings.mark_seen(session, warning_id, "  织机在检修， 月底恢复。", by=person.id)
    assert warnings.open_warnings(session) == []
    row = session.scalars(select(UsageWarning)).one()
    session.refresh(row)
    assert (row.state, row.seen_by, row.note) == ("seen", person.id, "织机在检修， 月底恢复。")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.deed, entry.subject) == ("usage.seen", account.account_no)
    with pytest.raises(NotFound, match=r"insight\.no_warning"):
        warnings.mark_seen(session, warning_id, "又看", by=person.id)


def test_a_firm_is_not_told_of_again_for_eight_weeks(
    session: Session, clock: time_machine.Traveller
) -> None:
    _account, meter = firm(session)
    use(session, meter, fallen=7)
    warnings.find_falls(session, *WHOLE, RULES)
    person = builders.create_user(session, staff_role="finance")
    warnings.mark_seen(session, warnings.open_warnings(session)[0].warning.id, "知道", by=person.id)
    assert warnings.find_falls(session, *WHOLE, RULES) == 0
    clock.move_to("2027-06-18T02:00:00Z")
    use(session, meter, fallen=7, until=date(2027, 6, 18))
    assert warnings.find_falls(session, *WHOLE, RULES) == 1
    assert [each[1] for each in found(session)] == [date(2026, 11, 20), date(2027, 6, 17)]


def test_firms_are_looked_at_in_pieces(session: Session) -> None:
    numbers = [firm(session)[0].account_no for _ in range(3)]
    pieces = warnings.firms(session, replace(RULES, chunk=2))
    assert pieces == [
        {"first": "", "until": numbers[2]},
        {"first": numbers[2], "until": None},
    ]
