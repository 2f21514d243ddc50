"""The jobs as the worker runs them, with the settings of the machine."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, update

from service import approvals
from service.customers import exports, opening, work
from service.customers.models import CustomerOpening, DataExport
from service.models import Account
from tests.service.builders import create_account
from tests.service.customers.conftest import NOW

ACCOUNT = "420011875603"


@pytest.fixture
def var(settings_env: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    settings_env.setenv("DENGHUO_CORE_TOKEN", "not asked")
    work._settings.cache_clear()
    yield tmp_path / "var"
    work._settings.cache_clear()


def test_accounts_are_made_findable(database):
    with database.unit_of_work() as session:
        create_account(session, ACCOUNT)
        session.execute(update(Account).values(phone_index=None, holder_name_index=None))
    work.index(0)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).where(Account.phone_index.is_(None))) == 0


def test_a_file_is_written_and_goes(database, staff, wired, var):
    with database.unit_of_work() as session:
        create_account(session, ACCOUNT)
        asked = exports.ask(session, ACCOUNT, "bills", "客户要", by=staff.agent)
        opening.open_customer(session, staff.agent, ACCOUNT, "来电")
    with database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=staff.lead)
    with database.unit_of_work() as session:
        export_id = session.scalars(select(DataExport.id)).one()
    work.export(export_id)
    assert len(list((var / "exports").iterdir())) == 1
    work.tidy(0)
    assert len(list((var / "exports").iterdir())) == 1
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        work.tidy(0)
    assert list((var / "exports").iterdir()) == []
    with database.unit_of_work() as session:
        assert session.scalars(select(DataExport.state)).one() == "gone"
        assert session.scalar(select(func.count()).select_from(CustomerOpening)) == 0
