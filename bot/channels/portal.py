"""The portal's way in: one message, and all that is answered to it in one answer."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from channels.quick import make_quick
from channels.said import Malformed, Said
from channels.turns import Turns

logger = logging.getLogger(__name__)

LARGEST = 16_000
"""Bytes a request may have."""


class PortalInput(InputChannel):
    """`POST /webhooks/portal/webhook`, for whoever holds the assistant's token."""

    def __init__(self, token: str) -> None:
        if not token:
            raise ValueError("The channel of the portal needs a token (DENGHUO_ASSISTANT_TOKEN).")
        self._expected = f"Bearer {token}".encode()
        make_quick()

    @classmethod
    def name(cls) -> str:
        return "portal"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "PortalInput":
        return cls(str((credentials or {}).get("token") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """`on_new_message` is not used: one message of the portal may be two to Rasa, or none."""
        webhook = Blueprint("portal_webhook", url_prefix=self.url_prefix())

        webhook.after_server_start(warm_up)

        @webhook.post("/webhook")
        async def take(request: Request) -> HTTPResponse:  # a method cannot be a handler
            return await self.receive(request)

        return webhook

    async def receive(self, request: Request) -> HTTPResponse:
        """200 with the answers, also when something went wrong within; 4xx for a bad request."""
        if not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), self._expected
        ):
            return response.json({"code": "token"}, 401)
        if len(request.body) > LARGEST:
            return response.json({"code": "too_long"}, 413)
        try:
            said = Said.read(request.body)
        except Malformed as problem:
            return response.json({"code": "malformed", "field": problem.field}, 400)
        agent = request.app.ctx.agent
        if not agent or not agent.is_ready():
            return response.json({"code": "not_ready"}, 503)
        return response.json(await _turns(request.app, agent).answer(said))


async def warm_up(app: Any, *_: Any) -> None:
    """Read one message before anybody writes: the first one loads what all others only use."""
    if app.ctx.agent and app.ctx.agent.is_ready():
        await app.ctx.agent.processor.parse_message(UserMessage("你好"))


def _turns(app: Any, agent: Any) -> Turns:
    """One for the server's life, for it knows which conversations are being answered."""
    if getattr(app.ctx, "turns", None) is None:
        app.ctx.turns = Turns(agent)
    return app.ctx.turns
