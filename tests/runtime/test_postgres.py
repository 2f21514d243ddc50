"""The private PostgreSQL outlives every kill but its owner's, and serves nobody else."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime import postgres
from runtime.postgres import PrivateServer, is_owned, private_url
from runtime.postgres_home import LONGEST_SOCKET, SOCKET, PostgresError, find_home
from runtime.settings import SettingsError
from tests.waiting import eventually, is_alive, signal_process

pytestmark = pytest.mark.database
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root hands the server to another user")


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data folder for all tests that leave it sound."""
    var = tmp_path_factory.mktemp("postgres") / "var"
    yield var
    PrivateServer(var).remove()


@pytest.fixture
def server(var: Path) -> Iterator[PrivateServer]:
    server = PrivateServer(var, durable=False)
    with server:
        _forget_all(server.url)
    yield server
    server.stop()


def _forget_all(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")


def _remember(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def _kept(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM kept ORDER BY 1")]


def _start_elsewhere(var: Path) -> tuple["subprocess.Popen[str]", int]:
    """A server owned by another process; returns that process and the postmaster's id."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom runtime.postgres import PrivateServer\n"
        "print(PrivateServer(Path(sys.argv[1]), durable=False).start().pid, flush=True)\n"
        "time.sleep(600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(var)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def _kill(owner: "subprocess.Popen[str]") -> None:
    owner.kill()
    owner.communicate()


def test_it_answers_keeps_its_data_and_asks_for_the_password(
    server: PrivateServer, var: Path
) -> None:
    with server:
        _remember(server.url, 1)
        wrong = server.url.replace("denghuo:", "denghuo:x", 1)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url.replace("denghuo:", "postgres:", 1))
        with psycopg.connect(server.url) as connection:
            shown = connection.execute(
                "SELECT rolsuper, current_setting('listen_addresses') "
                "FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        assert shown == (False, "")
    assert server.pid is None
    with pytest.raises(SettingsError, match="denghuo database run"):
        private_url(var)
    with server:
        assert _kept(server.url) == [1]


def test_a_second_owner_is_refused_in_a_sentence(server: PrivateServer, var: Path) -> None:
    with server:
        with pytest.raises(PostgresError, match=f"already belongs to process {os.getpid()}: stop"):
            PrivateServer(var).start()
        with pytest.raises(PostgresError, match="already belongs"):
            PrivateServer(var).remove()
        assert is_owned(var)
        _remember(server.url, 1)
    assert not is_owned(var)


def test_it_ends_with_an_owner_that_was_killed(server: PrivateServer, var: Path) -> None:
    owner, postmaster = _start_elsewhere(var)
    _remember(private_url(var), 1)
    _kill(owner)
    with server:
        assert not is_alive(postmaster)
        assert _kept(server.url) == [1]


def test_it_recovers_when_it_was_killed_itself(server: PrivateServer) -> None:
    with server:
        _remember(server.url, 1)
        assert server.wait(0.01) is None
        signal_process(server.pid or 0, signal.SIGKILL)
        assert server.wait(30) == -signal.SIGKILL
        server.start()
        assert _kept(server.url) == [1]


def test_it_recovers_when_everything_was_killed(server: PrivateServer, var: Path) -> None:
    owner, postmaster = _start_elsewhere(var)
    _remember(private_url(var), 1)
    signal_process(postmaster, signal.SIGSTOP)
    _kill(owner)
    signal_process(postmaster, signal.SIGKILL)
    with server:
        assert _kept(server.url) == [1]


def test_a_stale_pid_file_is_harmless(server: PrivateServer) -> None:
    with server:
        data = server.home / "data"
        held = (data / "postmaster.pid").read_text().splitlines()
    living = subprocess.Popen(["sleep", "600"], user=data.stat().st_uid)
    (data / "postmaster.pid").write_text("\n".join([str(living.pid), *held[1:], ""]))
    with server:
        _remember(server.url, 1)
    living.kill()
    living.wait()


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path) -> None:
    server = PrivateServer(tmp_path / "var", durable=False)
    (server.home / "data.new").mkdir()
    (server.home / "data.new" / "PG_VERSION").write_text("18\n")
    with server:
        _remember(server.url, 1)
        assert not (server.home / "data.new").exists()
    server.remove()


def test_a_server_that_cannot_start_says_why(server: PrivateServer, var: Path) -> None:
    configuration = server.home / "data" / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text("shared_buffers = many\n")
    with pytest.raises(PostgresError, match=r"ended while starting: .*shared_buffers"):
        server.start()
    assert not is_owned(var)
    configuration.write_text(sound)


def test_lost_secrets_are_named(server: PrivateServer, var: Path) -> None:
    password = var / "secrets" / "denghuo_database_password"
    right = password.read_text()
    password.write_text("another")
    with pytest.raises(PostgresError, match="put the secrets back"):
        server.start()
    password.write_text(right)


def test_a_large_log_is_begun_anew(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LARGEST_LOG", 10)
    with server:
        assert "starting PostgreSQL" in (server.home / "postgres.log").read_text()
    assert (server.home / "postgres.log").read_text().count("starting PostgreSQL") == 1


@as_root
def test_root_in_a_closed_folder(tmp_path: Path) -> None:
    """A fresh clone is often closed to others: the server works, and the folder stays closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folders = [closed, *closed.parents]
    before = [folder.stat() for folder in folders]
    with PrivateServer(closed / "var") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        _remember(server.url, 1)
        user = os.stat(f"/proc/{server.pid}").st_uid
        assert user not in (0, closed.stat().st_uid)
        assert (server.home / "data").stat().st_uid == user
        assert {oct((server.home / name).stat().st_mode & 0o777) for name in ("data", "run")} == {
            "0o700"
        }
        assert (closed / "var" / "postgres").is_symlink()
        rights = [(found.st_mode, found.st_uid, found.st_gid) for found in before]
        assert [(f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in folders] == rights
        home = server.home
    server.remove()
    assert not home.exists()
    assert not (closed / "var" / "postgres").is_symlink()


@as_root
def test_root_starts_anew_where_the_data_are_gone(tmp_path: Path) -> None:
    with PrivateServer(tmp_path / "var", durable=False) as server:
        first = server.home
    shutil.rmtree(first)
    with PrivateServer(tmp_path / "var", durable=False) as server:
        _remember(server.url, 1)
        assert server.home != first
    server.remove()


@as_root
def test_root_does_not_take_what_a_plain_user_made(tmp_path: Path) -> None:
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    with pytest.raises(PostgresError, match="was made by a plain user"):
        PrivateServer(tmp_path / "var").start()


@as_root
def test_a_plain_user_keeps_it_in_var_with_a_short_socket() -> None:
    """Run in a fork that became `nobody`: the path is longer than a socket may be."""
    folder = Path(tempfile.mkdtemp(prefix="denghuo-plain-"))
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        os.write(writing, _as_plain_user(folder / ("long" * 30) / "var").encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as report:
        assert report.read() == "fine"
    os.waitpid(child, 0)
    shutil.rmtree(folder)


def _as_plain_user(var: Path) -> str:
    try:
        with PrivateServer(var) as server:
            _remember(server.url, 1)
            home = find_home(var)
            assert home is not None
            assert server.home == var / "postgres" == home.path
            assert len(os.fsencode(home.sockets / SOCKET)) <= LONGEST_SOCKET
            assert home.sockets.stat().st_mode & 0o777 == 0o700
        server.remove()
        assert not home.sockets.exists()
    except BaseException:  # noqa: BLE001 - reported to the parent
        return traceback.format_exc()
    return "fine"


def test_it_does_not_use_a_socket_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path)
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        postgres.make_private(tmp_path / "run", None)


def test_nothing_is_left_running(server: PrivateServer, var: Path) -> None:
    owner, postmaster = _start_elsewhere(var)
    children = _children(postmaster)
    assert children
    _kill(owner)
    eventually(lambda: not any(is_alive(pid) for pid in [postmaster, *children]))


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
