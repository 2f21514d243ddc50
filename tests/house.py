"""A whole house for a test: its own folder, free ports, the processes of the Procfile."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from denghuo.demo.furnish import command
from denghuo.demo.people import Resident
from denghuo.house import (
    ROOT,
    Place,
    await_answer,
    free_ports,
    log_file,
    processes,
    start_database,
)
from runtime.secrets import ensure_secrets

DATABASE = "exec denghuo database run"
MODELS = ROOT / "var" / "assistant" / "models"
TEACHING_SECONDS = 3600.0
DAY_AND_NIGHT = {"DENGHUO_DESK_OPENS": "00:00", "DENGHUO_DESK_CLOSES": "00:00"}
"""Somebody sits at the desk at whatever hour the tests run."""


class House:
    """Processes that can be started, killed and started again, each by its name."""

    def __init__(self, var: Path, **told: str) -> None:
        """`told` are further variables of the environment, such as DENGHUO_JOB_RESCUE_SECONDS."""
        ports = free_ports(8)
        self.place = Place(var, *ports)
        models = {"DENGHUO_ASSISTANT_MODELS": str(MODELS)}
        self.environment = self.place.environment() | models | told
        self.environment.pop("DATABASE_URL", None)
        self.lines = {"database": DATABASE, **processes()}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.residents: list[Resident] = []

    def start(self, *names: str) -> None:
        """Start processes by name; all of them without one."""
        for name in names or self.lines:
            with log_file(self.place, name).open("ab") as log:
                self.running[name] = subprocess.Popen(
                    self.lines[name],
                    shell=True,
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def prepare(self) -> None:
        """Secrets, database and tables, before anything else is started."""
        ensure_secrets(self.place.var)
        self.running["database"] = start_database(self.place)
        self.command("sandbox", "keys", "--dir", str(self.place.var / "secrets"))
        self.command("migrate")

    def command(self, *words: str) -> None:
        """Run one `denghuo` command of this house."""
        command(self.place, *words)

    def await_ready(self) -> None:
        """Wait until every process that answers does so."""
        await_answer(f"{self.place.core}/healthz")
        await_answer(f"{self.place.sandbox}/healthz")
        await_answer(f"{self.place.portal}/readyz")
        await_answer(f"http://127.0.0.1:{self.place.worker_port}/healthz")

    def start_assistant(self) -> None:
        """Start Rasa and its actions where they do not run, and wait until both answer.

        The model is the one in the folder of this checkout's own, taught first if need be.
        """
        for name in ("assistant", "actions"):
            if name not in self.running:
                self.start(name)
        await_answer(f"{self.place.assistant}/healthz", TEACHING_SECONDS)
        await_answer(f"{self.place.actions}/healthz", TEACHING_SECONDS)

    def kill(self, name: str) -> None:
        """`kill -9` a process with everything it started."""
        process = self.running.pop(name)
        _signal(process, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything in order; what does not follow is killed."""
        for name in ("web", "assistant", "actions", "worker", "sandbox", "core", "database"):
            if process := self.running.get(name):
                _signal(process, signal.SIGTERM)
                _await_end(process)
        self.running.clear()

    def log(self, name: str) -> Path:
        """The log of a process."""
        return self.place.var / "log" / f"{name}.log"


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


@contextmanager
def standing_house(**told: str) -> Iterator[House]:
    """A house with its tables made and its processes up, removed at the end."""
    var = Path(tempfile.mkdtemp(prefix="denghuo-house-"))
    house = House(var, **told)
    try:
        house.prepare()
        house.start("core", "sandbox", "worker", "web")
        house.await_ready()
        yield house
    finally:
        house.stop()
        subprocess.run(
            ["denghuo", "database", "remove", "--yes"], env=house.environment, check=False
        )
        shutil.rmtree(var, ignore_errors=True)
