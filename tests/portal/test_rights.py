"""What a neighbour, a payer and an energy manager get from the real pages."""

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from runtime import clock
from runtime.database import Database
from tests.portal.conftest import create_user, sign_in
from tests.service import builders

USAGE = ("/usage", "/usage/2026", "/usage/2026-10", "/usage/2026-10-05", "/usage/2026-10.csv")


class Somebody:
    """A signed-in person with a role on an account that has a bill."""

    def __init__(self, app: Flask, database: Database, role: str | None) -> None:
        user = create_user(database)
        with database.unit_of_work() as session:
            account = builders.create_account(session)
            point = builders.create_service_point(session, account)
            builders.create_meter(session, point)
            bill = builders.create_bill(session, account, service_point_no=point.service_point_no)
            if role is not None:
                builders.create_link(session, user, account, role)
        self.account_no, self.bill_no = account.account_no, bill.bill_no
        self.client: FlaskClient = app.test_client()
        sign_in(self.client)

    def status(self, path: str) -> int:
        return self.client.get(path).status_code

    def reaches_payment(self, **asked: str) -> bool:
        """Whether the page before the cashier offers to pay what was asked for."""
        answer = self.client.get("/pay/confirm", query_string=asked)
        assert answer.status_code in (200, 409)
        return answer.status_code == 200


@pytest.mark.parametrize("role", ["payer", "enterprise_finance"])
def test_who_may_only_pay_sees_the_bill_and_no_use(
    app: Flask, database: Database, role: str
) -> None:
    payer = Somebody(app, database, role)
    assert [payer.status(path) for path in USAGE] == [403] * len(USAGE)
    assert payer.status(f"/bills/{payer.bill_no}") == 200
    assert payer.status("/") == 200
    assert payer.reaches_payment(bill=payer.bill_no)
    assert payer.reaches_payment(account=payer.account_no, amount="10")


def test_an_energy_manager_sees_the_use_and_cannot_pay(app: Flask, database: Database) -> None:
    manager = Somebody(app, database, "enterprise_energy")
    assert manager.status("/usage/2026-10") == 200
    assert manager.status(f"/bills/{manager.bill_no}") == 200
    assert f'value="{manager.bill_no}"' not in manager.client.get("/pay").text
    assert not manager.reaches_payment(bill=manager.bill_no)
    assert not manager.reaches_payment(account=manager.account_no, amount="10")


def test_for_a_neighbour_nothing_is_there(app: Flask, database: Database) -> None:
    neighbour = Somebody(app, database, None)
    number, bill = neighbour.account_no, neighbour.bill_no
    for path in (f"/bills/{bill}", f"/bills/{bill}.pdf", f"/accounts/{number}/name"):
        nowhere = path.replace(bill, "B0").replace(number, "1" * 12)
        with time_machine.travel(clock.now(), tick=False):  # a form's token holds the second
            there, none = neighbour.client.get(path), neighbour.client.get(nowhere)
        assert (there.status_code, none.status_code) == (404, 404)
        assert there.text.replace(path, nowhere) == none.text
    assert not neighbour.reaches_payment(bill=bill)
    assert not neighbour.reaches_payment(account=number, amount="10")
