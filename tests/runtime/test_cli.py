"""The commands of the runtime, as an operator runs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from runtime import migrate as migrations
from runtime.cli import database, migrate
from runtime.postgres import PrivateServer, private_url

_RUN = "from runtime.cli import database; database(['run'])"


def _start(var: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _RUN],
        env=os.environ | {"DENGHUO_VAR": str(var), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.database
def test_run_keeps_the_server_up_until_it_is_stopped(
    settings_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    var, runner = tmp_path / "var", CliRunner()
    with _start(var) as process:
        assert _read(process) == "Starting the private PostgreSQL ...\n"
        ready = _read(process)
        assert ready.startswith("PostgreSQL is ready (process ")
        url = runner.invoke(database, ["url"]).output.strip()
        assert url == private_url(var)
        os.kill(int(ready.split()[4].rstrip(");")), signal.SIGKILL)
        assert _read(process) == "PostgreSQL ended unexpectedly; starting it again ...\n"
        assert _read(process).startswith("PostgreSQL is ready (process ")
        psycopg.connect(url).close()
        assert runner.invoke(database, ["status"]).exit_code == 0
        refused = _start(var)
        assert "already belongs to process" in refused.communicate()[0]
        assert refused.returncode == 1
        process.send_signal(signal.SIGTERM)
        assert _read(process) == "PostgreSQL has stopped.\n"
    assert process.returncode == 0
    stopped = runner.invoke(database, ["status"])
    assert (stopped.exit_code, "is stopped" in stopped.output) == (3, True)
    assert runner.invoke(database, ["remove"], input="n\n").exit_code == 1
    assert runner.invoke(database, ["remove", "--yes"]).exit_code == 0
    assert not (var / "postgres").exists()


def test_without_a_server_every_command_is_one_sentence(settings_env: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    assert runner.invoke(database, ["status"]).exit_code == 3
    assert runner.invoke(database, ["remove", "--yes"]).exit_code == 0
    for command, arguments in ((database, ["url"]), (migrate, []), (migrate, ["--check"])):
        answer = runner.invoke(command, arguments)
        assert answer.exit_code == 1
        assert answer.output.startswith("Error: DATABASE_URL is not set and ")
        assert answer.output.count("\n") == 1
    settings_env.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    answer = runner.invoke(migrate)
    assert answer.output.startswith("Error: The database refused: connection failed")
    settings_env.setenv("DENGHUO_LOG_LEVEL", "loud")
    assert "DENGHUO_LOG_LEVEL" in runner.invoke(migrate).output


def test_migrate_brings_both_sides_up_and_says_so(
    settings_env: pytest.MonkeyPatch, scratch_database: Callable[[str], str]
) -> None:
    url, runner = scratch_database("migrate"), CliRunner()
    settings_env.setenv("DATABASE_URL", url)
    before = runner.invoke(migrate, ["--check"])
    assert before.exit_code == 3
    assert f"customer: at nothing, the newest is {migrations.head()}" in before.output
    assert runner.invoke(migrate).exit_code == 0
    after = runner.invoke(migrate, ["--check"])
    assert after.exit_code == 0
    names = [line.partition(":")[0] for line in after.output.splitlines()]
    assert names == list(migrations.locations())
    assert migrations.current(url) == migrations.head()


def test_remove_refuses_while_it_is_in_use(
    settings_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with PrivateServer(tmp_path / "var", durable=False) as server:
        answer = CliRunner().invoke(database, ["remove", "--yes"])
        assert (answer.exit_code, "already belongs" in answer.output) == (1, True)
        psycopg.connect(server.url).close()
    server.remove()
