"""A customer who owes, at the moment `places.NOW`, and the neighbour."""

from datetime import date
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import User
from tests.portal.conftest import create_user, sign_in
from tests.portal.places import move_in
from tests.service import builders

ACCOUNT = "420011875603"
NEIGHBOUR = "13800002047"


@pytest.fixture
def home(december: None, user: User, database: Database) -> SimpleNamespace:
    """¥200.00 are owed since 18 September, ¥149.51 since 18 November: 16.80 and 3.44 of charge."""
    with database.unit_of_work() as session:
        account = move_in(session, user, account_no=ACCOUNT)
        old = builders.create_bill(
            session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18)
        )
        new = builders.create_bill(
            session, account, "2026-10", total_fen=14951, due=date(2026, 11, 18)
        )
    return SimpleNamespace(user=user, account=ACCOUNT, old=old.bill_no, new=new.bill_no)


@pytest.fixture
def neighbour(app: Flask, database: Database, home: SimpleNamespace) -> FlaskClient:
    """Signed in, with another account."""
    other = create_user(database, NEIGHBOUR)
    with database.unit_of_work() as session:
        move_in(session, other)
    client = app.test_client()
    sign_in(client, NEIGHBOUR)
    return client
