"""The tables that the migration makes are those that the models describe; consents stay."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from notifications.preferences.models import Consent
from runtime.database import Database
from tests.migrating import differences, go_down_and_up
from tests.service.builders import create_user

TABLES = {"notice_choice", "notice_habit", "consent", "mail_address", "stopped_phone"}


def test_migration_and_models_agree(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0029_preferences", "0028_wordings", TABLES)


@pytest.mark.parametrize("deed", ["UPDATE consent SET given = false", "DELETE FROM consent"])
def test_a_consent_is_never_changed_nor_taken_away(session, deed) -> None:
    consent = Consent(
        user_id=create_user(session).id,
        topic="news",
        channel="sms",
        given=True,
        words="好",
        language="zh",
        how="page",
    )
    session.add(consent)
    session.flush()
    with pytest.raises(DBAPIError, match="a consent is never changed"):
        session.execute(text(deed))
