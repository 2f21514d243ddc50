"""Starts Rasa or its actions on a private address: `python -m serve assistant MODEL`, `… actions`.

`… read` reads the FAQ in advance, so that the actions start with all its meanings known.

Rasa's own commands take the token on their command line, where every user of the machine can read
it, and open the actions to all networks, to whoever asks.
"""

import asyncio
import hmac
import logging
import os
import sys
from functools import partial
from pathlib import Path

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from forgetting import forget_daily

HOST = os.environ.get("DENGHUO_ASSISTANT_HOST", "127.0.0.1")
TOKEN = os.environ.get("DENGHUO_ASSISTANT_TOKEN", "")


def assistant(model: str) -> Sanic:
    """Rasa with the portal's channel; its own HTTP API asks for the token.

    It listens only once the model is loaded.
    """
    from rasa.core.run import configure_app, create_http_input_channels, load_agent_on_start
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.common import configure_logging_and_warnings

    configure_logging_and_warnings()
    _keep_talk_out_of_the_log()
    # Without its folder the store of dialogues would silently be memory alone.
    folder = Path(os.environ["DENGHUO_VAR"], "assistant")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    endpoints = AvailableEndpoints.read_endpoints("endpoints.yml")
    channels = create_http_input_channels(None, "credentials.yml")
    app = configure_app(channels, auth_token=TOKEN, enable_api=True, endpoints=endpoints)
    load = partial(load_agent_on_start, model, endpoints, None)
    app.register_listener(load, "before_server_start")
    app.add_task(forget_daily(folder / "tracker.db"))
    return app


def _keep_talk_out_of_the_log() -> None:
    """Rasa's other logger knows no level of its own: it would write every word that is said."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def actions() -> Sanic:
    """The actions, for Rasa alone: whoever else asks without the token is refused."""
    from rasa_sdk.endpoint import create_app

    from actions.answering import warm_up

    app = create_app("actions", cors_origins=[])
    app.register_listener(warm_up, "after_server_start")
    app.register_listener(_hang_up, "before_server_stop")
    app.register_middleware(_refuse_strangers, "request")
    return app


async def _hang_up(*_: object) -> None:
    from actions.api import portal

    await portal().close()


def _refuse_strangers(request: Request) -> HTTPResponse | None:
    given = request.headers.get("Authorization", "").encode()
    known = TOKEN and hmac.compare_digest(given, f"Bearer {TOKEN}".encode())
    return None if known or request.path == "/healthz" else json({"code": "token"}, 401)


async def _healthy(_: Request) -> HTTPResponse:
    return json({"status": "ok"})


def read() -> None:
    """Work out what the entries of the FAQ mean, once; it is kept."""
    from actions import faq

    faq.find("电费")


def main(what: str, *model: str) -> None:
    """Serve until told to stop."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    port = "DENGHUO_ASSISTANT_PORT" if what == "assistant" else "DENGHUO_ACTIONS_PORT"
    app = assistant(*model) if what == "assistant" else actions()
    app.add_route(_healthy, "/healthz")
    app.run(HOST, int(os.environ[port]), access_log=False, debug=False)


if __name__ == "__main__":
    read() if sys.argv[1:] == ["read"] else main(*sys.argv[1:])
