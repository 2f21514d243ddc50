"""A bound on the size of a request's body, kept while it is read."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.errors import HTTP_CODES, answer

LARGEST_BODY = 128 * 1024
"""Bytes of any body but a file of readings, which has a limit of its own."""

SENTENCE = f"The body is larger than {LARGEST_BODY // 1024} KB."

FILES = "/v1/readings"


class BodyLimit:
    """Answers 413 to a body that says it is too large, or turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == FILES:
            await self.app(scope, receive, send)
        elif _declared(scope) > LARGEST_BODY:
            await answer(413, HTTP_CODES[413], SENTENCE)(scope, receive, send)
        else:
            await self.app(scope, _Limited(receive), send)


def _declared(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


class _Limited:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST_BODY

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, SENTENCE)
        return message
