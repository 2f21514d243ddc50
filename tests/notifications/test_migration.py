"""Messages from before their recipients could be forgotten are found as new ones are."""

import base64
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text

from runtime import migrate
from runtime.crypto import KeyRing
from runtime.database import Database, sqlalchemy_url
from tests.migrating import differences, go_down_and_up

PHONE, RECIPIENT = "13800002046", "message.recipient"


def test_messages_get_their_index_and_can_go_back(
    scratch_database: Callable[[str], str], settings_env: pytest.MonkeyPatch
) -> None:
    key, index_key = bytes(range(32)), bytes(range(32, 64))
    ring = KeyRing({"old": key}, index_key)
    settings_env.setenv("DENGHUO_ENCRYPTION_KEYS", f"old:{base64.b64encode(key).decode()}")
    settings_env.setenv("DENGHUO_BLIND_INDEX_KEY", base64.b64encode(index_key).decode())
    url = scratch_database("messages")
    migrate.upgrade(url, revision="0004_notifications")
    engine = create_engine(sqlalchemy_url(url))
    insert = text("""
        INSERT INTO message (channel, reference, template, recipient, state)
        VALUES ('sms', :reference, 'code_sign_in_zh', :recipient, 'sent')
    """)
    with engine.begin() as connection:
        sealed = ring.encrypt(PHONE, RECIPIENT)
        for reference in ("kept", "forgotten"):
            connection.execute(insert, {"reference": reference, "recipient": sealed})
    migrate.upgrade(url, revision="0005_people")
    with engine.begin() as connection:
        indexes = connection.scalars(text("SELECT recipient_index FROM message")).all()
        assert indexes == [ring.blind_index(PHONE, RECIPIENT)] * 2
        connection.execute(
            text("UPDATE message SET recipient = NULL WHERE reference = 'forgotten'")
        )
    migrate.downgrade(url, revision="0004_notifications")
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT reference FROM message")).all() == ["kept"]
    engine.dispose()


TABLES = {
    "notice",
    "message",
    "message_attachment",
    "provider",
    "provider_minute",
    "provider_report",
    "inbox_message",
    "wechat_token",
}


def test_the_tables_are_those_of_the_models(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_notices_go_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    new = {"notice", "provider", "provider_minute", "provider_report"}
    go_down_and_up(scratch_database, "0027_notices", "0026_field", new)
