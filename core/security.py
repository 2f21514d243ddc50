"""Who may speak to the core: whoever holds the token."""

import hmac
import unicodedata

from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.errors import answer

bearer = HTTPBearer(auto_error=False, description="The token of `DENGHUO_CORE_TOKEN`.")
"""Says in the published interface what `TokenGate` demands."""

OPEN_PATHS = frozenset({"/healthz", "/openapi.json"})


class TokenGate:
    """Lets a request in when it carries the token; nothing of another one is read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allowed(scope):
            sentence = "The request needs the bearer token of this core."
            refusal = answer(401, "token.wrong", sentence, **{"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get("authorization", "").encode()
        return scope["path"] in OPEN_PATHS or hmac.compare_digest(given, self._expected)


def same_text(given: str, expected: str) -> bool:
    """Whether two texts are the same but for width, case and blanks, in constant time."""
    return hmac.compare_digest(_plain(given), _plain(expected))


def _plain(text: str) -> bytes:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().encode()
