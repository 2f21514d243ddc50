"""The board of those who lead: its figures lead to the queues that they count."""

import re

from flask.testing import FlaskClient

from runtime import clock as own_clock
from runtime.database import Database
from service.models import Account
from service.requests import moving
from service.requests.models import Request
from service.requests.talk_models import Rating
from tests.portal.places import says, words
from tests.portal.staff.requests.conftest import AGENT, DESK, LEAD, named, send, turns
from tests.service import builders
from tests.service.requests.conftest import Customer, ask, move_in

BOARD = "/desk/load"


def row_of(client: FlaskClient, name: str) -> list[str]:
    """The cells of the row of a team or a person."""
    found = re.search(rf"<tr><th scope=\"row\">{name}</th>(.*?)</tr>", client.get(BOARD).text, re.S)
    assert found
    return [words(f"<main>{each}</main>") for each in re.findall(r"<td.*?</td>", found[1], re.S)]


def test_what_lies_before_whom(
    agent: FlaskClient, lead: FlaskClient, database: Database, customer: Customer
) -> None:
    me = named(database, AGENT, "林小满")
    mine, _free = (ask(database, customer, key=key) for key in ("a", "b"))
    ask(database, customer, "complaint", "c")
    with database.unit_of_work() as session:
        moving.assign(session, [mine.request_no], me, by=me)
    page = says(lead, BOARD)
    assert "0 件超时，在办 3 件" in page
    assert "今天还有 2 件到期，2 件没人接。" in page
    assert row_of(lead, "抢修") == ["2", "2", "0", "0", "0", "1", "没有", "没有"]
    assert row_of(lead, "客户服务") == ["1", "0", "0", "0", "0", "1", "没有", "没有"]
    assert row_of(lead, "林小满") == ["1", "1", "0", "0", "0", "没有"]
    assert len(turns(lead, f"{DESK}?team=repair")) == 2
    assert len(turns(lead, f"{DESK}?team=repair&queue=free")) == 1
    assert len(turns(lead, f"{DESK}?team=any&queue=all&person={me}")) == 1


def test_a_low_mark_comes_back_and_is_answered_for(
    lead: FlaskClient, database: Database, repair: Request
) -> None:
    boss = named(database, LEAD, "沈知秋")
    with database.unit_of_work() as session:
        done = moving.locked(session, repair.request_no)
        moving.finish(session, done, moving.By("staff", boss))
        rating = Rating(
            request_id=done.id, round=0, score=1, comment="等了两个小时", at=own_clock.now()
        )
        session.add(rating)
        session.flush()
    page = says(lead, BOARD)
    assert row_of(lead, "抢修")[-2:] == ["100%1/1", "1.0 星1 位，1 位不满意"]
    assert "等了两个小时" in page
    answer = f"{BOARD}/ratings/{rating.id}"
    assert send(lead, answer, BOARD, done=" ").status_code == 303
    assert "写一句怎么处理的" in says(lead, BOARD)
    assert send(lead, answer, BOARD, done="打电话道歉了").status_code == 303
    assert "等了两个小时" not in says(lead, BOARD)
    case = says(lead, f"{DESK}/{repair.request_no}")
    assert "客户评了 1 星等了两个小时班长：打电话道歉了" in case


def test_an_agent_answers_for_no_marks(agent: FlaskClient) -> None:
    assert send(agent, f"{BOARD}/ratings/1", done="x").status_code == 404


def test_neighbours_in_the_dark_are_told_of(
    agent: FlaskClient, database: Database, customer: Customer, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    assert "同一台变压器" not in says(agent, case)
    neighbour = move_in(database)
    with database.unit_of_work() as session:
        for each in (customer, neighbour):
            builders.create_service_point(session, session.get_one(Account, each.account_no))
    ask(database, neighbour)
    assert "同一台变压器下另有 1 户报停电。" in says(agent, case)
