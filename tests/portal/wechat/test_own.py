"""An account is opened to a WeChat by its owner alone, and what was said comes along."""

from urllib.parse import parse_qs, urlsplit

import httpx
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import User
from service.people import wechat
from tests.portal.chat.rasa import Rasa
from tests.portal.conftest import create_user, post, sign_in
from tests.portal.wechat.conftest import OPENID, Phone


def opened_in_wechat(client: FlaskClient, openid: str = OPENID) -> str:
    """Follow the link as WeChat's browser does; returns the address back to us."""
    asked = client.get("/wechat/enter").location
    agreed = httpx.URL(asked).copy_add_param("openid", openid)
    answer = httpx.get(agreed, trust_env=False)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def bound(database: Database, user: User) -> list[int]:
    with database.unit_of_work() as session:
        return [each.id for each in wechat.bound(session, user.id)]


def test_bound_in_three_steps(
    client: FlaskClient, user: User, phone: Phone, rasa: Rasa, database: Database
) -> None:
    phone.say("我家电费")
    back = client.get(opened_in_wechat(client))
    assert back.location == "/wechat/own"
    page = client.get("/wechat/own").get_data(as_text=True)
    assert "连上这个微信" in page
    assert bound(database, user) == []
    assert post(client, "/wechat/own").status_code == 303
    assert len(bound(database, user)) == 1
    phone.say("这个月呢")
    assert rasa.questions[-1]["signed_in"] is True
    assert rasa.questions[0]["signed_in"] is False
    talked = client.get("/chat").get_data(as_text=True)
    assert "我家电费" in talked
    assert "这个月呢" in talked


def test_who_signs_in_on_the_way_is_connected_as_well(
    client: FlaskClient, database: Database
) -> None:
    found = create_user(database)
    assert client.get(opened_in_wechat(client)).location == "/wechat/own"
    asked = client.get("/wechat/own")
    assert asked.location.startswith("/sign-in")
    sign_in(client)
    assert "连上这个微信" in client.get("/wechat/own").text
    assert post(client, "/wechat/own").status_code == 303
    assert len(bound(database, found)) == 1
    post(client, "/sign-out")
    sign_in(client)
    assert "连上这个微信" not in client.get("/wechat/own").text


def test_ended_by_its_owner_alone(
    app: Flask, client: FlaskClient, user: User, phone: Phone, rasa: Rasa, database: Database
) -> None:
    client.get(opened_in_wechat(client))
    post(client, "/wechat/own")
    (number,) = bound(database, user)
    create_user(database, "13800002047")
    neighbour = app.test_client()
    sign_in(neighbour, "13800002047")
    assert post(neighbour, f"/wechat/own/{number}/end").status_code == 404
    assert bound(database, user) == [number]
    assert post(client, f"/wechat/own/{number}/end").status_code == 303
    assert bound(database, user) == []
    phone.say("还看得到吗")
    assert rasa.questions[-1]["signed_in"] is False


def test_a_link_that_somebody_passed_on_binds_the_reader_not_the_sender(
    app: Flask, client: FlaskClient, user: User, database: Database
) -> None:
    """The sender's way back, opened in another browser, is worth nothing there."""
    back = opened_in_wechat(app.test_client())
    answer = client.get(back)
    assert answer.status_code == 400
    assert "没连上微信" in answer.get_data(as_text=True)
    post(client, "/wechat/own")
    assert bound(database, user) == []


def test_a_code_holds_once(client: FlaskClient, user: User) -> None:
    back = opened_in_wechat(client)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert client.get(back).status_code == 302
    state = parse_qs(urlsplit(client.get("/wechat/enter").location).query)["state"][0]
    assert client.get(f"/wechat/back?code={code}&state={state}").status_code == 502
