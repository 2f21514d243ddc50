"""Reconciliation on the desk: days, what waits, and two people who decide."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from payments.ledger.models import LedgerEntry
from payments.reconciliation import resolving, run
from payments.reconciliation.models import Difference
from payments.reconciliation.run import Parties
from runtime import events
from runtime.database import Database
from service.events import ActionApproved, ActionDeclined
from tests.payments.builders import create_account
from tests.payments.builders import create_user as create_customer
from tests.payments.reconciling import DAY, NOON, CoreFile, Said, booked, line, pay_order
from tests.portal.conftest import PASSWORD, create_user, post, staff
from tests.portal.places import part, says, words


@pytest.fixture(autouse=True)
def next_noon() -> Iterator[None]:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def reconciled(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A day with one payment that is right, and one whose amount the gateway says otherwise."""
    with database.unit_of_work() as session:
        create_customer(session, "13800009999")
        create_account(session)
        pay_order(session, "A1")
        pay_order(session, "A2")
    said = Said(lines={DAY: [line("A1"), line("A2", 9900)]})
    core = CoreFile({DAY: [booked("A1"), booked("A2")]})
    run.reconcile(database, Parties({"wechat": said}, core, tmp_path), DAY)
    with (
        events.subscribed(ActionApproved, resolving.on_approved),
        events.subscribed(ActionDeclined, resolving.on_declined),
    ):
        yield database


@pytest.fixture
def finance(app: Flask, reconciled: Database) -> FlaskClient:
    return staff(app, reconciled, "13800002001", "finance")


def test_a_week_and_what_waits(finance: FlaskClient) -> None:
    days = part(finance, "/desk/differences", "days")
    assert "11 月 20 日 微信支付 ¥199.002 笔 ¥200.002 笔 ¥200.002 笔 1 处不同" in days
    waiting = part(finance, "/desk/differences", "waiting")
    assert "两边金额不一样微信支付，A211 月 20 日的账，今天 12:00发现¥99.00等人处理" in waiting
    assert "这几天没有付款" in says(finance, "/desk/differences?until=2026-10-01")
    assert "三边" in says(finance, "/desk/differences?until=nonsense")


def test_a_difference_with_its_evidence(finance: FlaskClient) -> None:
    page = says(finance, "/desk/differences/1")
    assert "¥99.00¥100.00没有" in page.replace(" ", "")
    assert "`payment,A2,TA2,None,9900,59" in page
    assert "对方比我们的账" in page
    assert finance.get("/desk/differences/2").status_code == 404


def _ask(client: FlaskClient, action: str, reason: str = "商户平台上核过") -> int:
    answer = post(client, "/desk/differences/1", action=action, reason=reason)
    return int(answer.status_code)


def test_one_asks_and_another_approves(
    app: Flask, reconciled: Database, finance: FlaskClient
) -> None:
    assert _ask(finance, "suspense") == 303
    assert "去审批" in says(finance, "/desk/differences/1")
    assert post(finance, "/desk/approvals/1/approve").status_code == 303
    assert _state(reconciled) == ("asked", "suspense")
    other = staff(app, reconciled, "13800002002", "finance")
    page = says(other, "/desk/approvals")
    assert "对账差异：按对方的数记，差额挂起来" in page
    assert "两边金额不一样，A2" in page
    assert post(other, "/desk/approvals/1/approve").status_code == 303
    assert _state(reconciled) == ("resolved", "suspense")
    with reconciled.unit_of_work() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "adjustment")).one()
    assert (entry.reference, entry.debit, entry.credit, entry.amount_fen, entry.order_no) == (
        "difference:1",
        "suspense",
        "wechat",
        100,
        "A2",
    )
    assert "三边一致" in part(other, "/desk/differences", "days")
    assert "没有，都对上了" in part(other, "/desk/differences", "waiting")
    assert _ask(finance, "suspense") == 409


def test_declined_it_waits_again(app: Flask, reconciled: Database, finance: FlaskClient) -> None:
    assert _ask(finance, "write_off") == 303
    other = staff(app, reconciled, "13800002002", "lead")
    assert post(other, "/desk/approvals/1/decline", note="先问微信").status_code == 303
    assert _state(reconciled) == ("open", None)
    assert "先问微信" in says(finance, "/desk/differences/1")


@pytest.mark.parametrize(
    ("action", "reason", "said"),
    [
        ("", "why", "请选一个办法"),
        ("give_back", "why", "这个办法在这里用不上"),
        ("suspense", " ", "请写一句为什么"),
    ],
)
def test_what_cannot_be_asked(
    reconciled: Database, finance: FlaskClient, action: str, reason: str, said: str
) -> None:
    answer = post(finance, "/desk/differences/1", action=action, reason=reason)
    assert answer.status_code == 409
    assert said in words(answer.text)
    assert _state(reconciled) == ("open", None)


@pytest.mark.parametrize("role", ["agent", "field", "inspector"])
def test_other_roles_find_nothing(app: Flask, reconciled: Database, role: str) -> None:
    client = staff(app, reconciled, "13800002003", role)
    assert client.get("/desk/differences").status_code == 404
    assert client.get("/desk/differences/1").status_code == 404
    assert post(client, "/desk/differences/1", action="suspense", reason="x").status_code == 404
    assert _state(reconciled) == ("open", None)


def test_a_customer_finds_nothing(app: Flask, reconciled: Database) -> None:
    create_user(reconciled, "13800002004")
    client = app.test_client()
    assert client.get("/desk/differences").status_code == 302
    assert post(client, "/sign-in", phone="13800002004", password=PASSWORD).status_code == 302
    assert client.get("/desk/differences/1").status_code == 404


def _state(database: Database) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        found = session.scalars(select(Difference)).one()
        return found.state, found.how


def test_finance_has_a_day_compared_at_once(app: Flask, reconciled: Database) -> None:
    finance = staff(app, reconciled, "13800009601", "finance")
    for _ in range(2):
        assert post(finance, f"/desk/differences/run?until={DAY}").status_code == 303
    with reconciled.unit_of_work() as session:
        jobs = text("select args from procrastinate_jobs where task_name = :name")
        asked = session.scalars(jobs, {"name": "payments.reconcile_day"}).all()
    assert asked == [{"day": f"{DAY}"}]
    agent = staff(app, reconciled, "13800009600", "agent")
    assert post(agent, "/desk/differences/run").status_code == 404
