"""Whoever looks at a customer at the till, in a refund or in a talk stands in the trail."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from runtime.database import Database
from service.audit import AuditEntry
from service.conversations import ask_for_person, open_for_browser, open_for_user, say
from service.models import Account, User
from tests.portal.conftest import create_user, post, staff
from tests.portal.places import move_in, pay
from tests.service import builders

ACCOUNT, CUSTOMER, AGENT = "420011875603", "13800002046", "13900000001"


@pytest.fixture
def agent(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, AGENT, "agent")


@pytest.fixture
def customer(database: Database) -> User:
    user = create_user(database, CUSTOMER)
    with database.unit_of_work() as session:
        move_in(session, user, account_no=ACCOUNT)
    return user


def looks(database: Database) -> list[tuple[str, str, str | None, str]]:
    with database.unit_of_work() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(each.deed, each.subject, each.reason, each.about) for each in found]


def test_an_account_at_the_till(agent: FlaskClient, customer: User, database: Database) -> None:
    assert agent.get(f"/desk/counter/accounts/{ACCOUNT}").status_code == 200
    assert looks(database) == [("seen", ACCOUNT, None, "counter")]


def test_a_number_that_is_none_is_written_down_too(agent: FlaskClient, database: Database) -> None:
    agent.get("/desk/counter/accounts/" + "9" * 200)
    assert looks(database) == [("seen", "9" * 80, None, "counter")]


def test_a_payment_of_the_refunds(agent: FlaskClient, customer: User, database: Database) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, session.get_one(Account, ACCOUNT))
        order_no = pay(session, customer, bill).order_no
    agent.get("/desk/refunds", query_string={"order": CUSTOMER})
    assert agent.get(f"/desk/refunds/{order_no}").status_code == 200
    assert looks(database) == [
        ("customer.searched", "search", CUSTOMER, ""),
        ("seen", order_no, None, order_no),
    ]


def test_a_payment_that_is_none_shows_nothing(agent: FlaskClient, database: Database) -> None:
    assert agent.get("/desk/refunds/1234").status_code == 404
    assert looks(database) == []


def test_a_talk_with_a_customer(agent: FlaskClient, customer: User, database: Database) -> None:
    with database.unit_of_work() as session:
        talk = open_for_user(session, customer.id)
        say(session, talk, "你好", "k1")
        number = ask_for_person(session, talk, "asked", "想问电费").handoff_id
    post(agent, f"/desk/conversations/{number}/take")
    assert looks(database) == []
    assert agent.get(f"/desk/conversations/{number}").status_code == 200
    about = f"conversation {talk.id}"
    assert looks(database) == [("seen", f"user {customer.id}", None, about)]


@pytest.mark.usefixtures("december")  # the desk is open: after hours it asks for a number
def test_a_talk_with_a_stranger(agent: FlaskClient, database: Database) -> None:
    with database.unit_of_work() as session:
        talk = open_for_browser(session, "b")
        number = ask_for_person(session, talk, "asked", "想问电费").handoff_id
    assert agent.get(f"/desk/conversations/{number}").status_code == 200
    about = f"conversation {talk.id}"
    assert looks(database) == [("seen", about, None, about)]
