"""The desk finds customers, says why it looks, and sees them at a glance."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import select

from runtime import clock
from runtime.database import Database
from service.arrangements.models import Arrangement
from service.audit.models import AuditEntry
from service.conversations import ask_for_person, open_for_user
from service.conversations.models import Handoff
from service.models import Bill
from service.requests import asking
from service.requests.askers import Asker
from tests.portal.conftest import create_user as register
from tests.portal.conftest import post, sign_in, staff
from tests.portal.places import queries, started
from tests.portal.staff.customers.conftest import ACCOUNT, BASE
from tests.service.requests.conftest import TOLD

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)


def trail_of(database: Database) -> list[tuple[str, str, str | None, str]]:
    with database.unit_of_work() as session:
        query = select(AuditEntry).order_by(AuditEntry.id)
        return [(e.deed, e.subject, e.reason, e.about) for e in session.scalars(query)]


def test_a_number_leads_to_its_customer(agent, house, database):
    answer = post(agent, "/desk/customers", q="4200 1187 5603")
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert post(agent, "/desk/customers", q="３３０１７７４２").headers["Location"] == BASE
    assert trail_of(database) == [
        ("customer.searched", "search", "4200 1187 5603", ""),
        ("customer.searched", "search", "３３０１７７４２", ""),
    ]


def test_a_name_shows_who_it_may_be_without_telling_more(agent, house):
    page = post(agent, "/desk/customers", q=" 王 建华 ").text
    assert "王*华" in page
    assert "4200 1187 5603" in page
    assert "梧桐里 12 栋 502" in page
    assert "13800138000" not in page


def test_what_is_not_found_says_so(agent, house):
    answer = post(agent, "/desk/customers", q="王建国")
    assert answer.status_code == 404
    assert "没有找到。对一对，别漏了字。" in answer.text
    assert 'value="王建国"' in answer.text


def test_a_link_may_bring_a_number(agent, house):
    assert agent.get(f"/desk/customers?q={ACCOUNT}").headers["Location"] == BASE


def test_nobody_looks_without_saying_why(agent, house, database):
    page = agent.get(BASE).text
    assert "为什么要看这一户" in page
    assert "王*华" not in page
    assert trail_of(database) == []
    refused = post(agent, BASE, reason="  ")
    assert refused.status_code == 400
    assert "写一句为什么。" in refused.text
    assert trail_of(database) == []


def test_a_reason_opens_the_customer_and_stands_in_the_trail(opened, database):
    page = opened.get(BASE).text
    assert "王*华" in page
    assert "¥149.51" in page
    assert "138 **** 8000" in page
    assert "13800138000" not in page
    assert "客户来电问 10 月的账单" in page
    assert trail_of(database) == [
        ("customer.opened", ACCOUNT, "客户来电问 10 月的账单", ""),
        ("seen", ACCOUNT, "客户来电问 10 月的账单", ""),
    ]


def test_a_reason_holds_for_half_an_hour(opened):
    with time_machine.travel(NOW + timedelta(minutes=29), tick=False):
        assert "王*华" in opened.get(BASE).text
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert "为什么要看这一户" in opened.get(BASE).text


def test_a_colleague_says_their_own_reason(opened, app, database):
    other = staff(app, database, "13800009609", "agent")
    assert "为什么要看这一户" in other.get(BASE).text


def test_one_whole_phone_is_shown_and_written_down(opened, house, database):
    page = post(opened, f"{BASE}/phone", whose=str(house.helper.id)).text
    assert "13900000002" in page
    assert "13800138000" not in page
    own = post(opened, f"{BASE}/phone", whose="0").text
    assert "13800138000" in own
    reason = "客户来电问 10 月的账单"
    assert trail_of(database)[1:] == [
        ("customer.phone", f"user {house.helper.id}", reason, ACCOUNT),
        ("customer.phone", ACCOUNT, reason, ""),
    ]


def test_a_phone_is_shown_to_nobody_without_a_reason(agent, house, database):
    page = post(agent, f"{BASE}/phone", whose="0").text
    assert "13800138000" not in page
    assert trail_of(database) == []


def test_an_unknown_account_is_not_there(agent):
    assert agent.get("/desk/customers/420000000000").status_code == 404
    assert post(agent, "/desk/customers/420000000000", reason="来电").status_code == 404


def test_others_than_the_desk_find_no_such_page(app, database, house, client):
    register(database)
    sign_in(client)
    field = staff(app, database, "13800009604", "field")
    inspector = staff(app, database, "13800009606", "inspector")
    for browser in (client, field, inspector):
        for address in ("/desk/customers", BASE):
            assert browser.get(address).status_code == 404
        assert post(browser, BASE, reason="好奇").status_code == 404
        assert post(browser, f"{BASE}/phone", whose="0").status_code == 404


def test_the_page_says_how_the_account_pays(opened):
    page = opened.get(BASE).text
    assert "1 次" in page  # the October bill was settled two days late
    assert "286 度" in page
    assert "微信支付" in page


def test_the_page_speaks_english(opened):
    page = opened.get(f"{BASE}?lang=en").text
    assert "Nothing owed" not in page
    assert "Payment record, 12 months" in page
    assert "1 time" in page


def test_the_page_asks_the_database_little(opened):
    """Ten are about the customer, three payments, two reminders, one messages, two the trail."""
    opened.get(BASE)
    with queries() as statements:
        opened.get(BASE)
    assert len(statements) == 22, statements


@pytest.fixture
def busy(house, database):
    """The customer has asked for a meter test and for a person."""
    with database.unit_of_work() as session:
        asker = Asker.of_user(house.owner.id)
        told = TOLD["meter_check"]
        made = asking.apply(session, asker, "meter_check", ACCOUNT, told, "form-1")
        talk = open_for_user(session, house.owner.id)
        ask_for_person(session, talk, "asked", "觉得电表转得快")
        handoff_id = session.scalars(select(Handoff.id)).one()
        return SimpleNamespace(request_no=made.request_no, handoff_id=handoff_id)


def test_requests_and_talks_lead_to_their_desk(opened, busy):
    page = opened.get(BASE).text
    assert "校验电表" in page
    assert f'href="/desk/requests/{busy.request_no}"' in page
    assert "客户要找人" in page
    assert f'href="/desk/conversations/{busy.handoff_id}"' in page
    found = post(opened, "/desk/customers", q=busy.request_no.lower()).text
    assert f'href="{BASE}?about={busy.request_no}"' in found
    about = opened.get(f"{BASE}?about={busy.request_no}").text
    assert f"为了 {busy.request_no} 在看" in about


def test_whose_work_they_are_not_reads_of_them_and_goes_nowhere(finance, busy, house):
    post(finance, BASE, reason="对账")
    page = finance.get(BASE).text
    assert "校验电表" in page
    assert "/desk/requests/" not in page
    assert "/desk/conversations/" not in page


def test_more_to_show_asks_the_database_no_more(opened, busy):
    opened.get(BASE)
    with queries() as statements:
        opened.get(BASE)
    assert len(statements) == 22, statements


def test_a_payment_is_found_by_its_number(finance, house, database):
    with database.unit_of_work() as session:
        bill = session.scalars(select(Bill).where(Bill.period == "2026-11")).one()
        order = started(session, house.owner, bill)
        order.order_no = "20261211100000a2b3c4d5e6f7g8"
    page = post(finance, "/desk/customers", q="２０２６ 1211 1000 00a2 B3C4 d5e6 f7g8").text
    assert f'href="/desk/refunds/{order.order_no}"' in page
    assert f'href="{BASE}"' in page


def test_the_rung_of_the_ladder_is_seen_and_where_it_leads(opened, house, database):
    """It is 11 December; the bill is due on the 18th, and was to be reminded of for early birds."""
    page = opened.get(BASE).text
    assert "还没到提醒的时候" in page
    assert "12 月 15 日 接着是“快到期了”" in page
    with database.unit_of_work() as session:
        bill = session.scalars(select(Bill).where(Bill.settled_fen == 0)).one()
        bill.due = clock.today() - timedelta(days=4)
    page = opened.get(BASE).text
    assert "到了“过期 3 天”" in page
    assert "12 月 14 日 接着是“过期 7 天”" in page


def test_who_pays_is_not_said_to_be_reminded(opened, house, database):
    with database.unit_of_work() as session:
        session.scalars(select(Bill).where(Bill.settled_fen == 0)).one().settled_fen = 14951
    assert "缴费提醒" not in opened.get(BASE).text


def test_a_rest_from_reminders_is_seen(opened, house, database):
    with database.unit_of_work() as session:
        session.add(
            Arrangement(
                account_no=ACCOUNT,
                user_id=house.owner.id,
                kind="promise",
                state="active",
                total_fen=14951,
                late_fen=0,
                asked_at=clock.now(),
            )
        )
    page = opened.get(BASE).text
    assert "现在不提醒：钱在路上，或者说好了先不催" in page
    assert "接着是" not in page
