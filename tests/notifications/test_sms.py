"""A message goes out once, its text is forgotten, and what cannot be sent says why."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from notifications import dispatching, sms, wordings
from notifications.channels.base import Busy, Refused
from notifications.models import Message
from runtime import clock
from runtime.database import Database
from service.people.events import CodeIssued
from tests.notifications.senders import Sender


def queue(database: Database, minutes: int = 5) -> int:
    until = clock.now() + timedelta(minutes=minutes)
    with database.unit_of_work() as session:
        sms.queue_code(session, CodeIssued("13800002046", "482016", "sign_in", "zh", until))
    with database.unit_of_work() as session:
        return session.scalars(select(Message.id)).one()


def kept(database: Database) -> Message:
    with database.unit_of_work() as session:
        return session.scalars(select(Message)).one()


def test_a_code_is_written_down_with_the_job_that_sends_it(database: Database) -> None:
    number = queue(database)
    with database.unit_of_work() as session:
        jobs = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
        sealed = session.execute(text("SELECT recipient, params FROM message")).one()
    assert jobs == [("notifications.send", {"message_id": number})]
    assert b"13800002046" not in sealed.recipient
    assert b"482016" not in sealed.params


def test_it_is_sent_once_and_its_text_forgotten(database: Database, sender: Sender) -> None:
    number = queue(database)
    dispatching.send(number)
    dispatching.send(number)
    message, [parcel] = kept(database), sender.taken
    assert (parcel.reference, parcel.recipient) == (message.reference, "13800002046")
    assert (parcel.template, parcel.language) == ("code_sign_in_zh", "zh")
    assert parcel.params == {"code": "482016", "minutes": "5"}
    assert parcel.words == {"text": "482016 是您的登录验证码，5 分钟内有效，别告诉任何人。"}
    assert (message.state, message.params, message.words) == ("sent", None, None)
    assert message.provider_no == f"no-{message.reference}"


def test_a_late_code_is_not_sent(database: Database, sender: Sender) -> None:
    dispatching.send(queue(database, minutes=0))
    assert sender.taken == []
    assert (kept(database).state, kept(database).params) == ("expired", None)


def test_a_provider_that_is_down_is_asked_again(database: Database, sender: Sender) -> None:
    number = queue(database)
    sender.fault = Busy("not_reached")
    dispatching.send(number)
    assert (kept(database).state, kept(database).failure) == ("waiting", "not_reached")
    with database.reading() as session:
        asked = text("SELECT scheduled_at, priority FROM procrastinate_jobs ORDER BY id")
        [first, again] = session.execute(asked).all()
    assert (first.scheduled_at, first.priority, again.priority) == (None, 100, 100)
    assert timedelta(0) < again.scheduled_at - clock.now() <= timedelta(seconds=1)
    sender.fault = None
    dispatching.send(number)
    assert kept(database).state == "sent"


def test_a_refused_message_is_given_up_with_its_reason(database: Database, sender: Sender) -> None:
    sender.fault = Refused("http_422")
    dispatching.send(queue(database))
    message = kept(database)
    assert (message.state, message.failure, message.params) == ("failed", "http_422", None)


@pytest.mark.parametrize("purpose", ["sign_in", "sign_up", "bind", "password", "follow"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_its_words(purpose: str, language: str) -> None:
    words = wordings.named(f"code_{purpose}_{language}", "sms")
    said = words.fill({"code": "482016", "minutes": "5"})["text"]
    assert "482016" in said
    assert len(said) <= 140


def test_a_purpose_without_words_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError, match=r"code\.other"):
        wordings.template("code.other", "zh")
