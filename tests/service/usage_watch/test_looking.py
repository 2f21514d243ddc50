"""What stands out in a household's use, and what does not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from runtime import events
from service.events import TierNear, UnusualUsage
from service.models import Meter
from service.usage_watch import looking
from tests.service.builders import (
    create_account,
    create_customer,
    create_daily_use,
    create_meter,
    create_service_point,
)

TODAY = date(2026, 11, 12)  # a Thursday
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def heard():
    """Everything that is published while a test runs."""
    said: list[object] = []

    def listen(_session: Session, event: object) -> None:
        said.append(event)

    with (
        events.subscribed(UnusualUsage, listen),
        events.subscribed(TierNear, listen),
    ):
        yield said


def _home(session: Session, tariff: str = "gd-residential"):
    _user, account = create_customer(session)
    point = create_service_point(session, account, tariff)
    return account, point, create_meter(session, point, interval=False)


def _use(session: Session, meter: Meter, first: date, last: date, wh: int) -> None:
    for count in range((last - first).days + 1):
        create_daily_use(session, meter, first + timedelta(days=count), wh)


def _look(session: Session) -> None:
    for first in looking.starts(session):
        looking.look(session, first, TODAY)


def test_a_day_far_above_its_kind_is_told(session, heard):
    account, point, meter = _home(session)
    _use(session, meter, date(2026, 10, 10), date(2026, 11, 10), 4_000)
    create_daily_use(session, meter, YESTERDAY, 14_000)
    _look(session)
    number = point.service_point_no
    assert heard == [UnusualUsage(account.account_no, number, YESTERDAY, 14_000, 4_000)]


@pytest.mark.parametrize(
    ("usual", "yesterday"),
    [(4_000, 8_900), (1_000, 5_900), (4_000, 9_900)],
    ids=["twice is not enough", "little in kWh is not worth a word", "just under"],
)
def test_a_day_that_is_only_somewhat_above_is_not(session, heard, usual, yesterday):
    _account, _point, meter = _home(session)
    _use(session, meter, date(2026, 10, 10), date(2026, 11, 10), usual)
    create_daily_use(session, meter, YESTERDAY, yesterday)
    _look(session)
    assert heard == []


def test_working_days_stand_beside_working_days(session, heard):
    """A family that is out all week uses much more at the weekend, every weekend."""
    _account, _point, meter = _home(session)
    for count in range(32):
        day = date(2026, 10, 8) + timedelta(days=count)
        create_daily_use(session, meter, day, 14_000 if day.weekday() >= 5 else 4_000)
    for first in looking.starts(session):
        looking.look(session, first, date(2026, 11, 9))  # the newest day is Sunday 8 November
    assert heard == []


def test_an_old_or_estimated_day_is_no_news(session, heard):
    _account, _point, meter = _home(session)
    _use(session, meter, date(2026, 10, 10), date(2026, 11, 8), 4_000)
    create_daily_use(session, meter, date(2026, 11, 9), 14_000)
    _look(session)
    create_daily_use(session, meter, YESTERDAY, 14_000, quality="E")
    _look(session)
    assert heard == []


def test_a_tier_that_ends_within_days_is_told(session, heard):
    account, point, meter = _home(session)
    # 16 kWh a day are 160 kWh on 10 November; 40 of the 200 kWh are left, for two days and a half.
    _use(session, meter, date(2026, 10, 10), date(2026, 10, 31), 16_000)
    _use(session, meter, date(2026, 11, 1), date(2026, 11, 10), 16_000)
    _look(session)
    assert heard == [
        TierNear(
            account.account_no,
            point.service_point_no,
            "2026-12",
            1,
            Decimal("40.00"),
            date(2026, 11, 13),
            Decimal("0.05"),
        )
    ]


def test_a_tier_that_lasts_until_the_count_begins_anew_is_not(session, heard):
    _account, _point, meter = _home(session)
    _use(session, meter, date(2026, 10, 10), date(2026, 11, 10), 6_000)
    _look(session)
    assert heard == []


def test_only_accounts_that_somebody_reads_are_looked_over(session, heard):
    alone = create_account(session)
    point = create_service_point(session, alone, "gd-residential")
    meter = create_meter(session, point, interval=False)
    _use(session, meter, date(2026, 10, 10), date(2026, 11, 10), 4_000)
    create_daily_use(session, meter, YESTERDAY, 14_000)
    create_customer(session, role="payer")
    assert looking.starts(session) == []


def test_every_account_is_in_one_chunk(session, heard, monkeypatch):
    monkeypatch.setattr(looking, "CHUNK", 2)
    numbers = sorted(_home(session)[0].account_no for _each in range(5))
    assert looking.starts(session) == [numbers[0], numbers[2], numbers[4]]
