"""`denghuo core bill-run`: one line of result, and the reasons of what was not billed."""

import os
import subprocess
from pathlib import Path

import pytest

from runtime import crypto, secrets
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import Settings
from tests.core.builders import create_home, record_use

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(
    tmp_path: Path, database_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The secrets that the command reads are those that the test seals columns with."""
    secrets.ensure_secrets(tmp_path)
    monkeypatch.setattr(crypto, "_ring", KeyRing.from_settings(Settings(var=tmp_path)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENGHUO_")}
    return kept | {"DENGHUO_VAR": str(tmp_path), "DATABASE_URL": database_url}


def bill_run(environment: dict[str, str], period: str) -> subprocess.CompletedProcess[str]:
    command = [".venv/bin/denghuo", "core", "bill-run", period]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_month_is_billed_and_summed_up(environment: dict[str, str], database: Database) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session)
        _, point, _ = create_home(session)
        record_use(session, meter, "2025-09")
    done = bill_run(environment, "2025-09")
    assert done.returncode == 0
    assert done.stdout == (
        "2025-09: 1 bills issued, 0 held for a look, 1 service points not billed.\n"
    )
    reason = "Readings are missing on 30 days, with no history to estimate them by."
    assert f"{point.service_point_no}: {reason}" in done.stderr


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("2099-12", "The month 2099-12 is not over."),
        ("September", "September is not a month such as 2026-10."),
    ],
)
def test_what_cannot_be_billed_is_said_in_a_sentence(
    environment: dict[str, str], period: str, sentence: str
) -> None:
    done = bill_run(environment, period)
    assert (done.returncode, done.stderr) == (1, f"Error: {sentence}\n")
