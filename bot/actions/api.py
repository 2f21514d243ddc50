"""The portal's assistant API: the only thing the assistant knows of a customer."""

import asyncio
import os
from functools import cache
from typing import Any

import aiohttp

LIMIT = 1.5
"""Seconds one answer of the portal may take in all."""


class Refused(Exception):  # noqa: N818 - a no is an answer
    """The portal said no: `code` for logic, `sentence` for the customer, in their language."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", "refused"))
        self.sentence = str(body.get("sentence", ""))
        self.body = body
        super().__init__(f"{status} {self.code}")


class SignInNeeded(Refused):
    """What was asked is personal, and nobody is signed in."""


class WhichAccount(Refused):
    """The customer has several accounts and named none; `accounts` are theirs."""

    @property
    def accounts(self) -> list[dict[str, Any]]:
        return list(self.body.get("accounts", []))


class Unavailable(Exception):  # noqa: N818
    """The portal did not answer in time, or not in a way we understand."""


class Portal:
    """Asks the portal on behalf of one conversation at a time; connections stay open between."""

    def __init__(self, base_url: str, token: str, limit: float = LIMIT) -> None:
        self._base_url = f"{base_url.rstrip('/')}/assistant/v1/conversations"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._limit = aiohttp.ClientTimeout(total=limit)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, ref: str, path: str, *, language: str, **params: Any) -> dict[str, Any]:
        """What the portal knows; parameters that are None are left out."""
        given = {name: str(value) for name, value in params.items() if value is not None}
        return await self._ask("GET", ref, path, language, params=given)

    async def post(
        self, ref: str, path: str, body: dict[str, Any], *, language: str
    ) -> dict[str, Any]:
        """Ask the portal to do something; fields that are None are left out."""
        given = {name: value for name, value in body.items() if value is not None}
        return await self._ask("POST", ref, path, language, json=given)

    async def close(self) -> None:
        """End the connections; the next question makes new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(
        self, method: str, ref: str, path: str, language: str, **what: Any
    ) -> dict[str, Any]:
        """Raises `Refused` or one of its kinds, or `Unavailable`."""
        url, headers = f"{self._base_url}/{ref}/{path}", {"Accept-Language": language}
        try:
            async with self._http().request(
                method, url, headers=headers, allow_redirects=False, **what
            ) as response:
                body = await response.json(content_type=None)
        except (aiohttp.ClientError, ValueError, asyncio.TimeoutError) as problem:
            raise Unavailable(f"{method} {path.split('/')[0]}") from problem
        return _answer(response.status, body)

    def _http(self) -> aiohttp.ClientSession:
        """Made by the first question, for it belongs to the loop that is running then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=self._limit)
        return self._session


def _answer(status: int, body: Any) -> dict[str, Any]:
    """A 503 with a sentence is said like any refusal: it tells what is closed and until when."""
    if status < 400 and isinstance(body, dict):
        return body
    if not isinstance(body, dict) or not body.get("sentence") or status in (401, 500):
        raise Unavailable(f"answered {status}")
    raise KINDS.get(body.get("code", ""), Refused)(status, body)


KINDS: dict[str, type[Refused]] = {"sign_in": SignInNeeded, "account.which": WhichAccount}


@cache
def portal() -> Portal:
    """The portal as this process's environment names it."""
    return Portal(os.environ["DENGHUO_ASSISTANT_API"], os.environ["DENGHUO_ASSISTANT_TOKEN"], LIMIT)
