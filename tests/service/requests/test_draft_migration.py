"""Photos of before become files, and are photos again when the migration is taken back."""

from collections.abc import Callable

from sqlalchemy import create_engine, text

from runtime import migrate
from runtime.database import sqlalchemy_url

BEFORE, HERE = "0022_inbox", "0023_drafts"


def test_down_and_up_again_with_a_photo_and_a_paper(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("drafts")
    migrate.upgrade(url, revision=BEFORE)
    engine = create_engine(sqlalchemy_url(url))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO request_photo (name, asker, draft, sha256, width, height, size)"
                " VALUES ('a', 'user:1', 'form-1', 'x', 40, 30, 700)"
            )
        )
    migrate.upgrade(url, revision=HERE)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO request_photo"
                " (name, asker, draft, sha256, media, document, pages, size)"
                " VALUES ('b', 'user:1', 'form-1', 'x', 'application/pdf', 'title', 3, 700)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO request_draft (asker, kind, key, filled, updated_at)"
                " VALUES ('user:1', 'outage_repair', 'form-1', 'x', now())"
            )
        )
        told = connection.execute(text("SELECT name, media FROM request_photo ORDER BY name"))
        assert [tuple(row) for row in told] == [("a", "image/jpeg"), ("b", "application/pdf")]
    migrate.downgrade(url, revision=BEFORE)
    with engine.begin() as connection:
        told = connection.execute(text("SELECT name, width, height FROM request_photo"))
        assert [tuple(row) for row in told] == [("a", 40, 30)]
        assert connection.scalar(text("SELECT to_regclass('request_draft')")) is None
    migrate.upgrade(url, revision=HERE)
    engine.dispose()
