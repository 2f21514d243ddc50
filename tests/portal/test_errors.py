"""When something goes wrong a person reads a plain sentence, in their language, and no more."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused, TooManyTries, Unavailable
from runtime.http import OutboundError
from tests.portal.conftest import CoreThatKnows, create_user, post, sign_in

SECRET = "a message of the machinery"


def failing(app: Flask, error: Callable[[], Exception]) -> None:
    def view() -> str:
        raise error()

    app.add_url_rule("/fails", view_func=view, endpoint="health.fails")


@pytest.mark.parametrize(
    ("error", "status", "chinese", "english"),
    [
        (lambda: RuntimeError(SECRET), 500, "这一页暂时打不开", "open this page just now"),
        (lambda: NotFound("bill.not_found"), 404, "您的名下没有这张账单", "no such bill"),
        (lambda: NotFound("of.no.sentence"), 404, "这里没有这一页", "no page here"),
        (lambda: Forbidden("account.not_allowed"), 403, "请户主来办", "Ask the account holder"),
        (lambda: Conflict("order.open"), 409, "上一次付款还没结束", "last payment"),
        (lambda: Refused("of.no.sentence"), 400, "什么都没改", "nothing has changed"),
        (
            lambda: TooManyTries("sign_in.locked", retry_at=clock.now()),
            429,
            "试得太多了，今天",
            "Too many tries",
        ),
        (lambda: Unavailable("core.unavailable"), 503, "账单和用电还看得到", "can still see"),
        (lambda: Unavailable("gateway.unavailable"), 503, "付款通道暂时连不上</h1>", "not charged"),
        (lambda: OutboundError("core", None, SECRET), 503, "电费系统在维护", "Billing is under"),
        (lambda: OutboundError("wechat", 502, SECRET), 503, "钱没有扣", "not charged"),
        (
            lambda: OperationalError(SECRET, {}, Exception(SECRET)),
            503,
            "系统正在维护",
            "under maintenance",
        ),
    ],
)
def test_every_error_is_a_sentence_with_a_next_step(
    app: Flask,
    error: Callable[[], Exception],
    status: int,
    chinese: str,
    english: str,
) -> None:
    failing(app, error)
    client = app.test_client()
    for language, sentence in (("zh", chinese), ("en", english)):
        answer = client.get(f"/fails?lang={language}")
        assert answer.status_code == status
        assert sentence in answer.text
        assert 'href="/"' in answer.text
        for inner in (SECRET, "Traceback", "%(hotline)s", "of.no.sentence"):
            assert inner not in answer.text
        assert ("Retry-After" in answer.headers) == (status == 503)


def test_the_log_names_the_page_and_no_address(app: Flask) -> None:
    def view(account_no: str) -> str:
        raise RuntimeError(SECRET)

    app.add_url_rule("/fails/<account_no>", view_func=view, endpoint="health.fails")
    client = app.test_client()
    with capture_logs() as lines:
        assert client.get("/fails/420011875603").status_code == 500
        assert client.post("/accounts/420011875603/choose").status_code == 400
    told = [{name: each.get(name) for name in ("event", "page")} for each in lines]
    assert told == [
        {"event": "request_failed", "page": "health.fails"},
        {"event": "form_token_refused", "page": "accounts.choose"},
    ]
    assert all("420011875603" not in repr({**each, "exc_info": None}) for each in lines)


def test_unknown_pages_and_wrong_methods(client: FlaskClient) -> None:
    assert client.get("/no-such-page").status_code == 404
    wrong = client.delete("/sign-in")
    assert wrong.status_code in (400, 405)
    listed = client.get("/sign-out")
    assert listed.status_code == 405
    assert "POST" in listed.headers["Allow"]
    assert "这一步不能这样打开" in listed.text


def test_an_error_undoes_what_its_request_wrote(app: Flask, database: Database) -> None:
    from flask import g

    from service.people import users

    def half() -> str:
        users.rename(g.session, 1, "changed")
        g.session.flush()
        raise RuntimeError(SECRET)

    app.add_url_rule("/half", view_func=half, endpoint="health.half", methods=["POST"])
    create_user(database)
    client = app.test_client()
    sign_in(client)
    assert post(client, "/half").status_code == 500
    with database.unit_of_work() as session:
        assert users.get_user(session, 1).name is None


def test_a_page_that_is_only_asked_for_changes_nothing(app: Flask, database: Database) -> None:
    from flask import g

    from service.people import users

    def rename() -> str:
        users.rename(g.session, 1, "changed")
        return "done"

    app.add_url_rule("/rename", view_func=rename, endpoint="health.rename", methods=["GET"])
    create_user(database)
    client = app.test_client()
    sign_in(client)
    assert client.get("/rename").status_code == 500
    with database.unit_of_work() as session:
        assert users.get_user(session, 1).name is None


def test_without_its_database_the_portal_still_speaks(
    settings: PortalSettings, core: CoreThatKnows, keys: object
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    client = create_app(settings, nowhere, core).test_client()
    client.set_cookie("denghuo", "some token")
    assert client.get("/healthz").json == {"status": "ok"}
    down = client.get("/profile")
    assert (down.status_code, "系统正在维护" in down.text) == (503, True)
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json == {"database": False, "migrations": False, "keys": True}


def test_ready_when_everything_is_there(client: FlaskClient) -> None:
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (
        200,
        {"database": True, "migrations": True, "keys": True},
    )


def test_asking_whether_all_is_ready_opens_no_new_connection(
    client: FlaskClient, database: Database
) -> None:
    client.get("/readyz")
    opened: list[object] = []
    event.listen(Engine, "connect", opened_here := lambda link, _record: opened.append(link))
    try:
        assert client.get("/readyz").status_code == 200
    finally:
        event.remove(Engine, "connect", opened_here)
    assert opened == []


def test_figures_are_not_on_the_customers_address(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
