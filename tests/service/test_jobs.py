import pytest
from sqlalchemy import select, text

from runtime.errors import Refused
from service import jobs
from service.models import Account
from tests.service import changes
from tests.service.core_double import TOKEN


def _queued(database):
    with database.unit_of_work() as session:
        return session.execute(
            text("SELECT task_name, lock, queueing_lock FROM procrastinate_jobs")
        ).all()


@pytest.fixture
def settings(settings_env, core):
    settings_env.setenv("DENGHUO_CORE_URL", core.url)
    settings_env.setenv("DENGHUO_CORE_TOKEN", TOKEN)
    return settings_env


def test_a_sync_is_asked_for_once_and_with_the_change(database):
    with database.unit_of_work() as session:
        jobs.sync_soon(session)
        jobs.sync_soon(session)
    assert _queued(database) == [("service.sync", "service.sync", "service.sync")]


def test_a_sync_is_not_asked_for_by_a_change_that_is_taken_back(database):
    def change_and_fail():
        with database.unit_of_work() as session:
            jobs.sync_soon(session)
            raise Refused("no")

    with pytest.raises(Refused):
        change_and_fail()
    assert _queued(database) == []


def test_the_job_brings_the_copy_up_to_date(database, core, settings):
    core.add("account", changes.account())
    jobs.sync()
    with database.unit_of_work() as session:
        assert session.scalars(select(Account.account_no)).all() == ["420011875603"]


def test_the_job_takes_a_core_that_is_down_for_what_it_is(database, core, settings):
    core.broken = 99
    jobs.sync()
    core.broken = 0
    core.add("account", changes.account())
    jobs.sync(timestamp=1)
    with database.unit_of_work() as session:
        assert session.scalars(select(Account.account_no)).all() == ["420011875603"]
