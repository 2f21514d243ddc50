"""Calls to the world outside: bounded in time, bounded in number, and one way to fail."""

from collections.abc import Mapping
from time import perf_counter
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from runtime import metrics
from runtime.logs import get_logger

ATTEMPTS = 3
BODY_LIMIT = 65_536
"""Characters of an answer that an error keeps."""
_PASSING = frozenset({429, 502, 503, 504})

_log = get_logger(__name__)
_seconds = metrics.histogram(
    "denghuo_outbound_seconds",
    "Time that calls to other systems took",
    ["system", "method", "outcome"],
)


class OutboundError(Exception):
    """Another system could not be reached (`status` None) or refused (`status` >= 400).

    `body` is its answer for the caller to judge; it is not part of the message, so that it
    reaches neither a log nor a person by accident.
    """

    def __init__(self, name: str, status: int | None, body: str = "") -> None:
        answer = "did not answer" if status is None else f"answered {status}"
        super().__init__(f"{name} {answer}")
        self.name = name
        self.status = status
        self.body = body[:BODY_LIMIT]

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed a little later."""
        return self.status is None or self.status in _PASSING

    @property
    def refused(self) -> bool:
        """A no that stays one: the other system understood and will not, now or later."""
        return self.status is not None and self.status < 500 and not self.passing


class TooLarge(OutboundError):  # noqa: N818 - an answer, not a fault
    """The answer is larger than the caller takes, or packed so that nobody knows how large."""


class Outbound:
    """A client of one other system, safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 5.0,
        headers: Mapping[str, str] | None = None,
        name: str = "core",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._client = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(timeout),
            headers=headers,
            transport=transport,
            trust_env=False,
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET, tried up to three times. Raises OutboundError."""
        return self._call("GET", path, idempotent=True, **options)

    def get_once(self, path: str, **options: Any) -> httpx.Response:
        """GET, tried once, for a question that a person waits for. Raises OutboundError."""
        return self._call("GET", path, idempotent=False, **options)

    def post(self, path: str, *, idempotent: bool = False, **options: Any) -> httpx.Response:
        """POST, tried once unless the caller knows it to be idempotent. Raises OutboundError."""
        return self._call("POST", path, idempotent=idempotent, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        """PUT, tried up to three times. Raises OutboundError."""
        return self._call("PUT", path, idempotent=True, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        """PATCH to a named state, tried up to three times. Raises OutboundError."""
        return self._call("PATCH", path, idempotent=True, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE, tried up to three times. Raises OutboundError."""
        return self._call("DELETE", path, idempotent=True, **options)

    def save(self, path: str, file: BinaryIO, *, most: int, **options: Any) -> httpx.Headers:
        """GET, tried once, its body written to `file` as it comes; returns the answer's headers.

        Raises TooLarge when there are more than `most` bytes, OutboundError for anything but 200.
        """
        started, outcome = perf_counter(), "unreachable"
        headers = {"Accept-Encoding": "identity"} | options.pop("headers", {})
        try:
            with self._client.stream("GET", path, headers=headers, **options) as response:
                outcome = f"{response.status_code // 100}xx"
                if response.status_code != httpx.codes.OK:
                    raise self._failure("GET", path, response.status_code, "")
                self._pour(response, file, most)
                return response.headers
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure("GET", path, None, "") from error
        finally:
            _seconds.labels(self.name, "GET", outcome).observe(perf_counter() - started)

    def _pour(self, response: httpx.Response, file: BinaryIO, most: int) -> None:
        """The bytes as they are on the wire: unpacked they could be a thousand times more."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise TooLarge(self.name, response.status_code)
        left = most
        for piece in response.iter_raw():
            left -= len(piece)
            if left < 0:
                raise TooLarge(self.name, response.status_code)
            file.write(piece)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _call(self, method: str, path: str, *, idempotent: bool, **options: Any) -> httpx.Response:
        tries = Retrying(
            stop=stop_after_attempt(ATTEMPTS if idempotent else 1),
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            retry=retry_if_exception(_is_passing),
            reraise=True,
        )
        return tries(self._once, method, path, options)

    def _once(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        started, outcome = perf_counter(), "unreachable"
        try:
            response = self._client.request(method, path, **options)
            outcome = f"{response.status_code // 100}xx"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure(method, path, None, "") from error
        finally:
            _seconds.labels(self.name, method, outcome).observe(perf_counter() - started)
        if response.status_code >= 400:
            raise self._failure(method, path, response.status_code, response.text)
        return response

    def _failure(self, method: str, path: str, status: int | None, body: str) -> OutboundError:
        _log.warning(
            "outbound_call_failed",
            system=self.name,
            method=method,
            path=path.partition("?")[0],
            status=status,
        )
        return OutboundError(self.name, status, body)


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, OutboundError) and error.passing
