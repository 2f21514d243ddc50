"""The pusher: a thread for each provider of text messages, which calls until it was heard."""

import logging
import threading

import httpx

from sandbox import sms_pushes
from sandbox.box import Box
from sandbox.sms_pushes import PROVIDERS, Push

PATIENCE = 5.0
"""Seconds that a merchant has for an answer."""
IDLE = 0.2
"""Seconds between two looks at what is due; what came meanwhile goes out together."""

log = logging.getLogger("sandbox.sms")


class Pusher:
    """`registered` is the address that the merchant gave both providers, or empty."""

    def __init__(self, box: Box, registered: str) -> None:
        self._box = box
        self._registered = registered
        self._stopping = threading.Event()
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False, follow_redirects=False)
        self._threads = [
            threading.Thread(target=self._run, args=(each,), name=f"sandbox-{each}", daemon=True)
            for each in PROVIDERS
        ]

    def start(self) -> None:
        with self._box.store.transaction() as db:
            sms_pushes.free_taken(db)
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Finish the calls under way; what waits is taken up at the next start."""
        self._stopping.set()
        for each in self._threads:
            each.join()
        self._client.close()

    def _run(self, provider: str) -> None:
        while not self._stopping.is_set():
            try:
                if self._push(provider):
                    continue
            except Exception:
                log.exception("Pushes of %s could not be sent", provider)
            self._stopping.wait(IDLE)

    def _push(self, provider: str) -> bool:
        """Call with what is due; False when there was nothing, or nobody to tell."""
        store = self._box.store
        with store.reading() as db:
            address = sms_pushes.address(db, self._registered)
        if not address:
            return False
        with store.transaction() as db:
            due = sms_pushes.take_due(db, provider)
            body = sms_pushes.body(db, provider, due) if due else b""
        if due:
            self._call(f"{address}/{provider}/{self._box.papers.sms.push_secret}", due, body)
        return bool(due)

    def _call(self, url: str, due: list[Push], body: bytes) -> None:
        status, answer = self._post(url, body)
        heard = sms_pushes.is_heard(due[0].provider, status, answer)
        with self._box.store.transaction() as db:
            sms_pushes.record(
                db, due, self._box.schedule, heard=heard, status=status, answer=answer[:200]
            )

    def _post(self, url: str, body: bytes) -> tuple[int | None, str]:
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        try:
            response = self._client.post(url, headers=headers, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__
        return response.status_code, response.text
