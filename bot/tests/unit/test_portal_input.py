"""The portal's way in over HTTP: who may come in, and what a bad request hears."""

import json
import socket

import httpx
import pytest
from conftest import TODAY
from sanic import Sanic

from channels.portal import PortalInput

TOKEN = "s3cret"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}
HELLO = {"conversation": "http", "message": "1", "text": "谢谢", "today": TODAY}


class NotReady:
    def is_ready(self):
        return False


@pytest.fixture(scope="module")
def server(run):
    """Rasa's server as far as the channel sees it."""
    app = Sanic("portal_input")
    app.blueprint(PortalInput(TOKEN).blueprint(None), url_prefix="/webhooks/portal")
    app.ctx.agent = NotReady()
    free = socket.create_server(("127.0.0.1", 0))  # Sanic itself takes port 0 for 8000
    server = run(app.create_server(sock=free, return_asyncio_server=True, access_log=False))
    run(server.startup())
    yield app, free.getsockname()[1]
    server.server.close()
    run(server.server.wait_closed())


@pytest.fixture
def post(server, run, portal):
    app, port = server

    def post(body, headers=KNOWN, agent=None):
        app.ctx.agent, app.ctx.turns = agent or NotReady(), None
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def ask():
            async with httpx.AsyncClient(trust_env=False) as client:
                address = f"http://127.0.0.1:{port}/webhooks/portal/webhook"
                return await client.post(address, content=content, headers=headers, timeout=60)

        return run(ask())

    return post


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}]
)
def test_without_the_token_nobody_comes_in(post, headers):
    answer = post(HELLO, headers)
    assert (answer.status_code, answer.json()) == (401, {"code": "token"})


def test_a_request_that_is_not_as_agreed_hears_which_field(post):
    answer = post(HELLO | {"language": "fr"})
    assert (answer.status_code, answer.json()) == (400, {"code": "malformed", "field": "language"})


def test_a_request_has_an_end(post):
    assert post(b" " * 16_001).status_code == 413


def test_before_rasa_has_its_model_it_says_so(post):
    assert (post(HELLO).status_code, post(HELLO).json()) == (503, {"code": "not_ready"})


def test_a_message_is_answered_in_one_answer(post, agent):
    answer = post(HELLO, agent=agent)
    assert answer.status_code == 200
    assert answer.json() == {
        "messages": [{"text": "不客气。还有别的事，直接说就行。"}],
        "language": "zh",
        "danger": False,
    }


def test_a_channel_without_a_token_does_not_start():
    with pytest.raises(ValueError, match="DENGHUO_ASSISTANT_TOKEN"):
        PortalInput.from_credentials({"token": ""})
