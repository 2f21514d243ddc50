"""Accounts are found by name and phone through blind indexes that the sync writes."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text

import service.customers.models  # noqa: F401 - the models declare the tables
from runtime import migrate
from runtime.crypto import blind_index
from runtime.database import Base, Database, sqlalchemy_url
from service.customers import indexing
from service.models import Account
from service.sync import run
from tests.service import changes
from tests.service.builders import create_account

TABLES = {"account", "customer_opening", "rebill", "data_export"}
COLUMNS = {"phone_index", "holder_name_index"}


def _indexes(database: Database) -> list[tuple[str, bytes | None, bytes | None]]:
    with database.unit_of_work() as session:
        query = select(Account.account_no, Account.phone_index, Account.holder_name_index)
        return [tuple(row) for row in session.execute(query.order_by(Account.account_no))]


def _index_of(phone: str, name: str) -> tuple[bytes, bytes]:
    return blind_index(phone, "account.phone"), blind_index(name, "account.holder_name")


def test_an_account_that_arrives_can_be_found_at_once(database, core, feed):
    core.add("account", changes.account(phone="138-0000 2046", holder_name="王 建华"))
    run.run(database, feed)
    assert _indexes(database) == [("420011875603", *_index_of("13800002046", "王建华"))]


def test_a_new_phone_and_name_are_found_instead_of_the_old(database, core, feed):
    core.add("account", changes.account())
    run.run(database, feed)
    core.add("account", changes.account(phone="13900000000", holder_name="李梅"))
    run.run(database, feed)
    assert _indexes(database) == [("420011875603", *_index_of("13900000000", "李梅"))]


def test_a_line_set_aside_keeps_what_came_and_no_index(database, core, feed):
    core.add("account", changes.account(account_no="1" * 13))
    assert run.run(database, feed).poisoned == 1
    with database.unit_of_work() as session:
        payload = session.execute(text("SELECT payload FROM poisoned_change")).scalar_one()
    assert b"index" not in bytes(payload)


def test_accounts_from_before_the_index_are_filled_in_once(database, monkeypatch):
    monkeypatch.setattr(indexing, "PIECE", 2)
    with database.unit_of_work() as session:
        for number in range(5):
            create_account(
                session, f"42000000000{number}", phone=f"1380000000{number}", phone_index=None
            )
    assert indexing.fill(database) == 5
    assert _indexes(database) == [
        (f"42000000000{number}", *_index_of(f"1380000000{number}", "王建华")) for number in range(5)
    ]
    assert indexing.fill(database) == 0


def test_migration_and_models_agree(database: Database) -> None:
    options = {
        "include_object": lambda item, name, kind, *_: (
            (name if kind == "table" else item.table.name) in TABLES
        ),
        "compare_type": True,
    }
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("search")
    engine = create_engine(sqlalchemy_url(url))

    def found() -> tuple[set[str], set[str]]:
        shown = inspect(engine)
        columns = {each["name"] for each in shown.get_columns("account")}
        return set(shown.get_table_names()) & TABLES, columns & COLUMNS

    migrate.upgrade(url, revision="0021_search")
    assert found() == (TABLES, COLUMNS)
    migrate.downgrade(url, revision="0020_staff")
    assert found() == ({"account"}, set())
    migrate.upgrade(url, revision="0021_search")
    assert found() == (TABLES, COLUMNS)
    engine.dispose()
