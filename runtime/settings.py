"""Settings: from the environment, from files of secrets, or from a default; checked at start.

A setting `payment_timeout` is read from `DENGHUO_PAYMENT_TIMEOUT`, else from the file
`<var>/secrets/denghuo_payment_timeout`, else from its default. Every room has a subclass of
`Settings` of its own, and `docs/settings.md` lists them all.
"""

import os
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError
from pydantic_settings.sources import SecretsSettingsSource

PREFIX = "DENGHUO_"
DEFAULT_VAR = Path("var")


class SettingsError(Exception):
    """A setting is missing or malformed. The message is one sentence for the operator."""


class Settings(BaseSettings):
    """What every process may be told. Rooms add their own by a subclass."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    var: Path = Field(DEFAULT_VAR, description="Folder for data, secrets and logs of this machine")
    database_url: str | None = Field(
        None,
        validation_alias=AliasChoices("DENGHUO_DATABASE_URL", "DATABASE_URL"),
        description="PostgreSQL of the customer side, 15 or newer; "
        "without it the private PostgreSQL in `var` is used",
        repr=False,
    )
    core_database_url: str | None = Field(
        None,
        description="PostgreSQL of the core; without it the same as `DATABASE_URL`, "
        "where the core keeps to the schema `core`",
        repr=False,
    )
    environment: Literal["demo", "test", "production"] = Field(
        "production", description="What this installation is for"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important log line that is written"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url", "core_database_url")
    @classmethod
    def _postgresql_only(cls, value: str | None) -> str | None:
        schemes = ("postgresql://", "postgres://", "postgresql+psycopg://")
        if value is not None and not value.startswith(schemes):
            raise ValueError("it must begin with postgresql://")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given = init_settings().get("var") or os.environ.get(f"{PREFIX}VAR") or DEFAULT_VAR
        folder = Path(given) / "secrets"
        if not folder.is_dir():
            return init_settings, env_settings
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)


class CryptoSettings(Settings):
    """The keys that columns are encrypted with."""

    encryption_keys: SecretStr = Field(
        description="Key ring for encrypted columns, `id:base64 of 32 bytes` parted by commas; "
        "the first encrypts, all decrypt"
    )
    blind_index_key: SecretStr = Field(
        description="Key of the blind index by which a phone or ID number is found, "
        "base64 of 32 bytes"
    )


class JobSettings(Settings):
    """How the worker runs jobs."""

    job_concurrency: int = Field(4, ge=1, le=64, description="Jobs one worker runs side by side")
    job_rescue_seconds: float = Field(
        30.0,
        ge=0.5,
        description="A worker silent for so long is taken for dead and its jobs run again",
    )
    job_keep_days: int = Field(14, ge=1, description="Days for which finished jobs are kept")
    worker_host: str = Field("127.0.0.1", description="Private address of the worker's figures")
    worker_port: int = Field(
        8002, ge=0, le=65535, description="Private port of the worker's /healthz and /metrics"
    )


S = TypeVar("S", bound=Settings)


def load(cls: type[S], **given: Any) -> S:
    """The settings of a room, checked. Values `given` win over the environment.

    Raises SettingsError with one sentence that names the variable and never its value.
    """
    try:
        return cls(**given)
    except ValidationError as error:
        sentence = _sentence(cls, error)
    except SourceError as error:
        sentence = _unreadable(cls, error)
    raise SettingsError(sentence)


def variable(cls: type[Settings], field_name: str) -> str:
    """The name of the environment variable that a field is read from."""
    alias = cls.model_fields[field_name].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[-1])
    return str(alias) if alias else f"{PREFIX}{field_name.upper()}"


def _sentence(cls: type[Settings], error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    name, field = _field(cls, str(problem["loc"][0]) if problem["loc"] else "")
    if field is None:
        return f"The settings contradict each other: {_reason(problem['msg'])}."
    meaning = f"({field.description}) " if field.description else ""
    if problem["type"] == "missing":
        return f"{name} {meaning}is missing: set it in the environment or as a file in secrets."
    if field.annotation is SecretStr:
        return f"{name} {meaning}is malformed: set it to a value of the form described."
    return f"{name} {meaning}is malformed: {_reason(problem['msg'])}."


def _unreadable(cls: type[Settings], error: SourceError) -> str:
    names = [name for name in cls.model_fields if f'"{name}"' in str(error)]
    name = variable(cls, names[0]) if names else "A setting"
    return f"{name} is malformed: it must be valid JSON of the documented form."


def _field(cls: type[Settings], location: str) -> tuple[str, FieldInfo | None]:
    for name, field in cls.model_fields.items():
        if location in (name, variable(cls, name), f"{PREFIX}{name.upper()}"):
            return variable(cls, name), field
    return location, None


def _reason(message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
