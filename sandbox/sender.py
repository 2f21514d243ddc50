"""The sender: calls merchants until they have heard, across restarts."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from sandbox import (
    agreements,
    alipay_agreements,
    alipay_answers,
    clock,
    notices,
    trades,
    unionpay_answers,
    wechat_agreements,
    wechat_answers,
)
from sandbox.box import Box
from sandbox.notices import Notice

LANES = 4
PATIENCE = 5.0
"""Seconds that a merchant has for an answer."""

IDLE = 1.0
"""Longest sleep between two looks at what is due."""

CALLS = {
    "wechat": wechat_answers.notice_call,
    "alipay": alipay_answers.notice_call,
    "unionpay": unionpay_answers.notice_call,
}

OF_AGREEMENTS = {
    "wechat": wechat_agreements.contract_call,
    "alipay": alipay_agreements.agreement_call,
}

log = logging.getLogger("sandbox.sender")


class Sender:
    """A thread that finds what is due, and a few lanes that call."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._wake = threading.Event()
        self._stopping = False
        self._free = threading.Semaphore(LANES)
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="sandbox-sender")
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False, follow_redirects=False)
        self._thread = threading.Thread(target=self._run, name="sandbox-sender", daemon=True)

    def start(self) -> None:
        with self._box.store.transaction() as db:
            notices.free_taken(db)
        self._thread.start()

    def wake(self) -> None:
        """Something may be due now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the calls under way; what waits is taken up at the next start."""
        self._stopping = True
        self.wake()
        self._thread.join()
        self._lanes.shutdown()
        self._client.close()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if not self._take():
                self._wake.wait(self._pause())

    def _take(self) -> bool:
        """Hand one due notice to a free lane; False when there was none."""
        self._free.acquire()
        with self._box.store.transaction() as db:
            due = notices.take_due(db, 1)
        if not due:
            self._free.release()
            return False
        self._lanes.submit(self._send, due[0])
        return True

    def _pause(self) -> float:
        with self._box.store.reading() as db:
            at = notices.next_due(db)
        return IDLE if at is None else min(IDLE, max(0.0, at - clock.now()))

    def _send(self, notice: Notice) -> None:
        try:
            self._deliver(notice)
        except Exception:
            log.exception("Notice %s could not be sent", notice.number)
        finally:
            self._free.release()
            self.wake()

    def _deliver(self, notice: Notice) -> None:
        channel, headers, body = self._call(notice)
        status, answer = self._post(notice.url, headers, body)
        heard = _heard(channel, status, answer)
        with self._box.store.transaction() as db:
            notices.record(
                db, notice, self._box.schedule, heard=heard, status=status, answer=answer[:200]
            )

    def _call(self, notice: Notice) -> tuple[str, dict[str, str], bytes]:
        """Whose call it is, its headers and its body."""
        with self._box.store.reading() as db:
            if notice.trade_id is None:
                about = agreements.by_id(db, notice.agreement_id or 0)
                return about.channel, *OF_AGREEMENTS[about.channel](self._box, notice, about)
            trade = trades.by_id(db, notice.trade_id)
            refund = trades.refund_by_id(db, notice.refund_id) if notice.refund_id else None
        return trade.channel, *CALLS[trade.channel](self._box, notice, trade, refund)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str]:
        try:
            response = self._client.post(url, headers=headers, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, f"{type(error).__name__}: {error}"
        return response.status_code, response.text


def _heard(channel: str, status: int | None, answer: str) -> bool:
    """WeChat Pay and UnionPay want 2xx; Alipay wants the word `success` and nothing else."""
    if status is None or not 200 <= status < 300:
        return False
    return channel != "alipay" or answer.strip() == "success"
