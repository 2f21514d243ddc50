"""Reminders in one's own browsers, out of the neighbour's reach."""

from hashlib import sha256

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from notifications.channels.push_models import PushSubscription
from notifications.channels.subscribing import Subscription
from portal.current import SIGN_IN_COOKIE
from runtime.database import Database
from service.models import SignInSession, User
from tests.notifications.channels.browsers import browser
from tests.portal.conftest import PASSWORD, PHONE, create_user, post, sign_in
from tests.sandbox.server import SandboxServer

ASKED, PAGE = "/profile/push", "/part"
NEIGHBOUR = "13800002047"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture
def mine(reminding: Flask, database: Database) -> FlaskClient:
    """Signed in to a portal that offers reminders."""
    create_user(database)
    client = reminding.test_client()
    sign_in(client)
    return client


@pytest.fixture
def theirs(reminding: Flask, database: Database) -> FlaskClient:
    """The neighbour, signed in."""
    create_user(database, NEIGHBOUR)
    client = reminding.test_client()
    sign_in(client, NEIGHBOUR)
    return client


def ask(client: FlaskClient, subscription: Subscription) -> tuple[int, str]:
    """The status, and what the page says of a browser that it will not take."""
    fields = {
        "endpoint": subscription.endpoint,
        "p256dh": subscription.keys.p256dh,
        "auth": subscription.keys.auth,
    }
    client.environ_base["HTTP_USER_AGENT"] = AGENT
    answer = post(client, ASKED, **fields)
    said = "提醒服务我们不认识" in answer.get_data(as_text=True)
    return answer.status_code, "unknown" if said else ""


def kept(database: Database) -> list[tuple[str, bool]]:
    with database.unit_of_work() as session:
        rows = session.execute(
            select(User.phone, PushSubscription.ended_at.is_(None))
            .join(PushSubscription, PushSubscription.user_id == User.id)
            .order_by(PushSubscription.id)
        )
        return [(row[0], row[1]) for row in rows]


def test_a_browser_is_reminded_from_now_on(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    here = browser(sandbox)
    assert ask(mine, here) == (303, "")
    assert kept(database) == [("13800002046", True)]
    page = mine.get(PAGE).get_data(as_text=True)
    assert f'data-digest="{sha256(here.endpoint.encode()).hexdigest()}"' in page
    assert "Chrome · Linux" in page
    assert here.endpoint not in page
    assert here.keys.auth not in page


def test_it_is_turned_off_again(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    ask(mine, browser(sandbox))
    assert post(mine, f"{ASKED}/1/end").status_code == 303
    assert kept(database) == [("13800002046", False)]
    assert "data-digest" not in mine.get(PAGE).get_data(as_text=True)
    assert post(mine, f"{ASKED}/1/end").status_code == 404


def test_the_neighbour_sees_and_ends_nothing_of_mine(
    mine: FlaskClient, theirs: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    here = browser(sandbox)
    ask(mine, here)
    assert "data-digest" not in theirs.get(PAGE).get_data(as_text=True)
    assert post(theirs, f"{ASKED}/1/end").status_code == 404
    other = browser(sandbox)
    assert ask(theirs, Subscription(here.endpoint, other.keys)) == (400, "unknown")
    assert kept(database) == [("13800002046", True)]


def test_who_signs_out_is_reminded_there_no_longer(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    ask(mine, browser(sandbox))
    cookie = mine.get_cookie("push")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    post(mine, "/sign-out")
    assert kept(database) == [(PHONE, False)]


def test_a_sign_out_elsewhere_leaves_this_browser_alone(
    mine: FlaskClient, reminding: Flask, database: Database, sandbox: SandboxServer
) -> None:
    ask(mine, browser(sandbox))
    other = reminding.test_client()
    sign_in(other)
    post(other, "/sign-out")
    assert kept(database) == [(PHONE, True)]


def test_who_comes_back_to_a_browser_is_still_reminded_and_another_ends_it(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    create_user(database, NEIGHBOUR)
    ask(mine, browser(sandbox))
    mine.delete_cookie(SIGN_IN_COOKIE)
    sign_in(mine)
    assert kept(database) == [(PHONE, True)]
    mine.delete_cookie(SIGN_IN_COOKIE)
    sign_in(mine, NEIGHBOUR)
    assert kept(database) == [(PHONE, False)]


def test_one_of_the_utilitys_own_ends_it_with_the_first_step(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    colleague = create_user(database, NEIGHBOUR)
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == colleague.id).values(staff_role="agent"))
    ask(mine, browser(sandbox))
    mine.delete_cookie(SIGN_IN_COOKIE)
    sign_in(mine, NEIGHBOUR)
    assert kept(database) == [(PHONE, False)]


@pytest.mark.parametrize("deed", ["one", "others", "password"])
def test_who_signs_a_lost_device_out_is_reminded_in_this_one_alone(
    mine: FlaskClient, reminding: Flask, database: Database, sandbox: SandboxServer, deed: str
) -> None:
    lost = reminding.test_client()
    sign_in(lost)
    ask(lost, browser(sandbox))
    ask(mine, browser(sandbox))
    with database.unit_of_work() as session:
        number = session.scalar(select(func.max(SignInSession.id)))
    if deed == "one":
        post(mine, f"/profile/devices/{number}/sign-out")
    elif deed == "others":
        post(mine, "/profile/devices/sign-out-others")
    else:
        post(mine, "/profile/password", current=PASSWORD, new="another lamp")
    assert kept(database) == [(PHONE, False), (PHONE, True)]
    assert "其他设备上的提醒也关了" in mine.get("/profile").get_data(as_text=True)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8300/x", "https://thief.example/x", "javascript:alert(1)", ""]
)
def test_an_address_that_is_no_push_service_is_refused(
    mine: FlaskClient, database: Database, sandbox: SandboxServer, endpoint: str
) -> None:
    assert ask(mine, Subscription(endpoint, browser(sandbox).keys)) == (400, "unknown")
    assert kept(database) == []


def test_without_the_forms_token_nothing_is_kept(
    mine: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    here = browser(sandbox)
    fields = {"endpoint": here.endpoint, "p256dh": here.keys.p256dh, "auth": here.keys.auth}
    assert mine.post(ASKED, data=fields).status_code == 400
    assert kept(database) == []


def test_strangers_are_sent_to_the_door(reminding: Flask) -> None:
    answer = post(reminding.test_client(), ASKED)
    assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/sign-in")


def test_without_a_key_nothing_is_offered(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert post(client, ASKED).status_code == 404
    assert post(client, f"{ASKED}/1/end").status_code == 404


def test_the_worker_is_everybodys_and_for_the_whole_site(reminding: Flask) -> None:
    answer = reminding.test_client().get("/push/worker.js")
    assert answer.status_code == 200
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.mimetype == "text/javascript"
    script = answer.get_data(as_text=True)
    assert "fetch" not in script
    assert "caches" not in script
