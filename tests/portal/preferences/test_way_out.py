"""The way out of a letter needs no sign-in, and nobody else's can be made up."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from notifications.preferences import choosing, links
from runtime import clock
from runtime.database import Database
from service.models import User
from tests.portal.conftest import create_user
from tests.portal.places import says, words


@pytest.fixture
def owner(database: Database) -> User:
    return create_user(database)


@pytest.fixture
def path(owner: User) -> str:
    return f"/unsubscribe/{links.signed(owner.id, 'bill')}"


def on(database: Database, user: User, topic: str = "bill") -> bool:
    with database.unit_of_work() as session:
        return choosing.chosen(session, user.id).is_on(topic, "mail")


def test_the_address_that_letters_bring(owner: User) -> None:
    link = links.unsubscribe_link(owner.id, "bill")
    assert link == f"http://localhost:8000/unsubscribe/{links.signed(owner.id, 'bill')}"


def test_looking_at_it_stops_nothing(
    client: FlaskClient, path: str, owner: User, database: Database
) -> None:
    assert "不再给您发这类邮件：账单？" in says(client, path)
    assert on(database, owner) is True


def test_a_button_stops_that_and_another_takes_it_back(
    client: FlaskClient, path: str, owner: User, database: Database
) -> None:
    assert "好了，停了 不再给您发这类邮件：账单。" in words(
        client.post(path).get_data(as_text=True)
    )
    assert (on(database, owner), on(database, owner, "request")) == (False, True)
    assert "好了，停了" in says(client, path)
    answer = client.post(path, data={"undo": "yes"}).get_data(as_text=True)
    assert "好了，照常发 这类邮件照常发：账单。" in words(answer)
    assert on(database, owner) is True


def test_a_mail_program_presses_it_without_cookies(
    app: Flask, path: str, owner: User, database: Database
) -> None:
    bare = app.test_client(use_cookies=False)
    answer = bare.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "OK")
    assert on(database, owner) is False
    assert bare.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_all_mail_can_be_stopped_there_too(
    client: FlaskClient, path: str, owner: User, database: Database
) -> None:
    answer = client.post(path, data={"what": "all"}).get_data(as_text=True)
    assert "不再给您发任何邮件" in words(answer)
    assert (on(database, owner), on(database, owner, "request")) == (False, False)
    answer = client.post(path, data={"what": "all", "undo": "yes"}).get_data(as_text=True)
    assert "好了，照常发 刚才停掉的邮件照常发。" in words(answer)
    assert on(database, owner, "request") is True


def test_whoever_a_letter_was_passed_on_to_brings_nothing_back_later(
    client: FlaskClient, path: str, owner: User, database: Database
) -> None:
    page = client.post(path, data={"what": "all"}).get_data(as_text=True)
    assert "按错了，还是要收" in page
    with time_machine.travel(clock.now() + links.SLIP + timedelta(minutes=1)):
        assert "按错了" not in says(client, path)
        answer = client.post(path, data={"what": "all", "undo": "yes"})
    assert answer.status_code == 422
    assert "退订以后一小时内可以在这里恢复" in words(answer.get_data(as_text=True))
    assert [on(database, owner, each) for each in ("bill", "request")] == [False, False]


def test_another_ones_link_cannot_be_made_up(
    client: FlaskClient, path: str, owner: User, database: Database
) -> None:
    for forged in (path[:-1] + "x", path.replace("bill", "request"), "/unsubscribe/1"):
        assert client.get(forged).status_code == 404
        assert client.post(forged).status_code == 404
    assert on(database, owner, "request") is True
