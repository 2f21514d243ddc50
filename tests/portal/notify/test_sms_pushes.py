"""The SMS providers push reports and replies: behind a secret, kept with a job, noted once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, text

from notifications.channels import reporting
from notifications.channels.reporting import TooEarlyError
from notifications.models import Message, ProviderReport
from notifications.preferences import stopped
from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.crypto import blind_index
from runtime.database import Database
from runtime.settings import load

PHONE, SECRET = "13800002046", "a-secret-of-the-address"


class NobodyThere:
    """A core that is asked nothing here."""

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        raise AssertionError("no push asks the core")


@pytest.fixture
def app(database: Database, settings_env: pytest.MonkeyPatch) -> Flask:
    settings_env.setenv("DENGHUO_NOTIFY_SECRET", SECRET)
    settings = load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")
    return create_app(settings, database, NobodyThere())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def aliyun(reference: str = "r1", **change: Any) -> dict[str, Any]:
    return {
        "phone_number": PHONE,
        "send_time": "2026-03-01 08:00:00",
        "report_time": "2026-03-01 08:00:05",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "OK",
        "sms_size": "1",
        "biz_id": "900619746936498440^0",
        "out_id": reference,
    } | change


def tencent(**change: Any) -> dict[str, Any]:
    return {
        "user_receive_time": "2026-03-01 08:00:05",
        "nationcode": "86",
        "mobile": PHONE,
        "report_status": "FAIL",
        "errmsg": "MK:0001",
        "description": "",
        "sid": "5000:17",
    } | change


def sent(database: Database, provider: str, number: str) -> None:
    with database.unit_of_work() as session:
        session.add(
            Message(
                channel="sms",
                template="code_sign_in_zh",
                recipient=PHONE,
                recipient_index=blind_index(PHONE, "message.recipient"),
                reference="r1",
                provider=provider,
                provider_no=number,
                state="sent",
                sent_at=clock.now(),
            )
        )


def state(database: Database) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        message = session.scalars(select(Message)).one()
        return message.state, message.failure


def kept(database: Database) -> list[tuple[str, bool]]:
    with database.unit_of_work() as session:
        rows = session.scalars(select(ProviderReport).order_by(ProviderReport.id))
        return [(row.provider, row.done_at is not None) for row in rows]


def waiting(database: Database) -> list[int]:
    """The pushes that jobs are asked to read."""
    with database.unit_of_work() as session:
        rows = session.scalars(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.pushed'")
        )
        return [row["report_id"] for row in rows]


def push(client: FlaskClient, provider: str, said: object, secret: str = SECRET) -> Any:
    return client.post(f"/notify/sms/{provider}/{secret}", json=said)


def test_a_push_is_kept_sealed_with_its_job_and_answered(
    client: FlaskClient, database: Database
) -> None:
    answer = push(client, "aliyun", [aliyun()])
    assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "OK"})
    assert (kept(database), waiting(database)) == ([("aliyun", False)], [1])
    with database.unit_of_work() as session:
        body = session.scalar(text("SELECT body FROM provider_report"))
    assert PHONE.encode() not in body


def test_tencent_hears_what_it_wants(client: FlaskClient, database: Database) -> None:
    answer = push(client, "tencent", [tencent()])
    assert (answer.status_code, answer.json) == (200, {"result": 0, "errmsg": "OK"})
    assert kept(database) == [("tencent", False)]


@pytest.mark.parametrize("path", ["aliyun/guessed", "aliyun/é", f"stranger/{SECRET}"])
def test_who_does_not_know_the_address_finds_nothing(
    client: FlaskClient, database: Database, path: str
) -> None:
    assert client.post(f"/notify/sms/{path}", json=[aliyun()]).status_code == 404
    assert (kept(database), waiting(database)) == ([], [])


def test_without_a_secret_there_is_no_address(
    client: FlaskClient, database: Database, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_NOTIFY_SECRET", "")
    assert push(client, "aliyun", [aliyun()]).status_code == 404
    assert client.post("/notify/sms/aliyun/", json=[aliyun()]).status_code == 404
    assert kept(database) == []


@pytest.mark.parametrize(
    "said",
    [
        {"no": "list"},
        [1],
        [aliyun(success="true")],
        [aliyun(phone_number="110")],
        [aliyun(report_time="2026-13-45 99:99:99")],
        [aliyun(report_time="0001-01-01 00:00:00")],
        [aliyun(), tencent()],
        [aliyun(biz_id="9" * 129)],
        [aliyun(biz_id="\0")],
        [aliyun(out_id="\0")],
        [aliyun(success=False, err_code="\0")],
    ],
)
def test_what_has_not_the_documented_form_is_not_kept(
    client: FlaskClient, database: Database, said: object
) -> None:
    answer = push(client, "aliyun", said)
    assert answer.status_code == 400
    assert answer.json["code"] == 1
    assert (kept(database), waiting(database)) == ([], [])


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
@pytest.mark.parametrize("body", [b'[{"x": ' + b"[" * 9000, b'{"x": ' + b"[" * 9000])
def test_what_is_too_deep_is_not_kept(
    client: FlaskClient, database: Database, provider: str, body: bytes
) -> None:
    answer = client.post(f"/notify/sms/{provider}/{SECRET}", data=body)
    assert (answer.status_code, kept(database)) == (400, [])


def test_letters_that_are_none_are_not_kept_where_nobody_reads_them(
    client: FlaskClient, database: Database
) -> None:
    body = json.dumps([aliyun(err_msg="?")]).encode().replace(b"?", b"\xff")
    answer = client.post(f"/notify/sms/aliyun/{SECRET}", data=body)
    assert (answer.status_code, kept(database)) == (400, [])


def test_too_much_is_not_read(client: FlaskClient, database: Database) -> None:
    whole = json.dumps([aliyun(str(number)) for number in range(2000)])
    answer = client.post(f"/notify/sms/aliyun/{SECRET}", data=whole)
    assert answer.status_code == 413
    assert kept(database) == []


def test_a_report_is_noted_by_its_reference(client: FlaskClient, database: Database) -> None:
    sent(database, "aliyun", "another^0")
    push(client, "aliyun", [aliyun()])
    reporting.note(1)
    assert state(database)[0] == "delivered"
    assert kept(database) == [("aliyun", True)]


def test_a_report_is_noted_by_the_number_of_the_provider(
    client: FlaskClient, database: Database
) -> None:
    sent(database, "tencent", "5000:17")
    push(client, "tencent", [tencent()])
    reporting.note(1)
    assert state(database) == ("undelivered", "MK:0001")


def test_the_same_report_twice_changes_nothing(client: FlaskClient, database: Database) -> None:
    sent(database, "aliyun", "900619746936498440^0")
    for _ in range(2):
        push(client, "aliyun", [aliyun()])
    for number in (1, 2, 1):
        reporting.note(number)
    with database.unit_of_work() as session:
        delivered = session.scalar(text("SELECT sum(delivered) FROM provider_minute"))
    assert (state(database)[0], delivered) == ("delivered", 1)
    assert kept(database) == [("aliyun", True), ("aliyun", True)]


def test_a_report_of_somebody_elses_phone_is_not_believed(
    client: FlaskClient, database: Database
) -> None:
    sent(database, "aliyun", "900619746936498440^0")
    push(client, "aliyun", [aliyun(phone_number="13800000002")])
    with pytest.raises(TooEarlyError):
        reporting.note(1)
    assert state(database)[0] == "sent"


def test_a_report_that_is_faster_than_our_commit_is_read_again(
    client: FlaskClient, database: Database
) -> None:
    push(client, "aliyun", [aliyun()])
    with pytest.raises(TooEarlyError):
        reporting.note(1)
    assert kept(database) == [("aliyun", False)]
    sent(database, "aliyun", "900619746936498440^0")
    reporting.note(1)
    assert (state(database)[0], kept(database)) == ("delivered", [("aliyun", True)])


def age(database: Database, by: timedelta) -> None:
    with database.unit_of_work() as session:
        session.scalars(select(ProviderReport)).one().received_at -= by


def test_a_report_of_a_stranger_is_given_up(client: FlaskClient, database: Database) -> None:
    push(client, "aliyun", [aliyun()])
    age(database, reporting.PATIENCE)
    reporting.note(1)
    assert kept(database) == [("aliyun", True)]


def test_old_pushes_are_forgotten(client: FlaskClient, database: Database) -> None:
    push(client, "aliyun", [aliyun()])
    age(database, reporting.KEPT + timedelta(minutes=1))
    push(client, "aliyun", [aliyun()])
    reporting.forget(0)
    with database.unit_of_work() as session:
        assert session.scalars(select(ProviderReport.id)).all() == [2]


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (
            "aliyun",
            [{"phone_number": PHONE, "send_time": "2026-03-01 08:00:00", "content": "TD"}],
        ),
        ("tencent", {"mobile": PHONE, "nationcode": "86", "text": "TD", "time": 1772323200}),
    ],
)
def test_who_answers_td_is_heard(
    client: FlaskClient, database: Database, provider: str, said: object
) -> None:
    assert push(client, provider, said).status_code == 200
    reporting.note(1)
    with database.unit_of_work() as session:
        assert stopped(session, PHONE)
    assert kept(database) == [(provider, True)]
