"""Settings are checked at start, and a mistake is one sentence."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr, model_validator

from runtime.secrets import ensure_secrets
from runtime.settings import CryptoSettings, Settings, SettingsError, load, variable


class RoomSettings(Settings):
    door: int = Field(description="Number of the door")
    lamp_token: SecretStr = Field(SecretStr(""), description="Token of the lamp")
    keys: list[int] = Field(default=[], description="Keys")
    low: int = Field(0, description="Lowest")
    high: int = Field(9, description="Highest")

    @model_validator(mode="after")
    def _in_order(self) -> "RoomSettings":
        if self.low > self.high:
            raise ValueError("DENGHUO_LOW is above DENGHUO_HIGH")
        return self


def test_defaults(settings_env: pytest.MonkeyPatch) -> None:
    settings_env.delenv("DENGHUO_VAR")
    settings_env.delenv("DENGHUO_ENVIRONMENT")
    settings = load(Settings)
    assert settings.var == Path("var")
    assert (settings.database_url, settings.core_database_url) == (None, None)
    assert (settings.environment, settings.log_level) == ("production", "INFO")


def test_the_environment_wins_over_files_and_files_over_defaults(
    settings_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = ensure_secrets(tmp_path / "var")
    (folder / "denghuo_door").write_text("7\n")
    assert load(RoomSettings).door == 7
    settings_env.setenv("DENGHUO_DOOR", "8")
    assert load(RoomSettings).door == 8
    assert load(RoomSettings, door=9).door == 9


def test_secrets_are_read_from_the_folder_that_was_given(
    settings_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ensure_secrets(tmp_path / "elsewhere")
    assert load(CryptoSettings, var=tmp_path / "elsewhere").encryption_keys.get_secret_value()
    with pytest.raises(SettingsError, match=r"DENGHUO_ENCRYPTION_KEYS .* is missing"):
        load(CryptoSettings)


@pytest.mark.parametrize("name", ["DATABASE_URL", "DENGHUO_DATABASE_URL"])
def test_both_names_of_the_database(name: str, settings_env: pytest.MonkeyPatch) -> None:
    settings_env.setenv(name, "postgresql://a@b/c")
    assert load(Settings).database_url == "postgresql://a@b/c"
    assert "postgresql" not in repr(load(Settings))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DENGHUO_DOOR",
            None,
            "DENGHUO_DOOR (Number of the door) is missing: set it in the "
            "environment or as a file in secrets.",
        ),
        (
            "DENGHUO_DOOR",
            "blue",
            "DENGHUO_DOOR (Number of the door) is malformed: input should be "
            "a valid integer, unable to parse string as an integer.",
        ),
        (
            "DENGHUO_KEYS",
            "[1,",
            "DENGHUO_KEYS is malformed: it must be valid JSON of the documented form.",
        ),
        (
            "DENGHUO_LOW",
            "10",
            "The settings contradict each other: DENGHUO_LOW is above DENGHUO_HIGH.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    name: str, value: str | None, sentence: str, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_DOOR", "1")
    if value is None:
        settings_env.delenv(name)
    else:
        settings_env.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load(RoomSettings)
    assert str(caught.value) == sentence
    assert caught.value.__cause__ is None


def test_an_address_that_is_no_postgresql_is_named_but_not_shown(
    settings_env: pytest.MonkeyPatch,
) -> None:
    settings_env.setenv("DATABASE_URL", "mysql://me:hunter2@host/db")
    with pytest.raises(
        SettingsError, match=r"^DATABASE_URL .* must begin with postgresql"
    ) as caught:
        load(Settings)
    assert "hunter2" not in str(caught.value)


def test_the_name_of_a_variable() -> None:
    assert variable(Settings, "database_url") == "DATABASE_URL"
    assert variable(RoomSettings, "door") == "DENGHUO_DOOR"
