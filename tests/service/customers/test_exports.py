"""A customer's data leave the house with two names on them, for one person, for one day."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from runtime.errors import NotFound, Refused
from service import approvals
from service.audit.models import AuditEntry
from service.customers import exports
from service.customers.models import DataExport
from tests.service.builders import (
    create_account,
    create_bill,
    create_daily_use,
    create_meter,
    create_service_point,
)
from tests.service.customers.conftest import NOW

ACCOUNT = "420011875603"


@pytest.fixture
def account(database):
    with database.unit_of_work() as session:
        account = create_account(session, ACCOUNT)
        point = create_service_point(session, account)
        meter = create_meter(session, point, interval=False)
        create_daily_use(session, meter, date(2026, 12, 9), 8_200)
        create_daily_use(session, meter, date(2026, 12, 10), 12_345, export_wh=10, quality="E")
        create_bill(
            session,
            account,
            bill_no="B1",
            wh=286_000,
            total_fen=15_390,
            settled_fen=15_390,
            settled_at=datetime(2026, 11, 17, 16, tzinfo=UTC),
        )
        create_bill(session, create_account(session), bill_no="B2")
    return account


@pytest.fixture
def where(tmp_path):
    return exports.folder(tmp_path)


def approved(database, staff, what):
    with database.unit_of_work() as session:
        asked = exports.ask(session, ACCOUNT, what, "客户要一份自己的数据", by=staff.agent)
    with database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=staff.lead)
        return session.scalars(select(DataExport.id).order_by(DataExport.id.desc())).first()


def fetch(database, export_id, where, by):
    with database.unit_of_work() as session:
        return exports.fetch(session, export_id, where, by=by)[1].decode("utf-8-sig")


def test_the_bills_are_those_of_the_account(database, account, staff, wired, where):
    export = approved(database, staff, "bills")
    exports.make(database, export, where)
    assert fetch(database, export, where, staff.agent) == (
        "bill_no,period,revision,from,to,kwh,total_yuan,settled_yuan,issued,due,settled,state\r\n"
        "B1,2026-10,0,2026-10-01,2026-10-31,286.000,153.90,153.90,"
        "2026-11-03,2026-11-18,2026-11-18,paid\r\n"
    )
    with database.unit_of_work() as session:
        assert session.get_one(DataExport, export).rows == 1


def test_the_usage_is_of_every_day(database, account, staff, wired, where):
    export = approved(database, staff, "usage")
    exports.make(database, export, where)
    assert fetch(database, export, where, staff.agent) == (
        "day,kwh,kwh_fed_in,quality\r\n2026-12-09,8.200,0.000,V\r\n2026-12-10,12.345,0.010,E\r\n"
    )


def test_an_account_without_data_gives_heads_alone(database, staff, wired, where):
    with database.unit_of_work() as session:
        create_account(session, ACCOUNT)
    export = approved(database, staff, "usage")
    exports.make(database, export, where)
    assert fetch(database, export, where, staff.agent) == "day,kwh,kwh_fed_in,quality\r\n"


def test_nothing_is_there_before_a_second_person_said_yes(database, account, staff, where):
    with database.unit_of_work() as session:
        exports.ask(session, ACCOUNT, "bills", "客户要", by=staff.agent)
        assert session.scalars(select(DataExport)).all() == []


def test_it_is_written_once_and_for_its_owner_only(database, account, staff, wired, where):
    export = approved(database, staff, "bills")
    exports.make(database, export, where)
    exports.make(database, export, where)
    (file,) = where.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert where.stat().st_mode & 0o777 == 0o700
    assert len(file.stem) == 32


def test_whoever_asked_fetches_it_for_a_day_and_nobody_else(database, account, staff, wired, where):
    export = approved(database, staff, "bills")
    with pytest.raises(NotFound, match=r"export\.gone"):
        fetch(database, export, where, staff.agent)  # not written yet
    exports.make(database, export, where)
    with pytest.raises(NotFound, match=r"export\.gone"):
        fetch(database, export, where, staff.lead)
    with time_machine.travel(NOW + timedelta(hours=23, minutes=59), tick=False):
        assert fetch(database, export, where, staff.agent)
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        with pytest.raises(NotFound, match=r"export\.gone"):
            fetch(database, export, where, staff.agent)
        with database.unit_of_work() as session:
            assert exports.of_account(session, ACCOUNT, staff.agent) == []


def test_every_fetching_stands_in_the_trail(database, account, staff, wired, where):
    export = approved(database, staff, "bills")
    exports.make(database, export, where)
    fetch(database, export, where, staff.agent)
    fetch(database, export, where, staff.agent)
    with database.unit_of_work() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        found = [(e.user_id, e.deed, e.subject, e.reason, e.about) for e in entries]
        _asked, (*decided, about) = found[:2]
        assert decided == [staff.lead, "approval.approved", ACCOUNT, None]
        assert about.startswith("approval ")
        assert [found[0], *found[2:]] == [
            (staff.agent, "customer.export", ACCOUNT, "客户要一份自己的数据", "bills"),
            *[(staff.agent, "customer.fetched", ACCOUNT, None, f"export {export}")] * 2,
        ]


def test_files_go_when_their_day_is_over(database, account, staff, wired, where):
    old, young = (approved(database, staff, what) for what in ("bills", "usage"))
    exports.make(database, old, where)
    (where / "left-behind.csv").write_text("x")
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        exports.make(database, young, where)
        assert exports.tidy(database, where) == 2
        assert exports.tidy(database, where) == 0
        assert fetch(database, young, where, staff.agent)
    assert len(list(where.iterdir())) == 1


def test_what_cannot_be_asked(database, account, staff):
    with database.unit_of_work() as session:
        for account_no, what, reason, code in (
            ("420000000000", "bills", "客户要", "customer.not_found"),
            (ACCOUNT, "passwords", "客户要", "export.unknown"),
            (ACCOUNT, "bills", " ", "customer.reason_missing"),
        ):
            with pytest.raises(Refused) as refused:
                exports.ask(session, account_no, what, reason, by=staff.agent)
            assert refused.value.code == code
        assert session.scalars(select(AuditEntry)).all() == []
