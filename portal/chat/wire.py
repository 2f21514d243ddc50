"""A call that is over in time, whatever the other side does.

httpx bounds each read, not all of them together: an answer that comes in drops would take for
ever. Here the whole call has a limit, and so has what is read of it. The calls of a process share
one loop in a thread of its own, which begins with the first of them, after the server has forked.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from threading import Lock, Thread
from typing import Any, TypeVar

import httpx

MOST_BYTES = 256 * 1024

T = TypeVar("T")


class WireError(Exception):
    """No answer: `reason` is unreachable, slow, too_large, or `status` with the number."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason if status is None else f"{reason} {status}")
        self.reason, self.status = reason, status


class Wire:
    """POSTs JSON to one other system, each call within `seconds` in all."""

    def __init__(self, base_url: str, headers: Mapping[str, str], seconds: float) -> None:
        self._base_url, self._headers, self._seconds = base_url, dict(headers), seconds
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None

    def post(self, path: str, body: bytes) -> bytes:
        """The body of a 200. Raises WireError for all else."""
        return self._run(self._post(path, body))

    def close(self) -> None:
        """End the connections and the thread."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    async def _post(self, path: str, body: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(path, body)
        except TimeoutError as error:
            raise WireError("slow") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WireError("unreachable") from error

    async def _read(self, path: str, body: bytes) -> bytes:
        async with self._http().stream("POST", path, content=body) as response:
            if response.status_code != httpx.codes.OK:
                raise WireError("status", response.status_code)
            found = bytearray()
            async for piece in response.aiter_bytes():
                found += piece
                if len(found) > MOST_BYTES:
                    raise WireError("too_large")
            return bytes(found)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._base_url,
                headers={**self._headers, "Content-Type": "application/json"},
                timeout=self._seconds,
                trust_env=False,
            )
        return self._client

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=_serve, args=(self._loop,), name="assistant", daemon=True).start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
