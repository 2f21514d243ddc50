import pytest
from click.testing import CliRunner

from runtime import secrets
from service.cli import sync
from tests.service import changes
from tests.service.core_double import TOKEN


@pytest.fixture
def run(database, database_url, core, settings_env, tmp_path):
    secrets.ensure_secrets(tmp_path / "var")
    (tmp_path / "var" / "secrets" / "denghuo_core_token").unlink()
    settings_env.setenv("DATABASE_URL", database_url)
    settings_env.setenv("DENGHUO_CORE_URL", core.url)
    settings_env.setenv("DENGHUO_CORE_TOKEN", TOKEN)

    def invoke(*arguments):
        result = CliRunner().invoke(sync, arguments)
        return result.exit_code, result.output

    return invoke


def test_run_says_what_came_and_status_how_far_it_is(run, core):
    assert run("status") == (0, "Nothing has been synced yet.\n0 changes are set aside.\n")
    core.add("account", changes.account())
    core.add("balance", changes.balance())
    core.add("balance", changes.balance("x"))
    code, output = run("run")
    assert code == 0
    assert "2 rows stored (1 account, 1 balance). 1 changes were set aside." in output
    code, output = run("status")
    assert "from feed" in output
    assert "feed 3 balance: the account it belongs to has not arrived" in output
    assert run("run") == (0, "Nothing new.\n")
    code, output = run("retry")
    assert "0 came in, 1 are still set aside." in output


def test_a_core_that_is_down_ends_the_run_with_a_sentence(run, core):
    core.broken = 99
    code, output = run("run")
    assert code == 1
    assert "Error: The core does not answer as it should" in output
    assert "Traceback" not in output


def test_a_missing_setting_is_named(run, settings_env):
    settings_env.delenv("DENGHUO_CORE_TOKEN")
    code, output = run("run")
    assert code == 1
    assert "DENGHUO_CORE_TOKEN" in output
    settings_env.setenv("DENGHUO_SYNC_SOURCE", "files")
    settings_env.setenv("DENGHUO_CORE_TOKEN", TOKEN)
    assert "DENGHUO_SYNC_FOLDER is missing" in run("run")[1]
