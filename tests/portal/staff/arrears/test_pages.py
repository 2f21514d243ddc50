"""The desk's arrears: who owes for how long, what is arranged, and disconnections by two people."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from runtime import clock
from runtime.database import Database
from service.arrangements import making
from service.arrangements.models import Arrangement
from service.audit import AuditEntry
from service.disconnections import arrears
from service.disconnections.arrears import Wanted
from service.disconnections.models import Disconnection, ProtectedAccount
from service.insight.models import LateScore
from tests.portal.conftest import staff
from tests.portal.places import says, words
from tests.portal.staff.arrears.conftest import ACCOUNT
from tests.service import builders

LIST, HERE = "/desk/arrears", f"/desk/arrears/{ACCOUNT}"
PLAN = {"day": "2026-11-19", "hour": "10", "reason": "多次提醒没有缴"}


def send(client: FlaskClient, to: str, **fields: str) -> Any:
    """Submit a form of the account's page."""
    token = client.get(HERE).text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(to, data={"csrf_token": token, **fields})


def one(database: Database, table: type[Any]) -> Any:
    with database.unit_of_work() as session:
        return session.scalars(select(table)).one()


def trail(database: Database) -> list[tuple[str, str, str | None]]:
    with database.unit_of_work() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(each.deed, each.subject, each.reason) for each in found]


def owing(database: Database, number: str, days: int, fen: int = 10000, **account: Any) -> None:
    """Another account, with a bill that is so many days late."""
    with database.unit_of_work() as session:
        owner = builders.create_account(session, number, **account)
        due = clock.today() - timedelta(days=days)
        builders.create_bill(session, owner, "2026-08", total_fen=fen, due=due)


@pytest.fixture
def several(database: Database, home: SimpleNamespace) -> None:
    """One of every age, beside the home that is 53 days late; and one that owes nothing yet."""
    owing(database, "420000000030", 30, 3000)
    owing(database, "420000000031", 31, 3100, kind="commercial")
    owing(database, "420000000090", 90, 9000)
    owing(database, "420000000091", 91, 9100, kind="industrial")
    owing(database, "420000000000", 0)


def numbers(database: Database, **wanted: str) -> list[str]:
    with database.unit_of_work() as session:
        found = arrears.page(session, Wanted.of(wanted)).rows
        return [row.account.account_no[-2:] for row in found]


def test_the_list_by_age(finance: FlaskClient, several: None) -> None:
    said = says(finance, LIST)
    assert "¥591.51 5 户逾期，不含违约金" in said
    assert "全部5 户，¥592" in said
    assert "1–30 天1 户，¥30" in said
    assert "31–60 天2 户，¥381" in said
    assert "61–90 天1 户，¥90" in said
    assert "90 天以上1 户，¥91" in said
    assert said.index("4200 0000 0091") < said.index("4200 0000 0090") < said.index("4200 1187")
    assert "4200 0000 0000" not in said


def test_it_is_narrowed(database: Database, home: SimpleNamespace, several: None) -> None:
    assert numbers(database) == ["91", "90", "03", "31", "30"]
    assert numbers(database, age="60") == ["03", "31"]
    assert numbers(database, age="more", kind="commercial") == []
    assert numbers(database, kind="residential") == ["90", "03", "30"]
    with database.unit_of_work() as session:
        making.promise(
            session, home.user, ACCOUNT, [_old(session)], clock.today() + timedelta(days=3)
        )
    assert numbers(database, arrangement="active") == ["03"]
    assert numbers(database, arrangement="none") == ["91", "90", "31", "30"]
    assert numbers(database, arrangement="broken") == []
    assert numbers(database, disconnection="asked") == []
    assert numbers(database, disconnection="none", age="30") == ["30"]


def _old(session: Any) -> str:
    return making.dues(session, 1, [ACCOUNT])[0].bill_no


def test_by_how_likely_it_is_late_where_that_is_known(
    database: Database, finance: FlaskClient, several: None
) -> None:
    with database.unit_of_work() as session:
        session.add(
            LateScore(
                account_no="420000000090",
                score=0.8,
                band="high",
                reasons=[],
                model_no=1,
                at=clock.now(),
            )
        )
    assert numbers(database, band="high") == ["90"]
    assert numbers(database, band="low") == []
    assert says(finance, f"{LIST}?band=high").count("没有估") == 0


def test_pages_go_on_after_a_mark(database: Database, several: None) -> None:
    with database.unit_of_work() as session:
        first = arrears.page(session, Wanted(), limit=2)
        second = arrears.page(session, Wanted(), first.after, limit=2)
        third = arrears.page(session, Wanted(), second.after, limit=2)
    found = [[row.account.account_no[-2:] for row in each.rows] for each in (first, second, third)]
    assert found == [["91", "90"], ["03", "31"], ["30"]]
    assert str(first.after) == f"{clock.today() - timedelta(days=90)}~420000000090"
    assert third.after is None


def test_an_address_that_is_nonsense_is_the_beginning(finance: FlaskClient, several: None) -> None:
    assert "4200 0000 0091" in says(finance, f"{LIST}?after=x&age=old&kind=cats")
    answer = finance.get(f"{LIST}/choose?age=60&kind=&band=")
    assert answer.headers["Location"] == f"{LIST}?age=60"


def test_nobody_owes(finance: FlaskClient) -> None:
    assert "没有这样的欠费" in says(finance, LIST)


@pytest.mark.parametrize("role", ["agent", "field", "inspector"])
def test_it_is_the_room_of_finance(
    app: Flask, database: Database, home: SimpleNamespace, role: str
) -> None:
    other = staff(app, database, "13900000003", role)
    assert other.get(LIST).status_code == 404
    assert other.get(HERE).status_code == 404


def test_looking_at_an_account_stands_in_the_trail(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    said = says(finance, HERE)
    assert "2026 年 8 月 · ¥200.00" in said
    assert "王*华" in said
    with database.unit_of_work() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.deed, entry.subject, entry.about) == ("seen", ACCOUNT, "arrears")
    assert finance.get("/desk/arrears/429999999999").status_code == 404


def ask_for_instalments(database: Database, home: SimpleNamespace) -> int:
    with database.unit_of_work() as session:
        first = clock.today() + timedelta(days=10)
        return making.ask(session, home.user, ACCOUNT, 2, first, "住院了").id


def test_finance_agrees_to_instalments(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    number = ask_for_instalments(database, home)
    assert "客户说住院了" in says(finance, HERE)
    answer = send(finance, f"{HERE}/arrangements/{number}/agree")
    assert answer.status_code == 303
    assert one(database, Arrangement).state == "active"
    assert "同意了，已经告诉客户。" in says(finance, HERE)
    assert ("arrangement.agreed", ACCOUNT, None) in trail(database)


def test_finance_declines_with_a_reason(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    number = ask_for_instalments(database, home)
    answer = send(finance, f"{HERE}/arrangements/{number}/decline", note=" ")
    assert (answer.status_code, one(database, Arrangement).state) == (409, "asked")
    assert "不同意要写清楚为什么" in words(answer.text)
    send(finance, f"{HERE}/arrangements/{number}/decline", note="请先缴一部分")
    assert one(database, Arrangement).state == "declined"


def test_the_arrangement_is_that_of_the_account(
    finance: FlaskClient, database: Database, home: SimpleNamespace, several: None
) -> None:
    number = ask_for_instalments(database, home)
    other = f"/desk/arrears/420000000090/arrangements/{number}/agree"
    assert send(finance, other).status_code == 404
    assert one(database, Arrangement).state == "asked"


def test_two_people_plan_a_disconnection(
    finance: FlaskClient, lead: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    assert send(finance, f"{HERE}/disconnections", **PLAN).status_code == 303
    found = one(database, Disconnection)
    assert (found.state, found.overdue_fen) == ("asked", 34951)
    assert found.at.isoformat() == "2026-11-19T02:00:00+00:00"
    waiting = says(lead, "/desk/approvals")
    assert "欠费停电，11 月 19 日 10:00" in waiting
    assert "逾期的电费¥349.51" in waiting
    token = lead.get("/desk/approvals").text.split('name="csrf_token" value="')[1].split('"')[0]
    lead.post("/desk/approvals/1/approve", data={"csrf_token": token})
    assert one(database, Disconnection).state == "planned"
    said = says(finance, HERE)
    assert "11 月 19 日 10:00 停电批了，在通知" in said
    assert "停电批了，在通知" in says(finance, f"{LIST}?disconnection=planned")
    assert ("disconnection.wanted", ACCOUNT, "多次提醒没有缴") in trail(database)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reason": " "}, "写一句为什么。"),
        ({"day": "2026-11-20"}, "那天或者第二天休息"),
        ({"day": "2026-11-12"}, "至少要提前 7 天送到"),
        ({"day": "soon"}, "请选列出来的一天和一个钟点"),
        ({"hour": "12"}, "请选列出来的一天和一个钟点"),
    ],
)
def test_a_plan_that_the_rules_do_not_allow(
    finance: FlaskClient,
    database: Database,
    home: SimpleNamespace,
    changed: dict[str, str],
    sentence: str,
) -> None:
    answer = send(finance, f"{HERE}/disconnections", **PLAN | changed)
    assert (answer.status_code, sentence in words(answer.text)) == (409, True)
    with database.unit_of_work() as session:
        assert session.scalars(select(Disconnection)).all() == []


def test_calling_it_off_takes_a_reason(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    send(finance, f"{HERE}/disconnections", **PLAN)
    off = f"{HERE}/disconnections/{one(database, Disconnection).id}/call-off"
    assert send(finance, off, call_off_reason="").status_code == 409
    assert send(finance, off, call_off_reason="日子写错了").status_code == 303
    found = one(database, Disconnection)
    assert (found.state, found.why) == ("called_off", "desk")
    assert "取消：我们取消的" in says(finance, HERE)
    assert send(finance, off.replace(ACCOUNT, "429999999999")).status_code == 404


def test_a_protected_account_says_why_it_is_not_disconnected(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    send(finance, f"{HERE}/disconnections", **PLAN)
    given = {"why": "life_support", "until": "2027-06-30", "protect_note": "看了医院证明"}
    assert send(finance, f"{HERE}/protect", **given).status_code == 303
    assert one(database, Disconnection).why == "protected"
    assert one(database, ProtectedAccount).until == date(2027, 6, 30)
    said = says(finance, HERE)
    assert "现在不能停电：这一户受保护，不停电。" in said
    assert "家里有人靠设备维持生命，到 2027 年 6 月 30 日。" in said
    assert ("account.protected", ACCOUNT, "看了医院证明") in trail(database)
    assert send(finance, f"{HERE}/release", release_note="搬走了").status_code == 303
    assert "申请停电" in says(finance, HERE)
    bad = send(finance, f"{HERE}/protect", **given | {"until": "never"})
    assert (bad.status_code, "日子填得不对" in bad.text) == (409, True)


def test_what_was_not_done_in_time_is_said_above_the_list(
    finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    send(finance, f"{HERE}/disconnections", **PLAN)
    with database.unit_of_work() as session:
        found = session.scalars(select(Disconnection)).one()
        found.state, found.why, found.ended_at = "called_off", "notice_late", clock.now()
    said = says(finance, LIST)
    assert "户号 4200 1187 5603 的停电取消了：第一次通知没有及时送到。" in said


def test_the_trail_speaks_of_it(
    app: Flask, finance: FlaskClient, database: Database, home: SimpleNamespace
) -> None:
    send(finance, f"{HERE}/disconnections", **PLAN)
    inspector = staff(app, database, "13900000004", "inspector")
    said = says(inspector, "/desk/audit")
    assert "申请欠费停电" in said
    assert "停电计划 1 号" in said
