"""What every page stands in: weight, assets, themes, the way around."""

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import assets
from runtime.database import Database
from tests.portal.conftest import create_user, post, sign_in

PAGE_WITHOUT_CHART = 90_000
ROOT = Path(__file__).parent.parent.parent


def transferred(client: FlaskClient, path: str) -> int:
    """Bytes of a page and everything it loads, as they go over the wire."""
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    page = gzip.decompress(answer.data).decode()
    pieces = [part.split('"')[0] for part in page.replace("src=", "href=").split('href="')[1:]]
    loaded = [each for each in pieces if each.startswith("/static/")]
    assert len(loaded) >= 4
    return len(answer.data) + sum(
        len(client.get(each, headers={"Accept-Encoding": "gzip"}).data) for each in loaded
    )


def test_a_page_is_light(client: FlaskClient, database: Database) -> None:
    create_user(database)
    assert transferred(client, "/sign-in") < PAGE_WITHOUT_CHART / 3
    sign_in(client)
    assert transferred(client, "/accounts") < PAGE_WITHOUT_CHART / 3


def test_assets_are_kept_for_ever_under_their_hash(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = assets.address("css/tokens.css")
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == (ROOT / "static/css/tokens.css").read_bytes()
    stale = client.get("/static/css/tokens.css?v=old")
    assert stale.headers["Cache-Control"] == "no-cache"
    unchanged = client.get(address, headers={"If-None-Match": stale.headers["ETag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "gzip"), ("gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("br", None)],
)
def test_nobody_gets_what_they_cannot_unpack(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    for path in ("/sign-in", "/static/css/tokens.css"):
        answer = client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding


@pytest.mark.parametrize(
    "path",
    [
        "/static/../portal/app.py",
        "/static/css/../../portal/app.py",
        "/static/js/build.mjs",
        "/static/vendor/NotoSansSC-Regular.ttf",
        "/static/none.css",
        "/static/css",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_theme_changes_without_a_script(client: FlaskClient, database: Database) -> None:
    assert "data-theme" not in client.get("/sign-in").text.split("<body")[0]
    answer = post(client, "/display", theme="dark", next="/sign-in?next=/accounts")
    assert answer.headers["Location"] == "/sign-in?next=/accounts"
    assert 'data-theme="dark"' in client.get("/sign-in").text
    post(client, "/display", theme="system")
    assert "data-theme" not in client.get("/sign-in").text.split("<body")[0]
    post(client, "/display", view="elder")
    assert 'data-mode="elder"' in client.get("/sign-in").text
    post(client, "/display", theme="loud")
    assert 'data-mode="elder"' in client.get("/sign-in").text


def test_tokens_alone_decide_colours() -> None:
    """Colours outside tokens.css: what a picture or a gateway's mark needs, and no more."""
    import re

    components = (ROOT / "static/css/components.css").read_text(encoding="utf-8")
    pages = (ROOT / "static/css/pages.css").read_text(encoding="utf-8")
    allowed = {"#0000001f", "#ffc15c", "#14213d", "#fdf8ec", "#0b1326a8", "#fff", "#000"}
    allowed |= {"#1f8a4c", "#1f66c7", "#b3263a"}
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", components + pages)) <= allowed


def test_the_dark_values_stand_twice_and_agree() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    system = tokens.split(":root:not([data-theme=light]) {")[1].split("}")[0].split()
    switch = tokens.split(":root[data-theme=dark] {")[1].split("}")[0].split()
    assert system == switch
