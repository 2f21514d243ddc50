"""What did not reach people, as those who lead and finance see it, and what they can do."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from notifications import composing, dispatching, figures, notices
from notifications.channels.base import Refused
from notifications.models import Message, Notice, Provider
from runtime import clock
from runtime.database import Database
from service.audit.models import AuditEntry
from tests.notifications.senders import Sender, sending_by
from tests.portal.conftest import post, staff
from tests.portal.places import words
from tests.service import builders

PAGE = "/desk/messages"
NEWS = {"tail": "0817", "left": "3.20", "below": "50.00", "link": "https://denghuo.example/pay"}


@pytest.fixture
def finance(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000002", "finance")


@pytest.fixture
def dead(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of a message that both tries have failed to deliver."""
    monkeypatch.setattr(figures, "_readers", {})
    sender = Sender("aliyun")
    sender.fault = Refused("isv.MOBILE_NUMBER_ILLEGAL")
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046")
        notices.tell(session, "balance.spent", key="k", user_id=user.id, params=NEWS)
    with sending_by(sender):
        composing.compose()
        dispatching.dispatch("sms", 0)
    with database.reading() as session:
        assert session.scalars(select(Notice.state)).all() == ["failed"]
        return session.scalars(select(Message.id)).one()


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Message.state).order_by(Message.id)))


def deeds(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(AuditEntry.deed, AuditEntry.subject).order_by(AuditEntry.id))
        return [(row.deed, row.subject) for row in rows]


def test_a_dead_letter_stands_there_with_its_reason(finance: FlaskClient, dead: int) -> None:
    page = finance.get(PAGE).text
    assert "手机号不对" in words(page)
    assert "阿里云短信" in words(page)
    assert "余额用完了" in words(page)
    assert "13800002046" not in page
    assert f'name="letter" value="{dead}"' in page


def test_it_is_found_by_reason_channel_and_provider(finance: FlaskClient, dead: int) -> None:
    for wanted in ("reason=unclear", "channel=mail", "provider=tencent"):
        assert f'name="letter" value="{dead}"' not in finance.get(f"{PAGE}?{wanted}").text
    known = "reason=isv.MOBILE_NUMBER_ILLEGAL&channel=sms&provider=aliyun"
    assert f'name="letter" value="{dead}"' in finance.get(f"{PAGE}?{known}").text


def test_it_is_sent_again_once_however_often_it_is_asked(
    finance: FlaskClient, database: Database, dead: int
) -> None:
    for _click in range(2):
        assert post(finance, PAGE, letter=str(dead), deed="again").status_code == 303
    assert states(database) == ["withdrawn", "waiting"]
    sender = Sender("aliyun")
    with sending_by(sender):
        dispatching.dispatch("sms", 0)
    assert [each.recipient for each in sender.taken] == ["13800002046"]
    with database.reading() as session:
        [notice] = session.scalars(select(Notice))
        assert (notice.state, notice.reason) == ("told", None)
    assert ("message.resent", f"message {dead}") in deeds(database)


def test_it_can_be_let_be(finance: FlaskClient, database: Database, dead: int) -> None:
    post(finance, PAGE, letter=str(dead), deed="drop")
    assert states(database) == ["withdrawn"]
    assert ("message.dropped", f"message {dead}") in deeds(database)
    assert "没有，都送到了。" in words(finance.get(PAGE).text)


def test_what_cannot_be_sent_again_is_said(
    finance: FlaskClient, database: Database, dead: int
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Message, dead).notice_ids = []
    post(finance, PAGE, letter=str(dead), deed="again")
    said = words(finance.get(PAGE).text)
    assert "1 条不能再发。" in said
    assert "条又在发了" not in said


def test_nothing_ticked_does_nothing(finance: FlaskClient, database: Database, dead: int) -> None:
    post(finance, PAGE, deed="again")
    assert states(database) == ["failed"]
    assert "先勾选要处理的。" in words(finance.get(PAGE).text)


def test_a_provider_is_switched_off_and_on(
    finance: FlaskClient, database: Database, dead: int
) -> None:
    for off, word in (("1", "停用了"), ("0", "正常")):
        assert post(finance, f"{PAGE}/providers/aliyun", off=off).status_code == 303
        with database.reading() as session:
            assert session.get_one(Provider, "aliyun").is_off is (off == "1")
        assert word in words(finance.get(PAGE).text)
    assert [deed for deed, _ in deeds(database) if deed.startswith("provider")] == [
        "provider.off",
        "provider.on",
    ]
    assert post(finance, f"{PAGE}/providers/nobody", off="1").status_code == 404


def test_an_open_breaker_says_until_when(
    finance: FlaskClient, database: Database, dead: int
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Provider, "aliyun").open_until = clock.now() + timedelta(seconds=30)
    assert "先不用它" in words(finance.get(PAGE).text)


def test_what_waits_is_counted_by_channel(
    finance: FlaskClient, database: Database, dead: int
) -> None:
    post(finance, PAGE, letter=str(dead), deed="again")
    with database.unit_of_work() as session:
        session.execute(text("UPDATE message SET state = 'unclear' WHERE state = 'waiting'"))
    page = words(finance.get(PAGE).text)
    assert "等回音" in page
    assert "短信" in page


@pytest.mark.parametrize("role", ["agent", "field", "inspector"])
def test_it_is_for_those_who_lead_and_finance(
    app: Flask, database: Database, dead: int, role: str
) -> None:
    other = staff(app, database, "13900000009", role)
    assert other.get(PAGE).status_code in (403, 404)
    assert post(other, PAGE, letter=str(dead), deed="again").status_code in (403, 404)
    assert states(database) == ["failed"]
