"""A bill with its surroundings: bound to the user, few queries, only the asked comparison."""

from datetime import date

import pytest
import time_machine
from sqlalchemy.orm import Session

from runtime.errors import NotFound
from service.bill_sheet import bill_sheet
from tests.service.builders import (
    create_bill,
    create_customer,
    create_daily_use,
    create_meter,
    create_meter_day,
    create_service_point,
)

NOW = "2026-12-11T02:00:00Z"


@pytest.fixture(autouse=True)
def december():
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_bill_stands_between_last_month_and_last_year(session: Session) -> None:
    user, account = create_customer(session)
    bill = create_bill(session, account, "2026-11", due=date(2026, 12, 18))
    october = create_bill(session, account, "2026-10", case={"kwh": {"peak": "87", "valley": "47"}})
    last_year = create_bill(session, account, "2025-11", case={"kwh": {"peak": "100"}})
    create_bill(session, account, "2026-09", status="cancelled")
    create_bill(session, account, "2026-08", service_point_no="SP2")

    found = bill_sheet(session, user.id, bill.bill_no, "last_month")
    assert found.change is not None
    assert (found.change.against_no, found.against) == (october.bill_no, "last_month")
    assert found.others == ("last_year",)
    assert [each.bill_no for each in found.past] == [october.bill_no]
    assert found.due is not None
    assert (found.due.amount_fen, found.due.days_late) == (bill.total_fen, 0)

    found = bill_sheet(session, user.id, bill.bill_no, "last_year")
    assert found.change is not None
    assert found.change.against_no == last_year.bill_no
    assert found.others == ("last_month",)


def test_an_unknown_comparison_gives_the_one_there_is(session: Session) -> None:
    user, account = create_customer(session)
    bill = create_bill(session, account, "2026-11")
    assert bill_sheet(session, user.id, bill.bill_no, "nonsense").change is None
    create_bill(session, account, "2025-11")
    found = bill_sheet(session, user.id, bill.bill_no, "last_month")
    assert (found.against, found.others) == ("last_year", ())


def test_nothing_is_due_of_a_settled_or_cancelled_bill(session: Session) -> None:
    user, account = create_customer(session)
    paid = create_bill(session, account, "2026-10", settled_fen=13220)
    assert paid.total_fen == 13220
    gone = create_bill(session, account, "2026-11", status="cancelled")
    assert bill_sheet(session, user.id, paid.bill_no, "last_month").due is None
    assert bill_sheet(session, user.id, gone.bill_no, "last_month").due is None


def test_a_neighbour_does_not_see_it(session: Session) -> None:
    _, account = create_customer(session)
    neighbour, _ = create_customer(session)
    bill = create_bill(session, account)
    with pytest.raises(NotFound, match=r"bill\.not_found"):
        bill_sheet(session, neighbour.id, bill.bill_no, "last_month")


def test_the_days_are_those_of_its_own_place(session: Session) -> None:
    user, account = create_customer(session)
    point = create_service_point(session, account)
    other = create_service_point(session, account)
    meter = create_meter(session, point)
    create_meter_day(session, meter, date(2026, 11, 1), 100)
    create_meter_day(session, meter, date(2026, 11, 2), 50, quality="V" * 95 + "E")
    create_meter_day(session, meter, date(2026, 12, 1), 100)
    create_meter_day(session, create_meter(session, other), date(2026, 11, 1), 7)
    bill = create_bill(session, account, "2026-11", service_point_no=point.service_point_no)

    days = bill_sheet(session, user.id, bill.bill_no, "last_month").days
    assert days is not None
    assert len(days.days) == 30
    assert [(day.import_wh, day.quality) for day in days.days[:3]] == [
        (9600, "V"),
        (4800, "E"),
        (None, "M"),
    ]
    assert days.periods[date(2026, 11, 1)] == {"peak": 5600, "valley": 4000}


def test_a_meter_read_once_a_day_has_days_without_periods(session: Session) -> None:
    user, account = create_customer(session)
    point = create_service_point(session, account, "zj-residential")
    create_daily_use(
        session, create_meter(session, point, interval=False), date(2026, 11, 3), 4200, quality="E"
    )
    bill = create_bill(session, account, "2026-11", service_point_no=point.service_point_no)
    days = bill_sheet(session, user.id, bill.bill_no, "last_month").days
    assert days is not None
    assert (days.days[2].import_wh, days.days[2].quality, days.periods) == (4200, "E", {})


def test_whoever_pays_only_does_not_see_the_days(session: Session) -> None:
    user, account = create_customer(session, role="payer")
    point = create_service_point(session, account)
    create_meter_day(session, create_meter(session, point), date(2026, 11, 1), 100)
    bill = create_bill(session, account, "2026-11", service_point_no=point.service_point_no)
    assert bill_sheet(session, user.id, bill.bill_no, "last_month").days is None
