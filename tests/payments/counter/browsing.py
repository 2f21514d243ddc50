"""Browsers at the counter: who is signed in, what a page says and sends."""

import html as html_
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from payments.counter import codes
from portal.current import lifetime
from runtime.database import Database
from service.models import User
from service.people import sessions
from service.people.sessions import PASSKEY
from tests.payments.conftest import Home

TOKEN = "of the machines"
COUNTER = "/desk/counter"


class NobodyThere:
    """A core that is asked nothing here."""

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        raise AssertionError("no page of the counter asks the core")


def signed_in(app: Flask, database: Database, user_id: int) -> FlaskClient:
    with database.unit_of_work() as session:
        token = sessions.open_session(
            session,
            session.get_one(User, user_id),
            device="test",
            address="127.0.0.1",
            lifetime=lifetime(app.extensions["settings"]),
            shown=(PASSKEY,),
        )
    client = app.test_client()
    client.set_cookie("denghuo", token)
    return client


def said(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return html_.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))).strip()


def send(client: FlaskClient, path: str, **fields: Any) -> Any:
    page = client.get("/profile").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **fields})


def hidden(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page):
        if name != "csrf_token":
            found.setdefault(name, []).append(html_.unescape(value))
    return found


def get_code(client: FlaskClient, database: Database, home: Home) -> tuple[str, str]:
    """The customer asks for a code on the pay page: the page's address and the number."""
    page = client.get("/pay").text
    assert "去营业厅付现金" in said(page)
    answer = send(client, "/pay/counter", **hidden(page))
    assert answer.status_code == 303
    order_no = answer.headers["Location"].removeprefix("/pay/")
    with database.unit_of_work() as session:
        return answer.headers["Location"], codes.code_of(session, home.user_id, order_no)
