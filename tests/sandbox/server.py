"""A sandbox in a process of its own, for tests of any room, journeys and drills.

with SandboxServer(tmp_path) as sandbox:
    ...  # settings from sandbox.secrets, addresses from sandbox.environment()
    sandbox.pay(order_no, "duplicate")
"""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

DENGHUO = str(Path(sys.executable).with_name("denghuo"))
QUICK = "0.1,0.2,0.4,0.8,1"
"""Pauses between the tries of a callback, in seconds; the last one repeats."""


class SandboxServer:
    """Papers in `folder/secrets`, memory in `folder/sandbox`; both outlive `kill` and `stop`."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        secrets: Path | None = None,
        schedule: str = QUICK,
        refund_seconds: float = 0.2,
        options: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.secrets = secrets or folder / "secrets"
        self.port = port or free_port()
        self.smtp_port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._options = ["--schedule", schedule, "--refund-seconds", str(refund_seconds)]
        self._options += options
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.base_url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    def start(self) -> Self:
        """Make the papers where they are missing, start, and return when it answers."""
        subprocess.run([DENGHUO, "sandbox", "keys", "--dir", self.secrets], check=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "sandbox.log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
        self._await_answer()
        return self

    def _command(self) -> list[str]:
        places = ["--keys", str(self.secrets), "--data", str(self.folder / "sandbox")]
        return [DENGHUO, "sandbox", "run", *self._ports(), *places, *self._options]

    def _ports(self) -> list[str]:
        return ["--port", str(self.port), "--smtp-port", str(self.smtp_port)]

    def _await_answer(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError((self.folder / "sandbox.log").read_text())
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The sandbox did not answer within {seconds:.0f} seconds.")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self._client.get("/healthz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """End it in an orderly way."""
        if self._process is not None:
            self._process.terminate()
            self._end()

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait(30)
        self._process = None

    def environment(self) -> dict[str, str]:
        """What a process of ours must be told to talk to this sandbox; secrets are files."""
        return {
            "DENGHUO_WECHATPAY_GATEWAY": self.base_url,
            "DENGHUO_ALIPAY_GATEWAY": f"{self.base_url}/gateway.do",
            "DENGHUO_UNIONPAY_GATEWAY": self.base_url,
            "DENGHUO_UNIONPAY_FILES": f"{self.base_url}/unionpay/filedownload",
            "DENGHUO_ALIYUN_SMS_ENDPOINT": f"127.0.0.1:{self.port}",
            "DENGHUO_ALIYUN_SMS_PROTOCOL": "http",
            "DENGHUO_TENCENT_SMS_ENDPOINT": f"127.0.0.1:{self.port}",
            "DENGHUO_TENCENT_SMS_PROTOCOL": "http",
            "DENGHUO_TENCENT_SMS_REPORT_SECONDS": "3",
            "DENGHUO_VOICE_URL": self.base_url,
            "DENGHUO_SMTP_HOST": "127.0.0.1",
            "DENGHUO_SMTP_PORT": str(self.smtp_port),
            "DENGHUO_SMTP_SECURITY": "plain",
            "DENGHUO_INVOICE_URL": self.base_url,
            "DENGHUO_SANDBOX_URL": self.base_url,
        }

    def paper(self, name: str) -> str:
        """The content of one paper, e.g. `wechatpay_mchid`."""
        return (self.secrets / f"denghuo_{name}").read_text(encoding="utf-8")

    def pay(self, out_trade_no: str, mode: str = "pay", **options: Any) -> dict[str, Any]:
        """Act on an order as a tester at the cashier; options: delay, channel, force."""
        asked = {"out_trade_no": out_trade_no, "mode": mode} | options
        return self._json(self._client.post("/test/pay", json=asked))

    def open(self, url: str) -> str:
        """Follow a cashier's address as a browser would; the path where it ends.

        An Alipay order exists from this moment on.
        """
        response = self._client.get(url, follow_redirects=True)
        response.raise_for_status()
        return response.url.path

    def post(self, action: str, fields: dict[str, str]) -> str:
        """Post a cashier's form as a browser would; the path where it ends.

        A UnionPay order exists from this moment on.
        """
        response = self._client.post(action, data=fields, follow_redirects=True)
        response.raise_for_status()
        return response.url.path

    def order(self, out_trade_no: str, **options: str) -> dict[str, Any]:
        """The order as the gateway keeps it."""
        return self._json(self._client.get(f"/test/orders/{out_trade_no}", params=options))

    def orders(self, state: str | None = None) -> list[dict[str, Any]]:
        """All orders, newest first; `state` is open, paid or closed."""
        params = {"state": state} if state else {}
        found: list[dict[str, Any]] = self._get("/test/orders", params)["orders"]
        return found

    def notifications(self, out_trade_no: str | None = None) -> list[dict[str, Any]]:
        """Callbacks sent, waiting and lost, newest first."""
        params = {"out_trade_no": out_trade_no} if out_trade_no else {}
        found: list[dict[str, Any]] = self._get("/test/notifications", params)["notifications"]
        return found

    def resend(self, notification_id: int) -> None:
        """Send a callback once more."""
        self._json(self._client.post(f"/test/notifications/{notification_id}/resend"))

    def outage(
        self,
        channel: str = "all",
        kind: str = "error",
        seconds: float = 3600,
        share: float = 1,
    ) -> None:
        """kind: error (500 at once), timeout (nothing is done), lost_answer (done, unanswered)."""
        asked = {"channel": channel, "kind": kind, "seconds": seconds, "share": share}
        self._json(self._client.post("/test/outage", json=asked))

    def delay(self, channel: str, milliseconds: float) -> None:
        """Right answers come so much later; 0 ends it."""
        asked = {"channel": channel, "milliseconds": milliseconds}
        self._json(self._client.post("/test/delay", json=asked))

    def heal(self) -> None:
        """End all outages, set the stamps right."""
        self._json(self._client.delete("/test/outage"))

    def refunds(self, channel: str, ending: str = "well") -> None:
        """From now on: not_enough, account_closed (refused), closed, abnormal (taken), well."""
        asked = {"channel": channel, "ending": ending}
        self._json(self._client.post("/test/refunds", json=asked))

    def set_right(self, channel: str, refund_no: str) -> None:
        """A refund that ended abnormal arrives after all, and is told."""
        asked = {"channel": channel, "refund_no": refund_no}
        self._json(self._client.post("/test/refunds", json=asked))

    def skew(self, seconds: float) -> None:
        """Stamps on answers and callbacks are off by so much."""
        self._json(self._client.post("/test/clock", json={"seconds": seconds}))

    def close_day(self) -> None:
        """Let today have statements."""
        self._json(self._client.post("/test/close-day"))

    def spoil(self, channel: str, kind: str, **options: Any) -> None:
        """Order a fault of statements; options: out_trade_no, adjusted."""
        asked = {"channel": channel, "kind": kind} | options
        self._json(self._client.post("/test/statement-fault", json=asked))

    def unspoil(self) -> None:
        """Statements are right again."""
        self._json(self._client.delete("/test/statement-fault"))

    def sms(self, phone: str | None = None) -> list[dict[str, Any]]:
        """Text messages, newest first."""
        found: list[dict[str, Any]] = self._get("/test/sms", {"phone": phone} if phone else {})[
            "messages"
        ]
        return found

    def push_to(self, url: str) -> None:
        """Reports and replies go to this address from now on."""
        self._json(self._client.post("/test/sms/callback", json={"url": url}))

    def pushes(self) -> list[dict[str, Any]]:
        """Reports and replies that were pushed or wait, newest first."""
        found: list[dict[str, Any]] = self._get("/test/sms/pushes", {})["pushes"]
        return found

    def reply(self, phone: str, text: str) -> None:
        """Somebody answers to the last message on a phone."""
        self._json(self._client.post("/test/sms/reply", json={"phone": phone, "text": text}))

    def limit_sms(self, per_minute: int) -> None:
        """Messages that a phone may get of one provider in a minute; 0 for any number."""
        self._json(self._client.post("/test/sms/limit", json={"per_minute": per_minute}))

    def approve(self, *templates: dict[str, Any]) -> None:
        """Register templates: provider, code, name, text, variables."""
        self._json(self._client.post("/test/sms/templates", json={"templates": list(templates)}))

    def mail(self, to: str | None = None) -> list[dict[str, Any]]:
        """Mail, newest first."""
        found: list[dict[str, Any]] = self._get("/test/mail", {"to": to} if to else {})["messages"]
        return found

    def reset(self) -> None:
        """Forget orders, callbacks, messages and faults."""
        self._json(self._client.post("/test/reset"))

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        return self._json(self._client.get(path, params=params))

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise SandboxError(response.status_code, response.json())
        content: dict[str, Any] = response.json()
        return content


class SandboxError(Exception):
    """A hook said no: `status` and what it said."""

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        super().__init__(f"{status}: {content.get('error')}")
        self.status = status
        self.content = content


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
