"""`/desk/reminders`: the ladder, the week, the runs, and the switch that stops all of it."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from notifications.arrears import running
from runtime import clock
from runtime.database import Database
from tests.portal.conftest import post, staff
from tests.portal.places import says
from tests.service.builders import create_bill, create_customer

PAGE = "/desk/reminders"


def _lead(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13800009001", "lead")


def _run(database: Database) -> None:
    """A household whose bill is due today, reminded."""
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        create_bill(session, account, total_fen=5000, due=clock.today())
    running.run(database, clock.today())


def test_the_ladder_and_what_went_out_are_seen(
    app: Flask, database: Database, december: None
) -> None:
    client = _lead(app, database)
    assert "还没有做过。" in says(client, PAGE)
    _run(database)
    page = says(client, PAGE)
    assert "晚缴风险高到期前 10 天, 10:00到期前 5 天, 10:00到期那天, 10:00" in page
    assert "晚缴风险低不提醒到期前 3 天, 10:00" in page
    assert "居民 1" in page
    assert "做完了1000" in page


def test_finance_looks_and_does_not_stop_it_and_others_do_not_enter(
    app: Flask, database: Database
) -> None:
    finance = staff(app, database, "13800009002", "finance")
    assert "全部暂停" not in says(finance, PAGE)
    assert post(finance, f"{PAGE}/pause", reason="x").status_code == 403
    agent = staff(app, database, "13800009003", "agent")
    assert agent.get(PAGE).status_code in (403, 404)


def test_a_lead_stops_all_and_lets_them_go_on(app: Flask, database: Database) -> None:
    client = _lead(app, database)
    assert post(client, f"{PAGE}/pause", reason="数据不对").status_code == 303
    assert "提醒全部暂停了：数据不对" in says(client, PAGE)
    _run(database)
    page = says(client, PAGE)
    assert "暂停了0000" in page
    assert post(client, f"{PAGE}/resume", reason="改好了").status_code == 303
    found = running.run(database, clock.today())
    assert (found.state, found.notices, found.since) == (
        "done",
        1,
        clock.today() - timedelta(days=1),
    )
    assert "提醒全部暂停了" not in says(client, PAGE)
