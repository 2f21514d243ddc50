"""What a customer adds and chooses for a request on its way, and what the page answers."""

# ruff: noqa: F811 - the fixtures of the pages beside it are taken by their names

import pytest
from flask.testing import FlaskClient

from runtime.database import Database
from service.requests.models import RequestFile
from tests.portal.conftest import post
from tests.portal.places import words
from tests.portal.test_following_pages import MONDAY, PAGE, made  # noqa: F401 - a fixture
from tests.portal.test_request_pages import (  # noqa: F401 - fixtures
    app,
    count,
    home,
    picture,
    with_photos,
)

pytestmark = pytest.mark.usefixtures("december")

LATE = "2026-12-17T09:00:00+08:00"
"""A window after 16 December, the day that is promised."""


def test_the_good_file_of_several_is_kept_and_the_bad_one_named(
    client: FlaskClient, database: Database, made: str
) -> None:
    bad = with_photos(client, f"{PAGE}/photos", picture(), b"<svg/>", document="identity")
    shown = words(bad.text)
    assert bad.status_code == 422
    assert "“身份证（户主本人的） · 1.jpg”没有收：这个文件不是照片，也不是 PDF" in shown
    assert "另外 1 个文件收下了。" in shown
    assert '<option value="identity" selected>' in bad.text
    assert count(database, RequestFile) == 1


def test_a_visit_that_is_later_than_promised_is_called_so(client: FlaskClient, made: str) -> None:
    offered = words(client.get(f"{PAGE}/visit").text)
    assert "14:00–17:00 12 月 17 日 周四 09:00–12:00 晚于说好的日子" in offered
    assert offered.count("晚于说好的日子") == 14
    post(client, f"{PAGE}/visit", starts_at=MONDAY)
    shown = words(client.get(PAGE).text)
    assert "约好了，12 月 14 日 周一 09:00–12:00。" in shown
    assert "比说好的晚" not in shown
    post(client, f"{PAGE}/visit", starts_at=LATE)
    shown = words(client.get(PAGE).text)
    assert (
        "约好了，12 月 17 日 周四 09:00–12:00。"
        "说好的是 12 月 16 日 前，晚了，因为您挑了这个时间。" in shown
    )
    assert "比说好的晚，因为您挑了这个时间" in shown
    assert "说好 12 月 16 日 前" in shown, "the promise itself stays"
