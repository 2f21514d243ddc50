"""What was done on the spot: once, or kept with the reason why it moved nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from runtime.database import Database
from runtime.errors import NotFound, Refused
from service.field import handing, visiting
from service.field.models import FieldVisit
from service.field.visiting import Deed, Shot
from service.models import Meter
from service.requests import moving
from service.requests.askers import Asker
from service.requests.fields import FieldRefused
from service.requests.models import Request, RequestEvent
from service.requests.route import Place
from tests.service.field.conftest import METER, Crew
from tests.service.requests.conftest import Customer

pytestmark = pytest.mark.usefixtures("december")
NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
HERE = Place(30.5928, 114.3055)
ARRIVED = Deed("key-1", "complete", "arrived", NOW, place=HERE, accuracy=12)
RESTORED = Deed(
    "key-2",
    "complete",
    "restored",
    NOW,
    note="换了一段线。",
    values={"cause": "line", "done": "换线 20 米"},
    signer="王建华",
    signature="/9j/",
)


def send(database: Database, worker: int, job: Request, deed: Deed = ARRIVED) -> FieldVisit:
    with database.unit_of_work() as session:
        return visiting.send(session, worker, job.request_no, deed)


def step_of(database: Database, job: Request) -> str:
    with database.reading() as session:
        return session.get_one(Request, job.id).step


def test_a_step_is_done_with_all_that_belongs_to_it(
    database: Database, job: Request, crew: Crew
) -> None:
    send(database, crew.worker, job)
    visit = send(database, crew.worker, job, RESTORED)
    with database.reading() as session:
        made = session.get_one(Request, job.id)
        assert (made.step, made.state) == ("restored", "done")
        event = made.events[-1]
        assert (event.who, event.by_id, event.key) == ("staff", crew.worker, "key-2")
        assert event.note == "换了一段线。"
        kept = session.get_one(FieldVisit, visit.id)
        assert visiting.values(kept) == {"cause": "line", "done": "换线 20 米"}
        assert (kept.refusal, kept.signer, kept.signature) == (None, "王建华", "/9j/")
        first, second = visiting.visits(session, made)
        assert (first.place, first.accuracy) == ("30.592800,114.305500", 12)
        assert (second.place, second.accuracy, second.meter_no) == (None, None, None)


def test_the_same_key_is_one_visit(database: Database, job: Request, crew: Crew) -> None:
    first = send(database, crew.worker, job)
    again = send(database, crew.worker, job, replace(ARRIVED, step="restored", note="别的"))
    assert again.id == first.id
    assert step_of(database, job) == "arrived"


def test_two_at_the_same_moment_are_one(database: Database, job: Request, crew: Crew) -> None:
    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(lambda _: send(database, crew.worker, job).id, range(4))
        assert len(set(sent)) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count(FieldVisit.id))) == 1
        arrived = select(func.count(RequestEvent.id)).where(RequestEvent.step == "arrived")
        assert session.scalar(arrived) == 1


def cancelled(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.cancel(session, Asker.of_user(customer.user_id), job.request_no)


def rejected(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.reject(session, job.request_no, "这里不归我们管", by=crew.desk)


def done_by_another(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.complete(session, job.request_no, "arrived", by=crew.colleague)


def given_away(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.assign(session, [job.request_no], crew.colleague, by=crew.desk)


def taken_back(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.assign(session, [job.request_no], None, by=crew.desk)


def paused(database: Database, job: Request, crew: Crew, customer: Customer) -> None:
    with database.unit_of_work() as session:
        moving.pause(session, job.request_no, "等客户", by=crew.desk)


@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        (cancelled, "field.cancelled"),
        (rejected, "field.rejected"),
        (done_by_another, "field.done_already"),
        (given_away, "field.given_away"),
        (taken_back, "field.taken_back"),
        (paused, "request.paused"),
    ],
)
def test_what_no_longer_fits_is_kept_and_moves_nothing(
    database: Database,
    job: Request,
    crew: Crew,
    customer: Customer,
    meanwhile: Callable[[Database, Request, Crew, Customer], None],
    refusal: str,
) -> None:
    meanwhile(database, job, crew, customer)
    with database.reading() as session:
        before = session.get_one(Request, job.id)
        stood, events = (before.step, before.state), len(before.events)
    visit = send(database, crew.worker, job, replace(ARRIVED, note="到了，门锁着"))
    assert visit.refusal == refusal
    assert visit.note == "到了，门锁着"
    assert send(database, crew.worker, job).refusal == refusal
    with database.reading() as session:
        made = session.get_one(Request, job.id)
        assert ((made.step, made.state), len(made.events)) == (stood, events)
        assert len(visiting.visits(session, made)) == 1


def test_what_could_not_be_done_asks_the_customer(
    database: Database, job: Request, crew: Crew
) -> None:
    deed = replace(ARRIVED, deed="pause", note="表箱前堆了东西，清开以后告诉我们。")
    assert send(database, crew.worker, job, deed).refusal is None
    with database.reading() as session:
        made = session.get_one(Request, job.id)
        assert made.paused_at == NOW
        assert made.pauses[0].needs == "表箱前堆了东西，清开以后告诉我们。"
        assert made.step == "crew_sent"


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        (replace(RESTORED, step="arrived", deed="dance"), "field.deed_unknown"),
        (replace(ARRIVED, deed="pause"), "request.needs_missing"),
        (replace(ARRIVED, meter_no="M0000099"), "field.other_meter"),
        (replace(ARRIVED, key="钥匙"), "request.key_malformed"),
    ],
)
def test_what_is_wrong_is_not_kept(
    database: Database, job: Request, crew: Crew, deed: Deed, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        send(database, crew.worker, job, deed)
    assert refused.value.code == code
    with database.reading() as session:
        assert session.scalar(select(func.count(FieldVisit.id))) == 0
    assert step_of(database, job) == "crew_sent"


def test_the_form_of_the_step_is_checked(database: Database, job: Request, crew: Crew) -> None:
    send(database, crew.worker, job)
    with pytest.raises(FieldRefused) as refused:
        send(database, crew.worker, job, replace(RESTORED, values={"cause": "line"}))
    assert (refused.value.params["field"], refused.value.params["problem"]) == ("done", "missing")
    assert step_of(database, job) == "arrived"


@pytest.mark.parametrize("typed", [METER, "m 0000-042", "Ｍ００００042"])
def test_the_meter_of_the_account(database: Database, job: Request, crew: Crew, typed: str) -> None:
    visit = send(database, crew.worker, job, replace(ARRIVED, meter_no=typed))
    assert (visit.meter_no, visit.meter_agrees) == (METER, True)


def test_another_meter_is_written_down_when_somebody_is_sure(
    database: Database, job: Request, crew: Crew
) -> None:
    deed = replace(ARRIVED, meter_no="X-7", meter_sure=True)
    visit = send(database, crew.worker, job, deed)
    assert (visit.meter_no, visit.meter_agrees, visit.refusal) == ("X7", False, None)


def test_where_no_meter_is_known_there_is_nothing_to_compare(
    database: Database, job: Request, crew: Crew
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Meter).values(removed=date(2026, 1, 1)))
    visit = send(database, crew.worker, job, replace(ARRIVED, meter_no="N-1"))
    assert (visit.meter_no, visit.meter_agrees) == ("N1", None)


@pytest.mark.parametrize(
    ("done_at", "kept"),
    [
        (NOW + timedelta(hours=1), NOW),
        (NOW - timedelta(days=400), NOW),
    ],
)
def test_it_was_done_between_the_asking_and_now(
    database: Database, job: Request, crew: Crew, done_at: datetime, kept: datetime
) -> None:
    assert send(database, crew.worker, job, replace(ARRIVED, done_at=done_at)).done_at == kept


def test_photos_say_when_and_where(database: Database, job: Request, crew: Crew) -> None:
    visit = send(database, crew.worker, job)
    shots = [
        Shot("a" * 32, NOW - timedelta(minutes=3), HERE),
        Shot("b" * 32, NOW + timedelta(days=1), None),
    ]
    with database.unit_of_work() as session:
        visiting.add_photos(session, session.get_one(FieldVisit, visit.id), shots)
    with database.reading() as session:
        first, second = session.get_one(FieldVisit, visit.id).photos
        assert (first.taken_at, first.place) == (NOW - timedelta(minutes=3), str(HERE))
        assert (second.taken_at, second.place) == (NOW, None)


def test_slips_are_for_the_worker_and_the_customer(
    database: Database, job: Request, crew: Crew
) -> None:
    visit = send(database, crew.worker, job)
    with database.unit_of_work() as session:
        assert handing.of_worker(session, crew.worker, job.request_no)[0].id == visit.id
        assert handing.of_worker(session, crew.worker, job.request_no, visit.id)[1].id == job.id
        assert handing.of_request(session, job, visit.id).id == visit.id
        with pytest.raises(NotFound):
            handing.of_worker(session, crew.colleague, job.request_no, visit.id)
        session.get_one(FieldVisit, visit.id).refusal = "field.given_away"
        session.flush()
        with pytest.raises(NotFound):
            handing.of_request(session, job, visit.id)
