"""Questions see what the session sees, read columns as their types say, and fail as it fails."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, literal_column, select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from runtime.database import Database
from runtime.questions import Question, among, asked
from service.models import Account, SignInSession, User
from tests.service.builders import create_account, create_user

ACCOUNT = Question(
    select(Account.account_no, Account.holder_name, Account.phone, Account.balance_at)
    .where(Account.account_no == among("numbers"), Account.kind.in_(["residential", "shop"]))
    .order_by(Account.account_no)
)
BACKEND = Question(select(func.pg_backend_pid()))


def test_columns_come_back_as_their_types_say(session: Session) -> None:
    at = datetime(2026, 11, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    create_account(session, "420000000002", holder_name="李桂芳", phone="13900000001")
    create_account(session, "420000000001", balance_at=at)
    create_account(session, "420000000003", kind="factory")
    create_account(session, "420000000004")
    found = ACCOUNT.ask(session, numbers=["420000000001", "420000000002", "420000000003"])
    assert found == [
        ("420000000001", "王建华", "13800138000", datetime(2026, 11, 1, tzinfo=UTC)),
        ("420000000002", "李桂芳", "13900000001", None),
    ]
    assert found[0][3].tzinfo is UTC
    assert ACCOUNT.ask(session, numbers=[]) == []


def test_what_is_not_written_yet_counts(session: Session) -> None:
    user = create_user(session)
    named = Question(select(User.name).where(User.id == asked("id")))
    user.name = "桂芳"
    assert named.ask_one(session, id=user.id) == ("桂芳",)
    assert named.ask_one(session, id=-1) is None


def test_values_are_values_and_nothing_else(session: Session) -> None:
    by_device = Question(select(SignInSession.id).where(SignInSession.device == asked("device")))
    assert by_device.ask(session, device="' or true --") == []
    with pytest.raises(DataError) as caught:
        by_device.ask(session, device="secret\x00")
    assert "secret" not in str(caught.value)


def test_an_error_is_the_sessions_own(database: Database) -> None:
    slow = Question(select(literal_column("pg_sleep(60)").label("slept")))
    hurried = Database(database.url, statement_timeout=timedelta(milliseconds=20))
    with (
        hurried.reading() as session,
        pytest.raises(OperationalError, match="statement timeout"),
    ):
        slow.ask(session)
    with hurried.reading() as session:
        assert BACKEND.ask_one(session) is not None
    hurried.dispose()


def test_a_lost_connection_leaves_the_pool(database: Database) -> None:
    end = Question(select(func.pg_terminate_backend(func.pg_backend_pid())))
    lost = []

    def lose() -> None:
        with database.reading() as session:
            lost.append(BACKEND.ask_one(session))
            end.ask(session)

    with pytest.raises(OperationalError):
        lose()
    with database.reading() as session:
        assert BACKEND.ask_one(session) not in lost
