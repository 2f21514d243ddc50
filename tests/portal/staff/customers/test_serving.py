"""Corrections and exports are asked for at the customer, and need a second person."""

from contextlib import ExitStack

import pytest
import time_machine
from sqlalchemy import select

from runtime import events
from service.approvals import Approval
from service.customers import exports, rebills
from service.customers.models import DataExport, Rebill
from service.events import ActionApproved
from service.models import Bill
from tests.portal.conftest import post, staff
from tests.portal.staff.customers.conftest import BASE, LEAD


@pytest.fixture(autouse=True)
def wired():
    """What is approved is done."""
    with ExitStack() as subscribed:
        for listener in (rebills.on_approved, exports.on_approved):
            subscribed.enter_context(events.subscribed(ActionApproved, listener))
        yield


@pytest.fixture
def lead(app, database):
    return staff(app, database, LEAD, "lead")


def october(database):
    with database.unit_of_work() as session:
        return session.scalars(select(Bill.bill_no).where(Bill.period == "2026-10")).one()


def approval(database):
    with database.unit_of_work() as session:
        return session.scalars(select(Approval)).one_or_none()


def test_a_bill_is_made_again_when_two_want_it(opened, lead, database):
    bill_no = october(database)
    asked = post(opened, f"{BASE}/rebill", bill_no=bill_no, reason="表读错了")
    assert (asked.status_code, asked.headers["Location"]) == (303, BASE)
    assert "等着批：重新出 2026 年 10 月的账单" in opened.get(BASE).text
    desk = lead.get("/desk/approvals").text
    for words in ("重新出 2026 年 10 月的账单", "4200 1187 5603", "¥67.04", "表读错了"):
        assert words in desk
    post(lead, f"/desk/approvals/{approval(database).id}/approve")
    with database.unit_of_work() as session:
        assert session.scalars(select(Rebill.bill_no)).one() == bill_no
    assert f"{bill_no} 正在重新出账。" in opened.get(BASE).text


def test_what_was_declined_is_said_with_its_note(opened, lead, database):
    post(opened, f"{BASE}/rebill", bill_no=october(database), reason="表读错了")
    post(lead, f"/desk/approvals/{approval(database).id}/decline", note="读数核对过，没有错")
    page = opened.get(BASE).text
    assert "没有批：重新出 2026 年 10 月的账单。读数核对过，没有错" in page
    with time_machine.travel("2026-12-25T02:00:01Z", tick=False):
        post(opened, BASE, reason="又来电")
        assert "没有批" not in opened.get(BASE).text


def test_one_takes_back_what_one_has_asked_for(opened, finance, database):
    post(opened, f"{BASE}/export", what="usage", reason="客户要")
    asked = approval(database)
    way = f"{BASE}/withdraw/{asked.id}"
    assert f'action="{way}"' in opened.get(BASE).text
    post(finance, BASE, reason="对账")
    page = finance.get(BASE).text
    assert "等着批：导出客户数据：每天的用电" in page
    assert way not in page
    post(finance, way)
    assert approval(database).status == "asked"
    post(opened, way)
    assert approval(database).status == "withdrawn"
    assert "等着批" not in opened.get(BASE).text


def test_a_refusal_is_said_beside_the_customer(opened, database):
    answer = post(opened, f"{BASE}/rebill", bill_no=october(database), reason=" ")
    assert answer.status_code == 409
    assert "写一句为什么。" in answer.text
    assert "王*华" in answer.text
    assert approval(database) is None
    assert post(opened, f"{BASE}/rebill", bill_no="B0", reason="错").status_code == 404


def test_data_are_fetched_by_whoever_asked(opened, lead, finance, app, database, tmp_path):
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"var": tmp_path})
    post(opened, f"{BASE}/export", what="bills", reason="客户要一份自己的数据")
    assert "导出客户数据：全部账单" in lead.get("/desk/approvals").text
    post(lead, f"/desk/approvals/{approval(database).id}/approve")
    assert "全部账单：正在写，过一会儿刷新。" in opened.get(BASE).text
    with database.unit_of_work() as session:
        export_id = session.scalars(select(DataExport.id)).one()
    exports.make(database, export_id, exports.folder(tmp_path))
    assert "下载全部账单，12 月 12 日 10:00 前" in opened.get(BASE).text
    file = post(opened, f"/desk/customers/exports/{export_id}")
    assert file.headers["Content-Disposition"] == 'attachment; filename="bills-5603.csv"'
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Cache-Control"] == "no-store"
    assert len(file.data.decode("utf-8-sig").splitlines()) == 3
    for other in (lead, finance):
        assert post(other, f"/desk/customers/exports/{export_id}").status_code == 404
        assert "下载全部账单" not in other.get(BASE).text


@pytest.mark.parametrize("deed", ["rebill", "export"])
def test_nothing_is_asked_by_who_gave_no_reason_to_look(agent, house, database, deed):
    answer = post(agent, f"{BASE}/{deed}", what="bills", reason="客户要")
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert approval(database) is None


def test_from_a_conversation_the_reason_goes_along(agent, house, database):
    from service.conversations.opening import open_for_user

    with database.unit_of_work() as session:
        talk = open_for_user(session, house.owner.id)
    about = f"conversation {talk.id}"
    page = agent.get(BASE, query_string={"about": about}).text
    assert f"为了 {about} 在看" in page
    assert f"{BASE}/phone?about=conversation+{talk.id}" in page
    address = f"{BASE}/as?about=conversation+{talk.id}"
    seen = post(agent, address, user=str(house.owner.id))
    assert seen.headers["Location"] == f"{BASE}/as/{house.owner.id}/"
    assert (
        f'action="{BASE}/as/end?about=conversation+{talk.id}"'
        in agent.get(seen.headers["Location"]).text
    )
    assert "为什么要看这一户" in agent.get(BASE).text  # without it a reason is still owed
    wrong = agent.get(BASE, query_string={"about": f"conversation {talk.id + 1}"})
    assert "为什么要看这一户" in wrong.text


def test_others_find_no_such_deeds(app, database, house, client):
    field = staff(app, database, "13800009604", "field")
    for deed in ("rebill", "export", "as", "as/end"):
        assert post(field, f"{BASE}/{deed}", reason="x").status_code == 404
    assert post(field, "/desk/customers/exports/1").status_code == 404
    assert approval(database) is None
