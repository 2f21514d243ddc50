"""What keeps the providers' own libraries in bounds: no proxy, no retry, no detour, no gossip.

Both libraries speak by `requests`, take proxies from the environment and follow redirects. They
are given a session of ours instead, in the one place where each keeps its own.
"""

import logging
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.channels.base import Busy, ProviderError, Unclear

CONNECT_SECONDS = 3.0
CONNECTIONS = 64
"""As many as are kept open to one provider; the dispatcher's threads are fewer."""
TALKATIVE = ("darabonba-core", "tencentcloud_sdk_common", "urllib3.connectionpool")
"""Loggers that would write down whom a message is for, and what it says."""


class _Direct(HTTPAdapter):
    """Speaks to the host itself, whatever the environment says, and tries once."""

    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=CONNECTIONS, max_retries=0)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        return super().send(request, *args, **(options | {"proxies": None}))


def session() -> Session:
    """A session for one provider, safe to share between threads."""
    made = Session()
    made.trust_env = False
    made.max_redirects = 0
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Direct())
    return made


def silence() -> None:
    """Let the libraries' loggers say nothing; called once they are imported."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)


def unanswered(error: BaseException) -> ProviderError:
    """What a call without an answer means: it took nothing if nobody was reached."""
    return Busy("not_reached") if _is_unreached(error) else Unclear("no_answer")


def _is_unreached(error: BaseException) -> bool:
    """Whether the connection did not come about; the libraries wrap what happened."""
    for each in _causes(error):
        if isinstance(each, ConnectTimeout | SSLError | NewConnectionError):
            return True
        if isinstance(each, MaxRetryError) and isinstance(each.reason, NewConnectionError):
            return True
    return False


def _causes(error: BaseException) -> list[BaseException]:
    """An error and those that it came of, wherever a library keeps them."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "inner_exception", None)]
    return found
