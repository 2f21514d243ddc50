"""The home page says plainly that an account will be disconnected: day, hour, sum, one button."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import clock
from runtime.database import Database
from service.disconnections.models import Disconnection
from service.models import Bill, User
from tests.portal.conftest import create_user, sign_in
from tests.portal.places import move_in, pay, says
from tests.service import builders

ACCOUNT = "420011875603"
HOUR = datetime(2026, 12, 22, 2, tzinfo=UTC)


@pytest.fixture
def bill(december: None, user: User, database: Database) -> Bill:
    """¥200.00 due on 18 September: 84 days of charge are ¥16.80."""
    with database.unit_of_work() as session:
        account = move_in(session, user, account_no=ACCOUNT)
        return builders.create_bill(
            session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18)
        )


def plan(database: Database, state: str) -> None:
    with database.unit_of_work() as session:
        one, other = (builders.create_user(session, staff_role="finance") for _each in range(2))
        approved = None if state == "asked" else other.id
        told = clock.now() if state in ("noticed", "due") else None
        session.add(
            Disconnection(
                account_no=ACCOUNT,
                state=state,
                at=HOUR,
                overdue_fen=20000,
                asked_by=one.id,
                asked_at=clock.now(),
                approved_by=approved,
                notice_told_at=told,
            )
        )


@pytest.mark.parametrize("view", ["plain", "elder"])
def test_day_hour_sum_and_one_button(
    client: FlaskClient, bill: Bill, database: Database, view: str
) -> None:
    plan(database, "noticed")
    client.set_cookie("view", view)
    said = says(client, "/")
    assert "12 月 22 日周二 10:00 起欠费停电" in said
    assert "逾期的一共 ¥216.80，在那之前缴清就不停。" in said
    page = client.get("/").text
    assert f'<a class="button" href="/pay/confirm?bill={bill.bill_no}">缴 ¥216.80</a>' in page


def test_when_the_hour_has_come(client: FlaskClient, bill: Bill, database: Database) -> None:
    plan(database, "due")
    assert "到了欠费停电的时间" in says(client, "/")


def test_what_nobody_has_approved_is_not_said(
    client: FlaskClient, bill: Bill, database: Database
) -> None:
    plan(database, "asked")
    assert "欠费停电" not in says(client, "/")


def test_who_has_just_paid_is_not_told(
    client: FlaskClient, bill: Bill, user: User, database: Database
) -> None:
    plan(database, "noticed")
    with database.unit_of_work() as session:
        pay(session, user, session.get_one(Bill, bill.bill_no))
    assert "欠费停电" not in says(client, "/")


def test_the_neighbour_reads_nothing_of_it(app: Flask, bill: Bill, database: Database) -> None:
    plan(database, "noticed")
    other = create_user(database, "13800002047")
    with database.unit_of_work() as session:
        account = move_in(session, other)
        builders.create_bill(session, account, "2026-08", due=date(2026, 9, 18))
    client = app.test_client()
    sign_in(client, "13800002047")
    assert "欠费停电" not in says(client, "/")
