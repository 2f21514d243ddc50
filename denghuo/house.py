"""Where a house stands: its folder, its ports, and what its processes are told.

The demo and the browser tests start the same processes from the same Procfile; only the place
differs.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from honcho.environ import parse_procfile

from runtime.tether import Tether

ROOT = Path(__file__).parent.parent


class HouseError(Exception):
    """The house cannot be started. The message is one sentence for whoever starts it."""


@dataclass(frozen=True)
class Place:
    """Folder and ports of one house; everything listens on the loopback address only."""

    var: Path
    portal_port: int = 8000
    core_port: int = 8300
    sandbox_port: int = 8400
    metrics_port: int = 8001
    worker_port: int = 8002
    assistant_port: int = 8500
    actions_port: int = 8501
    sandbox_smtp_port: int = 8425

    @property
    def portal(self) -> str:
        """The address that a customer opens: a name, because passkeys belong to names alone."""
        return f"http://localhost:{self.portal_port}"

    @property
    def core(self) -> str:
        """The address of the billing and metering core."""
        return f"http://127.0.0.1:{self.core_port}"

    @property
    def sandbox(self) -> str:
        """The address of the gateways and of the SMS box."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def assistant(self) -> str:
        """The address of Rasa."""
        return f"http://127.0.0.1:{self.assistant_port}"

    @property
    def actions(self) -> str:
        """The address of the actions that Rasa asks."""
        return f"http://127.0.0.1:{self.actions_port}"

    def environment(self) -> dict[str, str]:
        """The environment of every process of this house; what the operator has set wins."""
        programs = str(Path(sys.executable).parent)
        told = {
            "DENGHUO_VAR": str(self.var),
            "DENGHUO_ENVIRONMENT": "demo",
            "DENGHUO_PUBLIC_URL": self.portal,
            "DENGHUO_PORTAL_PORT": str(self.portal_port),
            "DENGHUO_METRICS_PORT": str(self.metrics_port),
            "DENGHUO_WORKER_PORT": str(self.worker_port),
            "DENGHUO_CORE_URL": self.core,
            "DENGHUO_CORE_PORT": str(self.core_port),
            "DENGHUO_SANDBOX_PORT": str(self.sandbox_port),
            "DENGHUO_SANDBOX_URL": self.sandbox,
            "DENGHUO_SANDBOX_SMTP_PORT": str(self.sandbox_smtp_port),
            "DENGHUO_PUSH_SANDBOX": self.sandbox,
            "DENGHUO_SMTP_HOST": "127.0.0.1",
            "DENGHUO_SMTP_PORT": str(self.sandbox_smtp_port),
            "DENGHUO_SMTP_SECURITY": "plain",
            "DENGHUO_MAIL_UNSUBSCRIBE": "unsubscribe@denghuo.example",
            "DENGHUO_WECHATPAY_GATEWAY": self.sandbox,
            "DENGHUO_ALIPAY_GATEWAY": f"{self.sandbox}/gateway.do",
            "DENGHUO_UNIONPAY_GATEWAY": self.sandbox,
            "DENGHUO_UNIONPAY_FILES": f"{self.sandbox}/unionpay/filedownload",
            "DENGHUO_ALIYUN_SMS_ENDPOINT": f"127.0.0.1:{self.sandbox_port}",
            "DENGHUO_ALIYUN_SMS_PROTOCOL": "http",
            "DENGHUO_TENCENT_SMS_ENDPOINT": f"127.0.0.1:{self.sandbox_port}",
            "DENGHUO_TENCENT_SMS_PROTOCOL": "http",
            "DENGHUO_TENCENT_SMS_REPORT_SECONDS": "5",
            "DENGHUO_SMS_CALLBACK": f"http://127.0.0.1:{self.portal_port}/notify/sms",
            "DENGHUO_WECHAT_URL": self.sandbox,
            "DENGHUO_WECHAT_OPEN_URL": self.sandbox,
            "DENGHUO_WECHAT_CALLBACK": f"http://127.0.0.1:{self.portal_port}/wechat/messages",
            "DENGHUO_VOICE_URL": self.sandbox,
            "DENGHUO_VOICE_CALLBACK": f"http://127.0.0.1:{self.portal_port}/notify/voice",
            "DENGHUO_INVOICE_URL": self.sandbox,
            "DENGHUO_ASSISTANT_URL": self.assistant,
            "DENGHUO_ASSISTANT_PORT": str(self.assistant_port),
            "DENGHUO_ACTIONS_PORT": str(self.actions_port),
            "DENGHUO_SERVICE_AREA": "30.90,112.80,31.30,113.40",
            "DENGHUO_ASSISTANT_API": f"http://127.0.0.1:{self.portal_port}",
            "PYTHONUNBUFFERED": "1",
        }
        path = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return told | dict(os.environ) | {"PATH": path, "DENGHUO_VAR": str(self.var)}

    def ports(self) -> dict[str, int]:
        """Who listens where."""
        return {
            "portal": self.portal_port,
            "metrics": self.metrics_port,
            "worker": self.worker_port,
            "core": self.core_port,
            "sandbox": self.sandbox_port,
            "assistant": self.assistant_port,
            "actions": self.actions_port,
            "sandbox_smtp": self.sandbox_smtp_port,
        }


def processes() -> dict[str, str]:
    """The processes by name, as shell commands."""
    return dict(parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes)


def log_file(place: Place, process: str) -> Path:
    """Where a process of this house writes its log, for no other user's eyes."""
    path = place.var / "log" / f"{process}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    return path


def start_database(place: Place) -> subprocess.Popen[bytes]:
    """The private PostgreSQL as a process that ends with this one; it heals itself when killed.

    Raises HouseError with its own words when it cannot be started.
    """
    path = log_file(place, "database")
    with path.open("wb") as log:
        process = subprocess.Popen(
            ["denghuo", "database", "run"],  # noqa: S607
            env=place.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=Tether(signal.SIGTERM),
        )
    _await_words(process, path, "is ready")
    return process


def _await_words(process: subprocess.Popen[bytes], log: Path, words: str) -> None:
    while words not in (said := log.read_text(encoding="utf-8", errors="replace")):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise HouseError(said.strip().rpartition("\n")[2].removeprefix("Error: "))


def require_free_ports(place: Place) -> None:
    """Raises HouseError that names the first port which somebody else already listens on."""
    for name, port in place.ports().items():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise HouseError(
                    f"Port {port} for the {name} is taken: end what listens there, "
                    f"or choose another with DENGHUO_{name.upper()}_PORT."
                )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def await_answer(url: str, seconds: float = 60) -> None:
    """Wait until `url` answers 200. Raises HouseError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not _answers(url):
        if time.monotonic() > deadline:
            raise HouseError(f"{url} did not answer within {seconds:.0f} seconds; see var/log.")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
