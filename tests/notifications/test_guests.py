"""Who asked for something without signing in hears by SMS that there is something to see, once."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications import guests, wordings
from notifications.models import Message
from runtime import events
from runtime.database import Database
from service.conversations import open_for_browser
from service.conversations.models import Conversation
from service.events import AppointmentChanged, RequestMoved, RequestReplied
from service.requests import asking, joining, moving, reading, talking
from service.requests.askers import Asker
from tests.service import builders
from tests.service.requests.conftest import PHONE, TOLD

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
GUEST = Asker.of_browser("a secret of one browser")
ENDS = {
    "needs": "要您补一样东西，补了才能往下办",
    "replied": "有新的回复",
    "visit": "上门的时间有新安排",
    "done": "办好了",
    "rejected": "没有办成，原因已经写明",
    "back": "等的停电已经结束，请告诉我们您家来电了没有",
}


@pytest.fixture(autouse=True)
def _december() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """The rooms are connected as they are in the house."""
    with ExitStack() as stack:
        stack.enter_context(events.subscribed(RequestMoved, guests.on_moved))
        stack.enter_context(events.subscribed(RequestReplied, guests.on_replied))
        stack.enter_context(events.subscribed(AppointmentChanged, guests.on_appointment))
        yield


@pytest.fixture
def desk(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, staff_role="agent").id


def report(
    database: Database, asker: Asker = GUEST, talk: int | None = None, **told: str | None
) -> str:
    """The number of a repair."""
    fields = {name: said for name, said in (TOLD["outage_repair"] | told).items() if said}
    with database.unit_of_work() as session:
        return asking.apply(session, asker, "outage_repair", None, fields, "k", talk).request_no


def sent(database: Database) -> list[tuple[str | None, str, str]]:
    """Number, template and whole text of each message, the first first."""
    with database.reading() as session:
        found = session.scalars(select(Message).order_by(Message.id)).all()
        return [
            (each.recipient, each.template, _said(each.template, json.loads(filled)))
            for each in found
            if (filled := each.params)
        ]


def _said(template: str, params: dict[str, str]) -> str:
    return wordings.named(template, "sms").fill(params)["text"]


def told(what: str, number: str) -> tuple[str, str, str]:
    return (
        PHONE,
        f"guest_{what}_zh",
        f"您的停电、故障报修（受理号 {number}）{ENDS[what]}。"
        "打开 http://localhost:8000/report，填受理号和手机后四位来看。",
    )


def test_every_reason_has_its_text_in_both_languages() -> None:
    filled = {"what": "W", "number": "N", "link": "L"}
    for what, language in product(ENDS, ("zh", "en")):
        said = _said(f"guest_{what}_{language}", filled)
        assert all(each in said for each in filled.values())


def test_the_desk_asks_for_something_once(database: Database, desk: int) -> None:
    number = report(database)
    for _again in range(2):
        with database.unit_of_work() as session:
            moving.pause(session, number, "请补房产证", by=desk, key="deed")
    assert sent(database) == [told("needs", number)]
    with database.reading() as session:
        jobs = session.scalars(text("SELECT task_name FROM procrastinate_jobs")).all()
    assert jobs.count("notifications.send") == 1


def test_every_message_of_the_desk_once(database: Database, desk: int) -> None:
    number = report(database)
    for key in ("one", "one", "two"):
        with database.unit_of_work() as session:
            talking.answer(session, number, "钥匙在谁那里？", desk, key)
    assert sent(database) == [told("replied", number)] * 2


def test_its_end_and_not_each_step(database: Database, desk: int) -> None:
    number = report(database)
    for step in ("crew_sent", "arrived"):
        with database.unit_of_work() as session:
            moving.complete(session, number, step, by=desk)
    assert sent(database) == []
    with database.unit_of_work() as session:
        form = {"cause": "line", "done": "换线"}
        moving.complete(session, number, "restored", by=desk, values=form)
    assert sent(database) == [told("done", number)]


def test_what_was_refused(database: Database, desk: int) -> None:
    number = report(database)
    with database.unit_of_work() as session:
        moving.reject(session, number, "不在供电范围内", by=desk)
    assert sent(database) == [told("rejected", number)]


def test_an_outage_that_is_over(database: Database) -> None:
    number = report(database)
    with database.unit_of_work() as session:
        outage = builders.create_outage(session, NOW - HOUR, kind="unplanned", state="restored")
        outage.ended_at = NOW
        request = reading.any_request(session, number)
        request.due_at, request.paused_at, request.outage_no = None, NOW, outage.outage_no
    assert (joining.ask_all(database), joining.ask_all(database)) == (1, 0)
    assert sent(database) == [told("back", number)]


@pytest.mark.parametrize(
    ("by", "starts_at", "is_told"),
    [
        ("staff", NOW + HOUR, True),
        ("staff", None, True),
        ("house", NOW + HOUR, True),
        ("house", None, False),
        ("customer", NOW + HOUR, False),
    ],
)
def test_a_visit(database: Database, by: str, starts_at: datetime | None, is_told: bool) -> None:
    number = report(database)
    with database.unit_of_work() as session:
        for _again in range(2):
            events.publish(session, visit(number, by, starts_at))
    assert sent(database) == ([told("visit", number)] if is_told else [])


def visit(number: str, by: str, starts_at: datetime | None) -> AppointmentChanged:
    ends_at = starts_at + HOUR if starts_at else None
    return AppointmentChanged(
        number, "outage_repair", None, None, "arrived", by, None, starts_at, ends_at
    )


def test_who_can_sign_in_has_the_inbox_instead(database: Database, desk: int) -> None:
    with database.unit_of_work() as session:
        asker = Asker.of_user(builders.create_user(session).id)
    all_of_it(database, report(database, asker), desk)
    assert sent(database) == []


def all_of_it(database: Database, number: str, desk: int) -> None:
    with database.unit_of_work() as session:
        talking.answer(session, number, "在吗", desk, "one")
        moving.pause(session, number, "请补照片", by=desk)
        moving.resume(session, number, by=desk)
        moving.reject(session, number, "不在供电范围内", by=desk)


def test_in_the_language_of_their_talk(database: Database, desk: int) -> None:
    with database.unit_of_work() as session:
        talk = english(session)
    number = report(database, Asker.of_conversation(talk.id), talk.id)
    with database.unit_of_work() as session:
        talking.answer(session, number, "Who has the key?", desk, "one")
    assert sent(database) == [
        (
            PHONE,
            "guest_replied_en",
            f"Power failure or fault, No. {number}: we have written to you."
            " Open http://localhost:8000/report and give the number and the last four digits of"
            " this phone.",
        )
    ]


def english(session: Session) -> Conversation:
    talk = open_for_browser(session, "a secret of one browser")
    talk.language = "en"
    session.flush()
    return talk
