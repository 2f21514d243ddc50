"""A bound on the size of a request's body, kept while it is read."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.errors import answer

LARGEST_BODY = 128 * 1024
"""Bytes of any body but a file of readings, which has a limit of its own."""

FILES = "/v1/readings"


class _TooLarge(Exception):  # noqa: N818 - caught in this file
    """The body went on beyond the limit."""


class BodyLimit:
    """Answers 413 to a body that says it is too large, or turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == FILES:
            await self.app(scope, receive, send)
            return
        limited = _Limited(receive)
        try:
            limited.check_declared(scope)
            await self.app(scope, limited, send)
        except _TooLarge:
            sentence = f"The body is larger than {LARGEST_BODY // 1024} KB."
            await answer(413, "request.too_large", sentence)(scope, receive, send)


class _Limited:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST_BODY

    def check_declared(self, scope: Scope) -> None:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > LARGEST_BODY:
            raise _TooLarge

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge
        return message
