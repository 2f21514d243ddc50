"""A customer who cannot pay now: what is owed, two ways, the plan before it holds, its progress."""

from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from runtime import clock
from runtime.database import Database
from service.arrangements import deciding, following
from service.arrangements.models import Arrangement
from service.models import Account, Bill, Link
from tests.portal.arrangements.conftest import ACCOUNT
from tests.portal.places import pay, says, words
from tests.service import builders

HERE = f"/arrangements/{ACCOUNT}"
INSTALMENTS = {"count": "3", "first": "2026-12-21", "reason": "住院了"}


def send(client: FlaskClient, page: str, to: str | None = None, **fields: Any) -> Any:
    """Submit a form of a page with its token; `to` where its address is another one."""
    token = client.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(to or page, data={"csrf_token": token, **fields})


def rows(database: Database) -> list[tuple[str, str, int, str | None]]:
    with database.unit_of_work() as session:
        found = session.scalars(select(Arrangement).order_by(Arrangement.id))
        return [(each.kind, each.state, each.total_fen, each.reason) for each in found]


def promised(client: FlaskClient, home: SimpleNamespace, **fields: Any) -> Any:
    values = {"bill": [home.old], "day": "2026-12-21", "expected": "21680", "agree": "yes"}
    return send(client, f"{HERE}/promise", **values | fields)


def asked(client: FlaskClient, **fields: Any) -> Any:
    values = INSTALMENTS | {"expected": "36975", "agree": "yes"}
    return send(client, f"{HERE}/instalments", **values | fields)


def withdraw(client: FlaskClient) -> Any:
    return send(client, HERE, f"{HERE}/withdraw")


def test_the_bill_leads_here(client: FlaskClient, home: SimpleNamespace) -> None:
    for page in (f"/bills/{home.old}", "/bills", "/", "/pay", f"/pay/confirm?bill={home.old}"):
        assert f'href="{HERE}">现在缴不了？' in client.get(page).get_data(as_text=True)


@pytest.mark.parametrize("page", ["/", "/bills"])
def test_what_was_promised_is_said_beside_what_is_owed(
    client: FlaskClient, home: SimpleNamespace, page: str
) -> None:
    promised(client, home)
    assert f'href="{HERE}">看说好的安排' in client.get(page).get_data(as_text=True)
    assert "说好 12 月 21 日前缴，在那之前不催您。" in says(client, page)


def test_what_was_asked_is_said_beside_what_is_owed(
    client: FlaskClient, home: SimpleNamespace
) -> None:
    asked(client)
    assert "申请了分期，在等我们答复。" in says(client, "/")


def test_what_is_owed_and_two_ways(client: FlaskClient, home: SimpleNamespace) -> None:
    said = says(client, HERE)
    assert "¥369.75 2 张账单没有缴，含到今天的违约金 ¥20.24。" in said
    assert "过几天一次缴清15 天以内" in said
    assert "分几个月缴2 到 6 次" in said
    assert "违约金每天照法律算" in said


def test_a_promise_is_shown_before_it_holds(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    answer = promised(client, home, agree=None, expected=None)
    said = words(answer.text)
    assert answer.status_code == 200
    assert "一次缴清12 月 21 日周一216.80 合计¥216.80" in said
    assert "到今天是 ¥16.80，按这个日子缴，到缴清那天大约 ¥18.80" in said
    assert "说好 12 月 21 日前缴 ¥216.80" in said
    assert rows(database) == []


def test_a_promise_holds(client: FlaskClient, home: SimpleNamespace, database: Database) -> None:
    answer = promised(client, home)
    assert (answer.status_code, answer.headers["Location"]) == (303, HERE)
    assert rows(database) == [("promise", "active", 21680, None)]
    said = says(client, HERE)
    assert "说好了" in said
    assert "12 月 21 日前缴，还有 10 天。在那之前不催您。" in said
    page = client.get(HERE).get_data(as_text=True)
    assert f'href="/pay/confirm?bill={home.old}">缴 ¥216.80' in page


def test_the_other_bill_is_still_there_to_promise(
    client: FlaskClient, home: SimpleNamespace
) -> None:
    promised(client, home)
    withdraw(client)
    form = client.get(f"{HERE}/promise").get_data(as_text=True)
    assert f'value="{home.old}"' not in form
    assert f'value="{home.new}"' in form
    assert "有的账单说好过一回了" in form


def test_nobody_agrees_to_a_sum_that_has_changed(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    for fields in ({"expected": "21660"}, {"expected": ""}):
        answer = promised(client, home, **fields)
        assert answer.status_code == 409
        assert 'name="expected" value="21680"' in answer.text
    assert "现在是 ¥216.80" in promised(client, home, expected="21660").text
    assert rows(database) == []


def test_what_was_typed_stays_when_it_is_changed(
    client: FlaskClient, home: SimpleNamespace
) -> None:
    form = asked(client, agree=None, change="yes").text
    assert '<option value="2026-12-21" selected>' in form
    assert 'value="3" required checked' in form
    assert ">住院了</textarea>" in form


def test_instalments_are_shown_with_days_and_sums(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    """94 days of ¥123.25 are 11.59; 125 of 76.75 and 64 of 46.50 are 9.59 and 2.98; 96 of 103.01
    are 9.89."""
    said = words(asked(client, agree=None).text)
    assert "第 1 次12 月 21 日周一123.25" in said
    assert "第 2 次2027 年 1 月 21 日周四123.25" in said
    assert "第 3 次2027 年 2 月 22 日周一123.25 合计¥369.75" in said
    assert "到今天是 ¥20.24，按这个日子缴，到缴清那天大约 ¥34.05" in said
    assert "为什么住院了" in said
    assert "申请分 3 次缴 ¥369.75" in said
    assert rows(database) == []


def test_instalments_wait_for_the_desk(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    assert asked(client).status_code == 303
    assert rows(database) == [("instalments", "asked", 36975, "住院了")]
    said = says(client, HERE)
    assert "分期在等答复" in said
    assert "第一次缴的日子以前一定有答复" in said


def decide(database: Database, **state: Any) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Arrangement).values(**state))


def test_the_part_is_what_the_button_pays(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    asked(client)
    decide(database, state="active")
    page = unescape(client.get(HERE).text)
    assert f'href="/pay/confirm?account={ACCOUNT}&amount=123.25">缴 ¥123.25' in page
    assert "先缴最早的账单。没缴的部分违约金照算，到今天 ¥20.24。" in words(page)
    with database.unit_of_work() as session:
        session.get_one(Bill, home.old).settled_fen = 20000
        session.get_one(Bill, home.new).settled_fen = 4650
    page = unescape(client.get(HERE).text)
    assert "第 1 次缴了" in words(page)
    assert "第 3 次下一次" in words(page)
    assert f'href="/pay/confirm?bill={home.new}">缴 ¥105.38' in page
    assert client.get(f"/pay/confirm?account={ACCOUNT}&amount=123.25").status_code == 200


@pytest.mark.parametrize(
    ("state", "says_what"),
    [
        ({"state": "kept"}, "都缴清了 "),
        ({"state": "broken"}, "没有按说好的缴 "),
        ({"state": "cancelled"}, "收回了 "),
        ({"state": "declined", "note": "请先缴一部分"}, "我们说：请先缴一部分"),
        ({"state": "declined"}, "是我们慢了"),
    ],
)
def test_what_became_of_it(
    client: FlaskClient,
    home: SimpleNamespace,
    database: Database,
    state: dict[str, str],
    says_what: str,
) -> None:
    asked(client)
    decide(database, ended_at=clock.now(), **state)
    assert says_what in says(client, f"{HERE}/latest")


def test_after_a_broken_one_there_are_no_instalments(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    asked(client)
    decide(database, state="broken", ended_at=clock.now())
    said = says(client, HERE)
    assert "2027 年 12 月 11 日 以前不能分期" in said
    assert "分几个月缴" not in said
    assert client.get(f"{HERE}/instalments").status_code == 303


def test_what_is_wrong_is_said_and_nothing_is_made(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    wrong = [
        (asked(client, reason=" "), "写一两句为什么要分期"),
        (asked(client, count="9"), "请选一个列出来的次数"),
        (asked(client, first="tomorrow"), "请从列表里选一天"),
        (promised(client, home, bill=[]), "请至少选一张还没缴的账单"),
        (promised(client, home, day="2026-12-27"), "请从列表里选一天"),
    ]
    for answer, sentence in wrong:
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert rows(database) == []


def test_a_second_click_shows_the_first(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    token = client.get(f"{HERE}/promise").text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {
        "csrf_token": token,
        "bill": home.new,
        "day": "2026-12-21",
        "expected": "15295",
        "agree": "yes",
    }
    promised(client, home)
    again = client.post(f"{HERE}/promise", data=fields)
    assert (again.status_code, again.headers["Location"]) == (303, HERE)
    assert "已经有一个安排了" in says(client, HERE)
    assert len(rows(database)) == 1


def test_taking_it_back(client: FlaskClient, home: SimpleNamespace, database: Database) -> None:
    promised(client, home)
    assert withdraw(client).status_code == 303
    assert [row[1] for row in rows(database)] == ["cancelled"]
    assert "收回了。欠费照常要缴。" in says(client, HERE)


def test_nothing_is_owed(client: FlaskClient, home: SimpleNamespace, database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=Bill.total_fen))
    assert "这一户现在不欠电费" in says(client, HERE)
    assert client.get(f"{HERE}/promise").status_code == 303


def test_money_is_on_its_way(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    with database.unit_of_work() as session:
        pay(session, home.user, session.get_one(Bill, home.old))
    assert "您付的 ¥200.00 最迟 10 分钟记好" in says(client, HERE)
    assert client.get(f"{HERE}/instalments").status_code == 303


def test_who_pays_ahead(client: FlaskClient, home: SimpleNamespace, database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Account).values(settlement="prepaid"))
    assert "这一户是先充后用的" in says(client, HERE)
    assert client.get(f"{HERE}/promise").status_code == 303


def test_the_neighbour_finds_nothing(
    client: FlaskClient, neighbour: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    promised(client, home)
    for path in (HERE, f"{HERE}/latest", f"{HERE}/promise", f"{HERE}/instalments"):
        assert neighbour.get(path).status_code == 404
    token = neighbour.get("/bills").text.split('name="csrf_token" value="')[1].split('"')[0]
    for path in ("promise", "instalments", "withdraw"):
        answer = neighbour.post(f"{HERE}/{path}", data={"csrf_token": token, **INSTALMENTS})
        assert answer.status_code == 404
    assert [row[1] for row in rows(database)] == ["active"]


def test_who_only_looks_after_energy_arranges_nothing(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Link).values(role="enterprise_energy"))
    assert client.get(HERE).status_code == 403
    assert f'href="{HERE}"' not in client.get(f"/bills/{home.old}").text


def test_in_english_and_in_large_letters(client: FlaskClient, home: SimpleNamespace) -> None:
    page = client.get(HERE).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/display", data={"csrf_token": token, "language": "en", "view": "elder"})
    page = client.get(HERE).text
    assert 'data-mode="elder"' in page
    assert "Can't pay now?" in page
    assert "¥369.75" in words(page).replace("¥ ", "¥")
    answer = asked(client)
    assert answer.status_code == 303
    assert "Instalments: waiting for our answer" in says(client, HERE)


def test_it_is_followed_as_the_desk_decides_and_money_comes(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    """Through the functions that the house wires, not by the tables."""
    asked(client)
    with database.unit_of_work() as session:
        staff = builders.create_user(session, staff_role="finance")
        number = session.scalars(select(Arrangement.id)).one()
        assert deciding.agree(session, number, by=staff.id)
    assert "下一次 12 月 21 日前缴" in says(client, HERE)
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=Bill.total_fen))
        session.execute(update(Bill).values(settled_at=clock.now()))
    following.follow_all(database)
    assert "都缴清了" in says(client, f"{HERE}/latest")


def test_a_question_that_was_taken_back_is_not_asked_over_and_over(
    client: FlaskClient, home: SimpleNamespace, database: Database
) -> None:
    assert asked(client).status_code == 303
    assert "30 天里不能在网上再申请分期。" in says(client, HERE)
    withdraw(client)
    assert asked(client).status_code == 303  # a slip can be put right on its day
    withdraw(client)
    said = says(client, HERE)
    assert "1 月 10 日以前不能在网上再申请。有困难打" in said.replace("日 以前", "日以前")
    assert f'href="{HERE}/instalments"' not in client.get(HERE).text
    assert client.get(f"{HERE}/instalments").status_code == 303
    assert [row[1] for row in rows(database)] == ["cancelled", "cancelled"]
