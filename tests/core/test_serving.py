"""`denghuo core serve`: one process that says where it answers, and ends when it is told to."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runtime import secrets
from runtime.database import Database

COMMAND = [".venv/bin/denghuo", "core", "serve"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path, database_url: str, database: Database) -> dict[str, str]:
    """What an operator sets: a folder with secrets, the database, and any free port."""
    secrets.ensure_secrets(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENGHUO_")}
    return kept | {
        "DENGHUO_VAR": str(tmp_path),
        "DATABASE_URL": database_url,
        "DENGHUO_CORE_PORT": "0",
    }


@pytest.fixture
def process(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


def test_it_answers_with_the_token_of_the_secrets_and_stops(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    address = address_of(process)
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
    token = (tmp_path / "secrets" / "denghuo_core_token").read_text()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{address}/v1/changes", headers=headers).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DENGHUO_CORE_PORT", "http", "DENGHUO_CORE_PORT (Port on which the core answers; 0 takes"),
        ("DENGHUO_CORE_TOKEN", "short", "DENGHUO_CORE_TOKEN (Token with which the customer side "),
        ("DENGHUO_CORE_HOST", "192.0.2.1", "cannot listen on 192.0.2.1:0"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    environment: dict[str, str], name: str, value: str, sentence: str
) -> None:
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environment | {name: value}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_tables_is_named(environment: dict[str, str], scratch_database) -> None:  # type: ignore[no-untyped-def]
    url = scratch_database("empty")
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "run `denghuo migrate` first" in done.stderr
