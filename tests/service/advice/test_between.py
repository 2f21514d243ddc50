"""The use of some days, beside the same days a year before."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from runtime.errors import Forbidden, NotFound
from service.advice.between import use_between, use_so_far, year_before
from service.models import Meter
from tests.service import builders


@pytest.fixture
def home(session: Session) -> tuple[int, str, Meter]:
    """9.6 kWh on each of the first ten days of November, 4.8 on each of them a year before."""
    user, account = builders.create_customer(session)
    point = builders.create_service_point(session, account, "zj-residential-tou")
    meter = builders.create_meter(session, point)
    for year, wh in ((2026, 100), (2025, 50)):
        for day in range(1, 11):
            builders.create_meter_day(session, meter, date(year, 11, day), wh)
    return user.id, account.account_no, meter


def test_days_and_the_year_before(session: Session, home: tuple[int, str, Meter]) -> None:
    user_id, account_no, _meter = home
    found = use_between(session, user_id, account_no, date(2026, 11, 2), date(2026, 11, 4))
    assert (found.import_wh, found.days, found.known_days, found.whole_days) == (28_800, 3, 3, 3)
    assert found.periods == {"valley": 12_000, "peak": 16_800}
    assert found.as_of == date(2026, 11, 10)
    other = found.last_year
    assert (other.first, other.last) == (date(2025, 11, 2), date(2025, 11, 4))
    assert (other.days, other.own_wh, other.import_wh, other.whole) == (3, 28_800, 14_400, True)


def test_days_that_are_not_known_yet(session: Session, home: tuple[int, str, Meter]) -> None:
    user_id, account_no, _meter = home
    found = use_between(session, user_id, account_no, date(2026, 11, 1), date(2026, 11, 30))
    assert (found.import_wh, found.days, found.known_days) == (96_000, 30, 10)
    assert (found.last_year.import_wh, found.last_year.whole) == (48_000, False)
    ahead = use_between(session, user_id, account_no, date(2026, 12, 1), date(2026, 12, 2))
    assert (ahead.import_wh, ahead.known_days, ahead.periods) == (0, 0, {})
    assert ahead.last_year.import_wh is None


def test_too_few_days_a_year_before(session: Session, home: tuple[int, str, Meter]) -> None:
    user_id, account_no, meter = home
    for count in range(11, 20):
        builders.create_meter_day(session, meter, date(2026, 11, count), 100)
    found = use_between(session, user_id, account_no, date(2026, 11, 1), date(2026, 11, 19))
    assert (found.known_days, found.last_year.days) == (19, 10)
    assert found.last_year.import_wh is None


def test_the_running_month_goes_to_the_newest_day(
    session: Session, home: tuple[int, str, Meter]
) -> None:
    user_id, account_no, _meter = home
    found = use_so_far(session, user_id, account_no, date(2026, 12, 1))
    assert (found.first, found.last) == (date(2026, 11, 1), date(2026, 11, 10))
    assert (found.import_wh, found.whole_days) == (96_000, 10)
    early = use_so_far(session, user_id, account_no, date(2026, 11, 5))
    assert (early.last, early.import_wh) == (date(2026, 11, 5), 48_000)


def test_an_account_without_data(session: Session) -> None:
    user, account = builders.create_customer(session)
    found = use_so_far(session, user.id, account.account_no, date(2026, 12, 9))
    assert (found.first, found.last) == (date(2026, 12, 1), date(2026, 12, 9))
    assert (found.import_wh, found.as_of) == (0, None)


def test_nobody_elses(session: Session, home: tuple[int, str, Meter]) -> None:
    _user, account_no, _meter = home
    other, day = builders.create_user(session), date(2026, 11, 1)
    with pytest.raises(NotFound):
        use_between(session, other.id, account_no, day, day)
    with pytest.raises(NotFound):
        use_so_far(session, other.id, account_no, day)


def test_a_payer_sees_no_use(session: Session) -> None:
    user, account = builders.create_customer(session, "payer")
    with pytest.raises(Forbidden):
        use_so_far(session, user.id, account.account_no, date(2026, 11, 1))


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 5), date(2025, 11, 5)),
        (date(2028, 2, 29), date(2027, 2, 28)),
        (date(2028, 3, 1), date(2028, 3, 1) - timedelta(days=366)),
    ],
)
def test_a_year_before(day: date, before: date) -> None:
    assert year_before(day) == before
