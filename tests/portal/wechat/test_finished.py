"""WeChat says what became of a template message: kept as a job, noted on the message."""

from typing import Any

import pytest
from sqlalchemy import text

from notifications.channels import reported
from notifications.models import Message as Sent
from runtime.crypto import blind_index
from runtime.database import Database
from tests.portal.wechat.conftest import OPENID, Phone

FINISHED = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": "200163836"}


def jobs(database: Database) -> list[dict[str, Any]]:
    with database.unit_of_work() as session:
        rows = session.scalars(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.reported'")
        )
        return list(rows)


def sent(database: Database) -> None:
    """The message that is reported on."""
    with database.unit_of_work() as session:
        session.add(
            Sent(
                channel="wechat",
                template="bill_issued_zh",
                recipient=OPENID,
                recipient_index=blind_index(OPENID, "message.recipient"),
                reference="r1",
                provider="wechat",
                provider_no="200163836",
                state="sent",
            )
        )


def state(database: Database) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        message = session.query(Sent).one()
        return message.state, message.failure


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("success", ("delivered", None)),
        ("failed:user block", ("undelivered", "failed:user block")),
    ],
)
def test_a_report_is_noted_on_its_message(
    phone: Phone, database: Database, status: str, becomes: tuple[str, str | None]
) -> None:
    sent(database)
    assert phone.bring({**FINISHED, "Status": status}) == ""
    [job] = jobs(database)
    reported.note(**job)
    reported.note(**job)
    assert state(database) == becomes


def test_a_report_that_is_faster_than_our_commit_waits(phone: Phone, database: Database) -> None:
    phone.bring({**FINISHED, "Status": "success"})
    [job] = jobs(database)
    with pytest.raises(reported.TooEarlyError):
        reported.note(**job)
    sent(database)
    reported.note(**job)
    assert state(database) == ("delivered", None)


def test_a_report_of_a_stranger_is_left_alone_after_a_while(database: Database) -> None:
    reported.note("wechat", "1", delivered=True, reason="", at="2026-03-01T00:00:00+00:00")
