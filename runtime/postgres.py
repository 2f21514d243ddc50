"""The private PostgreSQL: started from the binaries in a wheel when no database is named.

It is for the demo, for tests and for a developer's machine. It listens on a Unix socket that
only its owner reaches, asks for a password (scram-sha-256), and lives exactly as long as the
process that started it: the kernel ends it when that process is gone, however it went.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import psycopg

from runtime.postgres_home import (
    SOCKET,
    Home,
    PostgresError,
    find_home,
    make_home,
    make_private,
    programs,
)
from runtime.secrets import ensure_secrets
from runtime.settings import SettingsError
from runtime.tether import Tether

__all__ = ["PostgresError", "PrivateServer", "is_owned", "private_url"]

ROLE = DATABASE = "denghuo"
START_SECONDS = 60
STOP_SECONDS = 30
LARGEST_LOG = 10_000_000
"""Bytes of the server's log that are kept over a start."""

_CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "120",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
_FAST = {"fsync": "off", "full_page_writes": "off"}


class PrivateServer:
    """One private server, owned by this process from `start()` to `stop()`."""

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        """`durable=False` trades safety at a power cut for speed; for tests."""
        self._var = var.resolve()
        self._durable = durable
        self._owner: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Home | None = None

    @property
    def url(self) -> str:
        """libpq's URL of the running server, its password included."""
        return private_url(self._var)

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster, None when it is not running."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    @property
    def home(self) -> Path:
        """Where data and log are."""
        return self._prepared_home().path

    def start(self) -> Self:
        """Start and wait until queries are answered. Call it from the main thread.

        Raises PostgresError, when another process owns the data folder among others.
        """
        ensure_secrets(self._var)
        home = self._prepared_home()
        self._owner = self._owner or _own(home)
        try:
            self._process = self._launch(home)
            self._await_ready(home)
        except BaseException:
            self.stop()
            raise
        return self

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code once the server ends by itself, None after `seconds` without that."""
        if self._process is None:
            return 0
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End the server in order and give the data folder free; harmless when it is stopped."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def remove(self) -> None:
        """Stop, and delete data and log for good. Raises PostgresError when another owns them."""
        self.stop()
        home = self._prepared_home()
        with _own(home), _sole_server(home):
            if home.sockets.parent != home.path:
                shutil.rmtree(home.sockets, ignore_errors=True)
            shutil.rmtree(home.path)
        link = self._var / "postgres"
        if link.is_symlink():
            link.unlink()
        self._home = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _prepared_home(self) -> Home:
        self._home = self._home or make_home(self._var)
        return self._home

    def _launch(self, home: Home) -> subprocess.Popen[bytes]:
        server = programs(home)
        with _sole_server(home) as lock:
            if not home.data.exists():
                sync = [] if self._durable else ["--no-sync"]
                _initialise(home, server, _password(self._var), lock, sync)
            for stale in (home.data / "postmaster.pid", home.sockets / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)
            make_private(home.sockets, home.user)
            _shorten(home.log)
            home.access.write_text("local all all scram-sha-256\n", encoding="ascii")
            home.access.chmod(0o644)
            settings = [f"-c{name}={value}" for name, value in self._options(home).items()]
            with home.log.open("ab") as log:
                return subprocess.Popen(  # noqa: S603 - our own binary, no shell
                    [str(server / "postgres"), "-D", str(home.data), *settings],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    **_as_child(home, lock, signal.SIGINT),
                )

    def _options(self, home: Home) -> dict[str, str]:
        options = _CONFIGURATION | ({} if self._durable else _FAST)
        options["hba_file"] = str(home.access)
        options["unix_socket_directories"] = f'"{home.sockets}"'
        return options

    def _ready(self) -> bool:
        try:
            return _answers(self.url)
        except SettingsError:
            return False

    def _await_ready(self, home: Home) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._process is None or self._process.poll() is not None:
                raise PostgresError(
                    f"The private PostgreSQL ended while starting: {_last_words(home.log)}"
                )
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"The private PostgreSQL was not ready after {START_SECONDS} seconds; "
                    f"its log is {home.log}."
                )
            time.sleep(0.02)


def private_url(var: Path) -> str:
    """libpq's URL of the private server of `var`. Raises SettingsError when it is not running."""
    home = find_home(var)
    if home is None or not (home.sockets / SOCKET).exists():
        raise SettingsError(
            f"DATABASE_URL is not set and the private PostgreSQL of {var} is not running: "
            "start it with `denghuo database run`, or set DATABASE_URL."
        )
    folder = quote(str(home.sockets), safe="/")
    return f"postgresql://{ROLE}:{quote(_password(var))}@/{DATABASE}?host={folder}"


def is_owned(var: Path) -> bool:
    """Whether some living process owns the private server of `var`."""
    home = find_home(var)
    if home is None or not (home.path / "owner.lock").exists():
        return False
    with (home.path / "owner.lock").open(encoding="ascii") as lock:
        return not _locked(lock, patience=0)


def _own(home: Home) -> IO[str]:
    """Take the data folder for this process. Raises PostgresError when another has it."""
    lock = (home.path / "owner.lock").open("a+", encoding="ascii")
    if not _locked(lock, patience=0.5):
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise PostgresError(
            f"The private PostgreSQL in {home.path} already belongs to process {owner}: "
            "stop that one first, or use another DENGHUO_VAR."
        )
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


@contextlib.contextmanager
def _sole_server(home: Home) -> Iterator[IO[str]]:
    """Wait for every process of an earlier server to be gone.

    The open lock is handed down to each process of the server, so that it is free only when
    the last of them has ended, and with it the use of the data files.
    """
    with (home.path / "server.lock").open("a", encoding="ascii") as lock:
        if not _locked(lock, patience=STOP_SECONDS):
            raise PostgresError(
                f"Processes of an earlier PostgreSQL in {home.path} do not end: "
                "stop them, then start again."
            )
        yield lock


def _locked(file: IO[str], patience: float) -> bool:
    """Take the lock within so many seconds. A look at the owner holds it for an instant."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _initialise(home: Home, server: Path, password: str, lock: IO[str], options: list[str]) -> None:
    """A data folder with our role and database, complete or not there at all."""
    draft = home.path / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    make_private(draft, home.user)
    _run(
        home,
        lock,
        [
            *(str(server / "initdb"), "-D", str(draft), "--username=postgres"),
            *("--auth=reject", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *options,
        ],
    )
    quoted = password.replace("'", "''")
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{quoted}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
    )
    single = [str(server / "postgres"), "--single", "-D", str(draft), "-cexit_on_error=on"]
    _run(home, lock, [*single, "postgres"], statements)
    draft.rename(home.data)


def _run(home: Home, lock: IO[str], command: list[str], text: str = "") -> None:
    with home.log.open("ab") as log:
        done = subprocess.run(  # noqa: S603 - our own binary, no shell
            command,
            input=text.encode(),
            stdout=log,
            stderr=log,
            check=False,
            **_as_child(home, lock, signal.SIGKILL),
        )
    if done.returncode:
        raise PostgresError(f"The private PostgreSQL could not be set up: {_last_words(home.log)}")


def _as_child(home: Home, lock: IO[str], signal_at_death: signal.Signals) -> dict[str, Any]:
    """How a process of the server is started: tied to us, with the lock, as its own user."""
    options: dict[str, Any] = {
        "cwd": "/",
        "env": {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        "pass_fds": (lock.fileno(),),
        "process_group": 0,
        "preexec_fn": Tether(signal_at_death),
    }
    if home.user is not None:
        options |= {"user": home.user.pw_uid, "group": home.user.pw_gid, "extra_groups": []}
    return options


def _password(var: Path) -> str:
    path = var / "secrets" / "denghuo_database_password"
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"The password of the private PostgreSQL cannot be read from {path}: "
            "start it with `denghuo database run`, or set DATABASE_URL."
        ) from error


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise PostgresError(
                "The password in the folder of secrets is not the one that the private "
                "PostgreSQL was made with: put the secrets back, or remove its data."
            ) from error
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, and harder means for a server that does not follow."""
    for means, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is None:
            process.send_signal(means)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


def _shorten(log: Path) -> None:
    """Begin the log anew when it has grown large."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        os.truncate(log, 0)


def _last_words(log: Path) -> str:
    """What the end of the server's log says about the reason."""
    lines = [line.strip() for line in _tail(log).splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|LOG: .*(invalid|could not)", line)]
    return " ".join((telling or lines or ["it said nothing"])[-2:])


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        return file.read().decode("utf-8", "replace")
