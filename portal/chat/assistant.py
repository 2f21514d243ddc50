"""The assistant (Rasa) as the portal asks it: within a set time, and not while it is down."""

from collections.abc import Callable
from threading import BoundedSemaphore
from time import perf_counter
from typing import Literal, cast

import msgspec
from flask import Flask, current_app

from portal.chat import answers
from portal.chat.answers import Heard, Malformed
from portal.chat.breaker import Breaker
from portal.chat.wire import Wire, WireError
from portal.settings import PortalSettings
from runtime import metrics
from runtime.logs import get_logger

PATH = "/webhooks/portal/webhook"
KEPT_FREE = 4
"""Threads of a process that never wait for the assistant: it asks this very portal for what it is
to say, and if all of them waited for it, it would wait for them."""
TURN_SECONDS = 0.3
"""How long a message waits until fewer are being asked."""

_log = get_logger(__name__)
_seconds = metrics.histogram(
    "denghuo_assistant_seconds", "Time that the assistant took to answer a message", ["outcome"]
)


class Question(msgspec.Struct, frozen=True):
    """A customer's message with what the assistant may know beside it.

    `conversation` is the public reference; `message` makes asking again harmless. With `payload`
    the text is that of a button which was offered, not what somebody has typed. While a person
    is asked for (`held`) it warns of danger and answers nothing else.
    """

    conversation: str
    message: str
    text: str
    language: str
    signed_in: bool
    today: str
    channel: Literal["web", "wechat"]
    elder: bool
    payload: bool
    held: bool = False


class Silent(Exception):  # noqa: N818 - the chat is made for it
    """The assistant has not answered, or nothing that can be shown; `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Assistant:
    """Asks the assistant; one for each process, shared by its threads."""

    def __init__(self, settings: PortalSettings, breaker: Breaker | None = None) -> None:
        token = settings.assistant_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"}
        self._wire = Wire(settings.assistant_url, headers, settings.assistant_seconds)
        self._known = bool(token)
        self._breaker = breaker or Breaker()
        self._turns = BoundedSemaphore(max(1, settings.portal_threads - KEPT_FREE))

    def ask(self, question: Question) -> Heard:
        """What it says to a message. Raises Silent, in the set time at the latest."""
        started, outcome = perf_counter(), "answered"
        try:
            return self._asked(question)
        except Silent as silent:
            outcome = silent.reason
            _log.warning("assistant_silent", reason=outcome, message=question.message)
            raise
        finally:
            _seconds.labels(outcome).observe(perf_counter() - started)

    def close(self) -> None:
        self._wire.close()

    def _asked(self, question: Question) -> Heard:
        if not self._known:
            raise Silent("no_token")
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise Silent("busy")
        try:
            body = self._posted(question)
        finally:
            self._turns.release()
        try:
            return answers.read(body, empty=question.held)
        except Malformed as error:
            raise Silent("malformed") from error

    def _posted(self, question: Question) -> bytes:
        """Its answer. One that cannot be used came in time: it keeps nobody else from asking."""
        if not self._breaker.allows():
            raise Silent("open")
        try:
            body = self._wire.post(PATH, msgspec.json.encode(question))
        except WireError as error:
            self._breaker.failed()
            raise Silent(error.reason) from error
        self._breaker.worked()
        return body


def install(app: Flask, make: Callable[[PortalSettings], Assistant] = Assistant) -> None:
    """Give the application its assistant; no connection is made before the first question."""
    app.extensions["assistant"] = make(app.extensions["settings"])


def assistant() -> Assistant:
    """The assistant of the application that answers this request."""
    return cast(Assistant, current_app.extensions["assistant"])
