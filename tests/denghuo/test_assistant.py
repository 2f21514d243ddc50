"""When a model is taught anew, and what the assistant's processes are told."""

from pathlib import Path

import pytest

from denghuo.assistant import environment, fingerprint
from denghuo.settings import AssistantSettings
from runtime.secrets import ensure_secrets
from runtime.settings import load


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("config.yml", "requirements.txt", "data/nlu/talk.yml", "actions/talk.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_a_model_is_kept_while_what_it_learns_stays(project: Path) -> None:
    known = fingerprint(project)
    (project / "actions" / "talk.py").write_text("changed")
    (project / "data" / "nlu" / ".talk.yml.swp").write_text("an editor's draft")
    assert fingerprint(project) == known


@pytest.mark.parametrize("name", ["config.yml", "requirements.txt", "data/nlu/talk.yml"])
def test_a_model_is_taught_anew_when_that_changes(project: Path, name: str) -> None:
    known = fingerprint(project)
    (project / name).write_text("changed")
    assert fingerprint(project) != known


def test_a_file_that_moves_is_a_change(project: Path) -> None:
    known = fingerprint(project)
    (project / "data" / "nlu" / "talk.yml").rename(project / "data" / "nlu" / "other.yml")
    assert fingerprint(project) != known


def test_the_assistant_is_told_no_database_and_no_key(
    settings_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ensure_secrets(tmp_path / "var")
    settings_env.setenv("DATABASE_URL", "postgresql://somebody:word@here/all")
    settings_env.setenv("DENGHUO_SECRET_KEY", "signs cookies")
    told = environment(load(AssistantSettings, var=tmp_path / "var"))
    assert "DATABASE_URL" not in told
    secret = {name for name in told if "KEY" in name or "SECRET" in name or "TOKEN" in name}
    assert secret == {"DENGHUO_ASSISTANT_TOKEN"}
