"""Who may speak to the core: whoever holds the token."""

import hmac
import unicodedata

from fastapi import Request
from fastapi.security import HTTPBearer

from runtime.errors import Refused

bearer = HTTPBearer(auto_error=False, description="The token of `DENGHUO_CORE_TOKEN`.")


class Unauthenticated(Refused):
    """The request carries no token, or not ours."""


async def require_token(request: Request) -> None:
    """Refuse a request without the right bearer token; the comparison takes constant time."""
    credentials = await bearer(request)
    given = credentials.credentials if credentials else ""
    expected = request.app.state.settings.core_token.get_secret_value()
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Unauthenticated("token.wrong")


def same_text(given: str, expected: str) -> bool:
    """Whether two texts are the same but for width and blanks, in constant time."""
    return hmac.compare_digest(_plain(given), _plain(expected))


def _plain(text: str) -> bytes:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().encode()
