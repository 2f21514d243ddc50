"""The migration goes down and up, and signs out whoever of ours had shown one thing alone."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from runtime import migrate
from runtime.database import sqlalchemy_url

BEFORE, AFTER = "0019_course", "0020_staff"
PEOPLE = """
    INSERT INTO user_account (phone, phone_index, theme, elder_mode, staff_role)
    VALUES ('a', 'a', 'system', false, 'agent'), ('b', 'b', 'system', false, NULL)
"""
SESSIONS = """
    INSERT INTO sign_in_session (token_sha256, user_id, device, address, expires_at)
    SELECT phone, id, '', '', now() FROM user_account
"""
COLUMNS = {"first_step", "two_steps_at"}


@pytest.fixture
def engine(scratch_database: Callable[[str], str]) -> Iterator[Engine]:
    engine = create_engine(sqlalchemy_url(scratch_database("staff")))
    yield engine
    engine.dispose()


def url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_down_and_up_again(engine: Engine) -> None:
    migrate.upgrade(url(engine), revision=AFTER)
    migrate.downgrade(url(engine), revision=BEFORE)
    assert "audit_entry" not in inspect(engine).get_table_names()
    assert columns(engine) & COLUMNS == set()
    migrate.upgrade(url(engine), revision=AFTER)
    assert "audit_entry" in inspect(engine).get_table_names()
    assert columns(engine) >= COLUMNS


def columns(engine: Engine) -> set[str]:
    return {each["name"] for each in inspect(engine).get_columns("sign_in_session")}


def test_staff_are_signed_out_and_customers_stay(engine: Engine) -> None:
    migrate.upgrade(url(engine), revision=BEFORE)
    with engine.begin() as connection:
        connection.execute(text(PEOPLE))
        connection.execute(text(SESSIONS))
    migrate.upgrade(url(engine), revision=AFTER)
    live = "SELECT user_id FROM sign_in_session WHERE revoked_at IS NULL"
    customer = "SELECT id FROM user_account WHERE staff_role IS NULL"
    with engine.connect() as connection:
        assert connection.scalars(text(live)).all() == connection.scalars(text(customer)).all()


def test_a_role_that_is_none_is_refused(engine: Engine) -> None:
    migrate.upgrade(url(engine), revision=AFTER)
    with engine.begin() as connection:
        connection.execute(text(PEOPLE))
    change = text("UPDATE user_account SET staff_role = 'boss'")
    with pytest.raises(Exception, match="ck_user_account_staff_role"), engine.begin() as connection:
        connection.execute(change)
