"""A pause keeps what was made that morning: it goes out once reminders go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from notifications.arrears import pausing
from notifications.models import Message, Notice
from runtime.database import Database
from service.models import Bill
from tests.notifications.arrears.conftest import TODAY, Goes
from tests.notifications.arrears.test_running import Run
from tests.service.builders import create_bill, create_customer, create_user

Deed = Callable[[], None]
_COMPOSED = """
    WITH made AS (
        INSERT INTO message (channel, reference, template, recipient_index, state, notice_ids)
        SELECT 'sms', id::text, 'arrears_late_3_zh', '', 'waiting', ARRAY[id] FROM notice
        RETURNING id, notice_ids
    )
    UPDATE notice SET state = 'composed', message_id = made.id FROM made
    WHERE notice.id = made.notice_ids[1]
"""


@pytest.fixture
def made(database: Database, run: Run) -> None:
    """The reminder of this morning, of a bill that is three days late."""
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        create_bill(session, account, total_fen=5000, due=TODAY - timedelta(days=3))
    run()


@pytest.fixture
def lead(database: Database) -> int:
    with database.unit_of_work() as session:
        return create_user(session, staff_role="lead").id


@pytest.fixture
def pause(database: Database, lead: int) -> Deed:
    def stop() -> None:
        with database.unit_of_work() as session:
            pausing.pause(session, "数据不对", by=lead)

    return stop


@pytest.fixture
def resume(database: Database, lead: int) -> Deed:
    def go_on() -> None:
        with database.unit_of_work() as session:
            session.execute(text("DELETE FROM procrastinate_jobs"))
            pausing.resume(session, "改好了", by=lead)

    return go_on


def _notices(database: Database) -> list[tuple[str, str | None, int | None]]:
    with database.reading() as session:
        rows = session.execute(select(Notice.state, Notice.reason, Notice.message_id))
        return [(state, reason, message_id) for state, reason, message_id in rows]


def _asked(database: Database) -> int | None:
    compose = text("task_name = 'notifications.compose'")
    with database.reading() as session:
        jobs = select(func.count()).select_from(text("procrastinate_jobs")).where(compose)
        return session.scalar(jobs)


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("composed", [False, True])
def test_what_a_pause_took_back_waits_again(
    database: Database, pause: Deed, resume: Deed, run: Run, composed: bool
) -> None:
    if composed:
        with database.unit_of_work() as session:
            session.execute(text(_COMPOSED))
    pause()
    assert [each[:2] for each in _notices(database)] == [("withdrawn", "paused")]
    resume()
    assert _notices(database) == [("waiting", None, None)]
    assert _asked(database) == 1
    with database.reading() as session:
        assert session.scalars(select(Message.state)).all() == ["withdrawn"] * composed
    run()
    assert len(_notices(database)) == 1


@pytest.mark.usefixtures("made")
def test_what_is_of_no_more_use_after_the_pause_stays_taken_back(
    database: Database, pause: Deed, resume: Deed, later: Goes
) -> None:
    pause()
    later(5)
    resume()
    assert [each[:2] for each in _notices(database)] == [("withdrawn", "paused")]


@pytest.mark.usefixtures("made")
def test_what_was_taken_back_for_another_reason_stays_so(
    database: Database, pause: Deed, resume: Deed
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Notice).values(state="withdrawn", reason="paid"))
    pause()
    resume()
    assert [each[:2] for each in _notices(database)] == [("withdrawn", "paid")]


@pytest.mark.usefixtures("made")
def test_a_formal_notice_whose_time_a_pause_took_is_made_anew(
    database: Database, pause: Deed, resume: Deed, run: Run, later: Goes
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(due=TODAY - timedelta(days=30)))
    later(1)
    run()
    pause()
    later(7)
    resume()
    run()
    with database.reading() as session:
        formal = select(Notice.state).where(Notice.kind == "arrears.formal")
        assert session.scalars(formal).all() == ["waiting"]
