"""Whom a message went to is forgotten in time; that it went there can still be shown."""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from notifications import sms, tidy
from notifications.models import RECIPIENT, Message
from runtime import clock, jobs
from runtime.crypto import blind_index
from runtime.database import Database
from service.people.events import CodeIssued

PHONE = "13800002046"


def test_recipients_are_forgotten_and_what_went_to_them_is_not(database: Database) -> None:
    until = clock.now() + timedelta(minutes=5)
    with database.unit_of_work() as session:
        sms.queue_code(session, CodeIssued(PHONE, "482016", "sign_in", "zh", until))
    jobs.use_database(database)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        tidy.forget(0)
    with database.unit_of_work() as session:
        assert session.scalars(select(Message.recipient)).one() == PHONE
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        tidy.forget(0)
        tidy.forget(0)
    with database.unit_of_work() as session:
        known = Message.recipient_index == blind_index(PHONE, RECIPIENT)
        message = session.scalars(select(Message).where(known)).one()
        assert (message.recipient, message.params) == (None, None)
        assert message.template == "code_sign_in_zh"
        assert message.created_at is not None


def test_a_message_without_a_recipient_goes_nowhere(database: Database) -> None:
    until = clock.now() + timedelta(days=60)
    with database.unit_of_work() as session:
        sms.queue_code(session, CodeIssued(PHONE, "482016", "sign_in", "zh", until))
        number = session.scalars(select(Message.id)).one()
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        with database.unit_of_work() as session:
            assert tidy.forget_recipients(session) == 1
            assert tidy.forget_recipients(session) == 0
        sms.send(number)  # would raise without a provider to hand over to
