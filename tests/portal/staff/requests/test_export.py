"""A queue as a file: at once, or when a second person has agreed."""

import csv
from io import StringIO

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from runtime.database import Database
from service.approvals import Approval
from service.audit import AuditEntry
from service.desk import exporting
from service.requests import moving
from service.requests.models import Request
from tests.portal.places import says
from tests.portal.staff.requests.conftest import AGENT, DESK, fresh, send, who
from tests.service.requests.conftest import Customer, ask

EXPORT = f"{DESK}/export"
WHY = "给抢修公司核对"


def cells(client: FlaskClient, path: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="requests.csv"'
    return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"))))


def approve(client: FlaskClient, database: Database) -> int:
    """Say yes to what waits; its number."""
    with database.unit_of_work() as session:
        [found] = session.scalars(select(Approval).where(Approval.status == "asked"))
    assert send(client, f"/desk/approvals/{found.id}/approve", "/desk/approvals").status_code == 303
    return found.id


def test_a_short_queue_without_names_is_fetched_at_once(
    agent: FlaskClient, repair: Request
) -> None:
    assert f"{EXPORT}/now.csv?team=any" in agent.get(EXPORT).text
    head, row = cells(agent, f"{EXPORT}/now.csv")
    assert head == [
        "工单号", "哪一类", "哪个班组", "提交时间", "时限", "下一步", "特急", "谁在办",
    ]  # fmt: skip
    assert row == [
        repair.request_no,
        "停电、故障报修",
        "抢修",
        "2026 年 12 月 11 日 10:00",
        "2026 年 12 月 11 日 10:45",
        "派出抢修队",
        "",
        "",
    ]


def test_a_long_queue_needs_somebody_else(
    agent: FlaskClient, repair: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "SHORT", 0)
    answer = agent.get(f"{EXPORT}/now.csv?queue=all")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"{EXPORT}?team=any&queue=all",
    )
    page = says(agent, EXPORT)
    assert "超过 0 件，要另一个人批" in page
    assert "下载" not in page


def test_personal_data_need_somebody_else(
    agent: FlaskClient, lead: FlaskClient, database: Database, repair: Request
) -> None:
    address = f"{EXPORT}?queue=all&kind=outage_repair"
    assert send(agent, address, personal="yes", reason=WHY).status_code == 303
    assert "等着批" in says(agent, EXPORT)
    again = send(agent, address, personal="yes", reason=WHY)
    assert again.status_code == 409
    asked = says(lead, "/desk/approvals")
    assert "导出工单" in asked
    assert "全部、停电、故障报修" in asked
    assert "带姓名、电话和地址" in asked
    assert "哪个班组所有班组" in asked
    assert "现在有1 件" in asked
    assert WHY in asked
    number = approve(lead, database)
    assert f'href="{EXPORT}/{number}.csv"' in agent.get(EXPORT).text
    _head, row = cells(agent, f"{EXPORT}/{number}.csv")
    assert row[-4:] == ["王建华", "13800138000", repair.account_no, "梧桐里 12 栋 502"]
    with database.unit_of_work() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.subject == "queue"))
        me = who(database, AGENT).id
        assert (entry.user_id, entry.deed) == (me, "queue.fetched")
        assert (entry.reason, entry.about) == ("全部、停电、故障报修", f"approval {number}")


def test_nobody_else_fetches_it_and_not_for_ever(
    agent: FlaskClient,
    other: FlaskClient,
    lead: FlaskClient,
    database: Database,
    repair: Request,
    clock: time_machine.Traveller,
) -> None:
    send(agent, EXPORT, reason=WHY)
    with database.unit_of_work() as session:
        waits = session.scalars(select(Approval.id)).one()
    assert agent.get(f"{EXPORT}/{waits}.csv").status_code == 404
    number = approve(lead, database)
    assert other.get(f"{EXPORT}/{number}.csv").status_code == 404
    assert lead.get(f"{EXPORT}/{number}.csv").status_code == 404
    with database.unit_of_work() as session:
        found = session.get_one(Approval, number)
        assert exporting.is_good(found)
        clock.shift(24 * 3600)
        assert not exporting.is_good(found)


def test_a_reason_is_needed(agent: FlaskClient, database: Database, repair: Request) -> None:
    answer = send(agent, EXPORT, personal="yes", reason="  ")
    assert answer.status_code == 400
    assert "写一句为什么要导出" in answer.text
    with database.unit_of_work() as session:
        assert session.scalars(select(Approval)).all() == []


def test_a_file_holds_all_of_a_queue_or_is_not_made(
    agent: FlaskClient,
    lead: FlaskClient,
    database: Database,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(database, customer, key="a")
    monkeypatch.setattr(exporting, "MOST", 1)
    monkeypatch.setattr(exporting, "_AT_ONCE", 1)
    assert send(agent, EXPORT, reason=WHY).status_code == 303
    number = approve(lead, database)
    assert len(cells(agent, f"{EXPORT}/{number}.csv")) == 2
    ask(database, customer, key="b")
    late = agent.get(f"{EXPORT}/{number}.csv")
    assert late.status_code == 400
    assert "超过 1 件，一个文件装不下" in late.text
    assert send(agent, EXPORT, reason=WHY).status_code == 400
    monkeypatch.setattr(exporting, "MOST", 2)
    assert len(cells(agent, f"{EXPORT}/{number}.csv")) == 3


def test_no_cell_is_a_formula(
    agent: FlaskClient, lead: FlaskClient, database: Database, customer: Customer
) -> None:
    made = ask(database, customer, address="=HYPERLINK(1)")
    send(agent, EXPORT, personal="yes", reason=WHY)
    _head, row = cells(agent, f"{EXPORT}/{approve(lead, database)}.csv")
    assert row[0] == made.request_no
    assert row[-1] == "'=HYPERLINK(1)"


def test_the_file_holds_the_queue_of_whoever_asked(
    agent: FlaskClient, lead: FlaskClient, database: Database, customer: Customer
) -> None:
    mine, _free = (ask(database, customer, key=key) for key in ("a", "b"))
    me = who(database, AGENT).id
    with database.unit_of_work() as session:
        moving.assign(session, [mine.request_no], me, by=me)
    send(agent, f"{EXPORT}?queue=mine", reason=WHY)
    rows = cells(agent, f"{EXPORT}/{approve(lead, database)}.csv")
    assert [row[0] for row in rows[1:]] == [fresh(database, mine.request_no).request_no]
    assert rows[1][-1] == "林小满"
