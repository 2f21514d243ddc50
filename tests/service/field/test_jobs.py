"""A worker's jobs: theirs alone, in the order of the way, with what is known of the customer."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from runtime.database import Database
from runtime.errors import NotFound
from service.field import customer as customers
from service.field import jobs, visiting
from service.field.visiting import Deed
from service.models import Account, Bill
from service.requests import moving
from service.requests.appointments import book_for
from service.requests.models import Request
from service.requests.route import Place
from tests.service import builders
from tests.service.field.conftest import METER, Crew, sent_out
from tests.service.requests.conftest import Customer, ask

pytestmark = pytest.mark.usefixtures("december")
NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)


def put(database: Database, request: Request, point: str) -> None:
    with database.unit_of_work() as session:
        session.get_one(Request, request.id).point = point


def numbers(found: list[jobs.Job]) -> list[str]:
    return [each.request.request_no for each in found]


def test_the_jobs_of_a_worker(database: Database, job: Request, crew: Crew) -> None:
    with database.reading() as session:
        mine = jobs.day(session, crew.worker)
        assert numbers(mine.today) == [job.request_no]
        assert (mine.later, mine.waiting) == ([], [])
        assert mine.today[0].step.name == "arrived"
        assert mine.today[0].address == "梧桐里 12 栋 502"
        assert mine.today[0].presses is True
        assert jobs.day(session, crew.colleague).today == []


def test_what_the_desk_has_to_do_next_is_no_job(
    database: Database, customer: Customer, crew: Crew
) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        moving.assign(session, [made.request_no], crew.worker, by=crew.desk)
        assert jobs.day(session, crew.worker).today == []
        with pytest.raises(NotFound):
            jobs.job(session, crew.worker, made.request_no)


def test_a_job_of_somebody_else_is_not_there(database: Database, job: Request, crew: Crew) -> None:
    with database.reading() as session:
        assert jobs.job(session, crew.worker, job.request_no).request.id == job.id
        with pytest.raises(NotFound, match=r"field\.no_job"):
            jobs.job(session, crew.colleague, job.request_no)


def test_from_the_last_place_to_the_nearest(
    database: Database, job: Request, customer: Customer, crew: Crew
) -> None:
    far, near = (sent_out(database, customer, crew, key=key) for key in ("form-2", "form-3"))
    for made, point in ((job, "30.5,114.3"), (far, "30.5,114.39"), (near, "30.5,114.31")):
        put(database, made, point)
    with database.unit_of_work() as session:
        place = Place(30.5, 114.4)
        deed = Deed("key-1", "complete", "arrived", NOW, place=place)
        visiting.send(session, crew.worker, far.request_no, deed)
        assert jobs.last_place(session, crew.worker) == place
        assert numbers(jobs.day(session, crew.worker).today) == [
            far.request_no,
            near.request_no,
            job.request_no,
        ]
        there = jobs.day(session, crew.worker, Place(30.5, 114.3)).today
        assert [each.metres and round(each.metres) for each in there] == [8623, 7665, 958]
        assert [visit.key for visit, _made in jobs.visits_today(session, crew.worker)] == ["key-1"]


def test_what_stands_still_waits_apart(database: Database, job: Request, crew: Crew) -> None:
    with database.unit_of_work() as session:
        moving.pause(session, job.request_no, "请清开表箱前的东西", by=crew.desk)
        mine = jobs.day(session, crew.worker)
        assert (mine.today, numbers(mine.waiting)) == ([], [job.request_no])


def test_what_is_arranged_for_another_day_comes_later(
    database: Database, customer: Customer, crew: Crew
) -> None:
    made = ask(database, customer, "meter_check")
    with database.unit_of_work() as session:
        moving.complete(session, made.request_no, "agreed", by=crew.desk)
        moving.assign(session, [made.request_no], crew.worker, by=crew.desk)
        monday = datetime(2026, 12, 14, 1, tzinfo=UTC)
        booked = book_for(session, made.request_no, monday, by=crew.desk)
        before = jobs.job(session, crew.worker, made.request_no).stamp
        mine = jobs.day(session, crew.worker)
        assert (mine.today, numbers(mine.later)) == ([], [made.request_no])
        assert before.endswith(f"-{booked.id}")
        moving.urge(session, made.request_no, True, by=crew.desk)
        session.flush()
        assert numbers(jobs.day(session, crew.worker).today) == [made.request_no]


def test_what_is_known_of_the_customer(
    database: Database, job: Request, customer: Customer
) -> None:
    earlier = ask(database, customer, key="form-9")
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(due=date(2027, 1, 1)))
        found = customers.file_of(session, session.get_one(Request, earlier.id))
        assert found.account is not None
        assert found.account.account_no == customer.account_no
        assert found.phone == "13800138000"
        assert found.meter_nos == {METER}
        assert (found.meters[0].interval, found.arrears) == (True, False)
        assert [each.id for each in found.earlier] == [job.id]
        session.execute(update(Bill).values(due=date(2026, 12, 1)))
        assert customers.file_of(session, earlier).arrears is True


def test_a_meter_that_was_taken_away_is_no_longer_there(
    database: Database, job: Request, customer: Customer
) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, customer.account_no)
        point = builders.create_service_point(session, account)
        builders.create_meter(session, point, meter_no="OLD", removed=date(2025, 1, 1))
        assert customers.file_of(session, job).meter_nos == {METER}


def test_yesterday_is_not_today(database: Database, job: Request, crew: Crew) -> None:
    with database.unit_of_work() as session:
        deed = Deed("key-1", "complete", "arrived", NOW, place=Place(30.5, 114.4))
        visit = visiting.send(session, crew.worker, job.request_no, deed)
        visit.done_at -= timedelta(days=1)
        session.flush()
        assert jobs.last_place(session, crew.worker) is None
        assert jobs.visits_today(session, crew.worker) == []
