"""Whom a message went to is forgotten in time; that it went there can still be shown."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from notifications import dispatching, mail, notices, outbox, sms, tidy
from notifications.mail import Enclosure
from notifications.models import (
    RECIPIENT,
    Attachment,
    Message,
    Notice,
    ProviderMinute,
    ProviderReport,
)
from runtime import clock, jobs
from runtime.crypto import blind_index
from runtime.database import Database
from service.people.events import CodeIssued
from tests.service.builders import create_user

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


def test_files_of_a_letter_that_never_went_out_go_with_its_recipient(database: Database) -> None:
    with database.unit_of_work() as session:
        for address in ("old@example.test", "new@example.test"):
            _queue_invoice(session, address)
        aged = Message.recipient_index == blind_index("old@example.test", RECIPIENT)
        session.execute(
            update(Message).where(aged).values(created_at=clock.now() - timedelta(days=2))
        )
    for days, kept in ((27, {"old": 2, "new": 2}), (29, {"new": 2}), (31, {})):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
            tidy.forget(0)
        assert _files(database) == {f"{name}@example.test": count for name, count in kept.items()}
    with database.unit_of_work() as session:
        messages = session.execute(select(Message.state, Message.recipient, Message.params))
        assert messages.all() == [("waiting", None, None)] * 2


def test_files_that_were_left_without_a_recipient_go_too(database: Database) -> None:
    with database.unit_of_work() as session:
        _queue_invoice(session, "old@example.test")
        session.execute(update(Message).values(recipient=None, params=None))
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        tidy.forget(0)
    with database.unit_of_work() as session:
        assert session.scalars(select(Attachment)).all() == []


def test_a_message_without_a_recipient_goes_nowhere(database: Database) -> None:
    until = clock.now() + timedelta(days=60)
    with database.unit_of_work() as session:
        sms.queue_code(session, CodeIssued(PHONE, "482016", "sign_in", "zh", until))
        number = session.scalars(select(Message.id)).one()
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        with database.unit_of_work() as session:
            assert tidy.forget_recipients(session) == 1
            assert tidy.forget_recipients(session) == 0
        dispatching.send(number)  # would raise without a provider to hand over to


def _queue_invoice(session: Session, to: str) -> None:
    number = "26422000000000000001"
    params = {"number": number, "amount": "149.51", "utility": "江城供电有限公司"}
    files = (
        Enclosure(f"{number}.pdf", "application/pdf", b"%PDF-1.7"),
        Enclosure(f"{number}.xml", "application/xml", b"<invoice/>"),
    )
    mail.queue(session, to, "invoice", "zh", params, files)


def _files(database: Database) -> dict[str | None, int]:
    """How many files are kept, by the address they were to go to."""
    with database.unit_of_work() as session:
        rows = session.execute(
            select(Message.recipient, func.count().label("files"))
            .join(Attachment, Attachment.message_id == Message.id)
            .group_by(Message.recipient)
        )
        return {row.recipient: row.files for row in rows}


def test_what_was_said_is_kept_for_a_year_and_what_the_law_asks_for_three(
    database: Database,
) -> None:
    with database.unit_of_work() as session:
        for kind in ("arrears.before", "arrears.formal", "arrears.formal.many"):
            number = outbox.put(session, "sms", PHONE, "code_sign_in_zh", {})
            message = session.get_one(Message, number)
            message.kind, message.words = kind, "said"
    for days, kept in ((399, 3), (401, 2), (3 * 365 - 1, 2), (3 * 365 + 1, 0)):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
            tidy.forget(0)
        with database.reading() as session:
            count = select(func.count()).where(Message.words.is_not(None))
            assert session.scalar(count) == kept


def test_what_providers_did_is_forgotten_after_days(database: Database) -> None:
    now = clock.now()
    with database.unit_of_work() as session:
        for days in (6, 8):
            at = now - timedelta(days=days)
            session.add(ProviderMinute(provider="one", minute=at))
            session.add(ProviderReport(provider="one", body="{}", received_at=at))
    tidy.forget(0)
    with database.reading() as session:
        assert session.scalars(select(ProviderMinute.minute)).all() == [now - timedelta(days=6)]
        assert session.scalar(select(func.count(ProviderReport.id))) == 1


def test_the_figures_of_old_notices_are_forgotten(session: Session) -> None:
    user = create_user(session)
    for key in ("old", "new"):
        notices.tell(session, "usage.unusual", key=key, user_id=user.id, params={"wh": 1})
    old = Notice.key == f"old:{user.id}"
    session.execute(update(Notice).where(old).values(created_at=clock.now() - timedelta(days=401)))
    assert tidy.forget_figures(session) == 1
    kept = session.scalars(select(Notice.key).where(Notice.params.is_not(None))).all()
    assert kept == [f"new:{user.id}"]


def test_a_part_that_fails_keeps_no_other_from_being_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(session: Session) -> int:
        session.execute(text("SET LOCAL statement_timeout = 1"))
        session.execute(text("SELECT pg_sleep(1)"))
        return 0

    first, *others = tidy.PARTS
    monkeypatch.setattr(tidy, "PARTS", (first, fails, *others))
    jobs.use_database(database)
    with database.unit_of_work() as session:
        outbox.put(session, "sms", PHONE, "code_sign_in_zh", {})
        session.add(ProviderMinute(provider="one", minute=clock.now() - timedelta(days=8)))
    with (
        time_machine.travel(clock.now() + timedelta(days=31), tick=False),
        pytest.raises(ExceptionGroup, check=lambda group: len(group.exceptions) == 1) as failed,
    ):
        tidy.forget(0)
    assert isinstance(failed.value.exceptions[0], OperationalError)
    with database.reading() as session:
        assert session.scalars(select(Message.recipient)).all() == [None]
        assert session.scalars(select(ProviderMinute)).all() == []


def test_each_chunk_is_a_transaction_of_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "CHUNK", 2)
    numbers = []

    def forget(session: Session) -> int:
        numbers.append(tidy.forget_recipients(session))
        with database.reading() as other:
            numbers.append(other.scalar(select(func.count(Message.recipient))))
        return numbers[-2] or 0

    monkeypatch.setattr(tidy, "PARTS", (forget,))
    jobs.use_database(database)
    with database.unit_of_work() as session:
        for _ in range(5):
            outbox.put(session, "sms", PHONE, "code_sign_in_zh", {})
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        tidy.forget(0)
    assert numbers == [2, 5, 2, 3, 1, 1]


@pytest.mark.parametrize(
    ("index", "table", "held"),
    [
        ("ix_message_recipient", "message", "recipient"),
        ("ix_message_words", "message", "words"),
        ("ix_notice_params", "notice", "params"),
    ],
)
def test_what_is_old_is_found_by_an_index(
    session: Session, index: str, table: str, held: str
) -> None:
    session.execute(text("SET LOCAL enable_seqscan = off"))
    old = f"created_at < now() - INTERVAL '30 days' AND {held} IS NOT NULL"
    query = f"EXPLAIN SELECT id FROM {table} WHERE {old} ORDER BY created_at LIMIT 5"  # noqa: S608
    plan = "".join(session.scalars(text(query)))
    assert index in plan
    assert "Sort" not in plan
