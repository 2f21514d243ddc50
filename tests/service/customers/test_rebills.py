"""A bill is made again once, when two people want it, by the core as it is."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select, text

from core.billing.runs import run_bills
from core.settings import BillingSettings
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from service import approvals
from service.audit.models import AuditEntry
from service.core_client import CoreClient
from service.customers import rebills
from service.customers.models import Rebill
from service.models import Account, Bill
from service.sync import run
from service.sync.sources import CoreFeed
from tests.core.builders import create_bill as bill_of_the_core
from tests.core.builders import create_home, record_use
from tests.core.conftest import TOKEN, core_settings, core_url  # noqa: F401 - the core as it is
from tests.service.builders import create_account, create_bill


@pytest.fixture
def client(core_url: str) -> Iterator[CoreClient]:  # noqa: F811
    client = CoreClient(core_url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def meter(database, client):
    """A home whose October is billed and synced."""
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
        record_use(session, meter, "2026-10")
        create_account(session, account.account_no)
    run_bills(database, "2026-10", date(2026, 11, 3), BillingSettings())
    run.run(database, CoreFeed(client, batch=100))
    return meter


def bills(database):
    with database.unit_of_work() as session:
        query = select(Bill.bill_no, Bill.status, Bill.wh).order_by(Bill.revision)
        return [tuple(row) for row in session.execute(query)]


def the_account(session):
    return session.scalars(select(Account.account_no)).one()


def ask(database, staff, bill_no, reason="表读错了"):
    with database.unit_of_work() as session:
        account_no = the_account(session)
        return rebills.ask(session, account_no, bill_no, reason, by=staff.agent).id


def approve(database, staff, approval_id):
    with database.unit_of_work() as session:
        approvals.approve(session, approval_id, by=staff.lead)


def standing(database):
    with database.unit_of_work() as session:
        return [
            (each.bill_no, each.state, each.made, each.refused)
            for each in session.scalars(select(Rebill).order_by(Rebill.id))
        ]


def waiting_jobs(database):
    with database.unit_of_work() as session:
        names = session.execute(text("SELECT task_name FROM procrastinate_jobs ORDER BY id"))
        return [name for (name,) in names]


def test_two_people_have_a_bill_made_again(database, client, meter, staff, wired):
    ((old, _, wh),) = bills(database)
    with database.unit_of_work() as session:
        record_use(session, meter, "2026-10", 50)
    approval = ask(database, staff, old)
    assert (standing(database), waiting_jobs(database)) == ([], [])
    approve(database, staff, approval)
    assert standing(database) == [(old, "due", [], None)]
    assert waiting_jobs(database) == ["customers.rebill"]
    rebills.carry(database, client, old)
    new = f"{old[:-2]}01"
    assert standing(database) == [(old, "done", [new], None)]
    run.run(database, CoreFeed(client, batch=100))
    assert bills(database) == [(old, "cancelled", wh), (new, "issued", 50 * 96 * 31)]
    with database.unit_of_work() as session:
        entry, decided = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        assert (decided.user_id, decided.deed) == (staff.lead, "approval.approved")
        assert (entry.user_id, entry.deed, entry.about) == (staff.agent, "customer.rebill", old)


def test_a_lost_answer_makes_no_second_bill(database, client, meter, staff, wired):
    """The core replaced it, we did not hear: asked again, it says so, and that is enough."""
    ((old, _, _),) = bills(database)
    approve(database, staff, ask(database, staff, old))
    assert client.rebill(old) == [f"{old[:-2]}01"]
    for _turn in range(2):
        rebills.carry(database, client, old)
    assert standing(database) == [(old, "done", [], None)]
    run.run(database, CoreFeed(client, batch=100))
    assert [status for _, status, _ in bills(database)] == ["cancelled", "issued"]


def test_a_core_that_is_away_is_asked_again(database, staff, meter, wired, core):
    ((old, _, _),) = bills(database)
    approve(database, staff, ask(database, staff, old))
    away = CoreClient("http://127.0.0.1:9", TOKEN)
    with pytest.raises(Unavailable):
        rebills.carry(database, away, old)
    away.close()
    assert standing(database) == [(old, "due", [], None)]


def test_what_the_core_cannot_bill_is_said_and_may_be_asked_again(database, client, staff, wired):
    """It has a bill of the month, and no readings to make another."""
    with database.unit_of_work() as session:
        account, point, _ = create_home(session)
        old = bill_of_the_core(session, point, 1_000).bill_no
        create_bill(session, create_account(session, account.account_no), bill_no=old)
    approve(database, staff, ask(database, staff, old))
    rebills.carry(database, client, old)
    assert standing(database) == [(old, "refused", [], "bill.rebill_failed")]
    approve(database, staff, ask(database, staff, old, "补好了读数"))
    assert standing(database) == [(old, "due", [], None)]


def test_what_cannot_be_asked(database, staff, meter, wired):
    ((old, _, _),) = bills(database)
    with pytest.raises(Refused, match=r"customer\.reason_missing"):
        ask(database, staff, old, "  ")
    with pytest.raises(NotFound, match=r"bill\.not_found"):
        ask(database, staff, "B1")
    with database.unit_of_work() as session, pytest.raises(NotFound, match=r"bill\.not_found"):
        rebills.ask(session, "420000000000", old, "别人的账单", by=staff.agent)
    approval = ask(database, staff, old)
    with pytest.raises(Conflict, match=r"approval\.asked"):
        ask(database, staff, old)
    approve(database, staff, approval)
    with pytest.raises(Conflict, match=r"rebill\.under_way"):
        ask(database, staff, old)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE bill SET status = 'cancelled'"))
        session.execute(text("DELETE FROM rebill"))
    with pytest.raises(Conflict, match=r"rebill\.replaced"):
        ask(database, staff, old)


def test_what_is_declined_is_not_done(database, staff, meter, wired):
    ((old, _, _),) = bills(database)
    approval = ask(database, staff, old)
    with database.unit_of_work() as session:
        approvals.decline(session, approval, "读数没有错", by=staff.lead)
    assert (standing(database), waiting_jobs(database)) == ([], [])
