"""`denghuo assistant`: the Rasa project in `bot/`, taught once and run in its own environment.

What is learnt depends on the files in `TAUGHT` alone, so a model is named by their hash and kept:
a second start, and a start after a change of the actions, teaches nothing.
"""

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import click

from denghuo.house import ROOT
from denghuo.settings import AssistantSettings, ModelSettings
from runtime.settings import SettingsError, load
from runtime.tether import Tether

BOT = ROOT / "bot"
PYTHON = BOT / ".venv" / "bin" / "python"
TAUGHT = ("config.yml", "requirements.txt", "components", "data", "domain")
"""The files and folders in `bot/` that decide what a model knows."""

Papers = TypeVar("Papers", bound=ModelSettings)


@click.group()
def assistant() -> None:
    """Teach and run the assistant."""


@assistant.command()
def prepare() -> None:
    """Install and teach what is missing, and print where the model is."""
    click.echo(_model(_load(ModelSettings)))


@assistant.command()
def serve() -> None:
    """Run Rasa; what is missing is installed and taught first."""
    settings = _load(AssistantSettings)
    with _not_needed_in_a_demo(settings):
        model = _model(settings)
    _become(settings, "assistant", str(model))


@assistant.command()
def actions() -> None:
    """Run the actions that Rasa asks; what is missing is installed first."""
    settings = _load(AssistantSettings)
    with _not_needed_in_a_demo(settings):
        _install()
    _become(settings, "actions")


def _load(papers: type[Papers]) -> Papers:
    try:
        return load(papers)
    except SettingsError as problem:
        raise click.ClickException(str(problem)) from problem


@contextmanager
def _not_needed_in_a_demo(settings: AssistantSettings) -> Iterator[None]:
    """Where the assistant cannot be had the demo stands all the same: the portal answers a chat."""
    try:
        yield
    except click.ClickException as problem:
        if settings.environment != "demo":
            raise
        problem.show()
        signal.pause()
        raise


def _become(settings: AssistantSettings, *words: str) -> None:
    """Hand this process over to the assistant's own Python."""
    os.chdir(BOT)
    os.execve(PYTHON, [str(PYTHON), "-m", "serve", *words], environment(settings))  # noqa: S606


def environment(settings: AssistantSettings) -> Mapping[str, str]:
    """What the assistant's processes are told: addresses and its token, no database and no key."""
    return _surroundings(settings) | {
        "DENGHUO_ASSISTANT_HOST": settings.assistant_host,
        "DENGHUO_ASSISTANT_PORT": str(settings.assistant_port),
        "DENGHUO_ACTIONS_PORT": str(settings.actions_port),
        "DENGHUO_ASSISTANT_API": settings.assistant_api,
        "DENGHUO_ASSISTANT_TOKEN": settings.assistant_token.get_secret_value(),
        "DENGHUO_HOTLINE": settings.hotline,
    }


def _surroundings(settings: ModelSettings) -> dict[str, str]:
    """Its folders; of this process's own environment no more than a program needs to run at all."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "DENGHUO_VAR": str(settings.var.resolve()),
        "DENGHUO_ASSISTANT_MODELS": str(settings.models),
    }


def _install() -> None:
    """The assistant's environment, made where it is missing; who comes second waits."""
    with _alone(BOT):
        words = ["nice", "make", "-s", "bot/.venv/done.stamp"]
        _run(words, "The assistant's environment could not be made; see above.", cwd=ROOT)


def _model(settings: ModelSettings) -> Path:
    """The model of the project as it stands; taught when there is none yet."""
    _install()
    settings.models.mkdir(mode=0o700, parents=True, exist_ok=True)
    model = settings.models / f"{fingerprint(BOT)}.tar.gz"
    with _alone(settings.models):
        if not model.exists():
            _teach(settings, model)
    return model


def _teach(settings: ModelSettings, model: Path) -> None:
    """Rasa's own training, into a folder of its own, so that a half-written model is never seen."""
    told = _surroundings(settings) | {"RASA_CACHE_DIRECTORY": str(settings.models / "cache")}
    with TemporaryDirectory(dir=settings.models) as draft:
        words = ["--domain", "domain", "--out", draft, "--fixed-model-name", "model"]
        rasa = ["nice", str(PYTHON), "-m", "rasa", "train", *words]
        _run(rasa, "The assistant could not be taught; see above.", cwd=BOT, env=told)
        reading = ["nice", str(PYTHON), "-m", "serve", "read"]
        _run(reading, "The assistant could not read its FAQ; see above.", cwd=BOT, env=told)
        (Path(draft) / "model.tar.gz").replace(model)


def _run(
    words: list[str], complaint: str, *, cwd: Path, env: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, or to ours; what it says goes to where complaints go."""
    tied = Tether(signal.SIGTERM)
    done = subprocess.run(words, cwd=cwd, env=env, stdout=sys.stderr, preexec_fn=tied)  # noqa: S603
    if done.returncode:
        raise click.ClickException(complaint)


def fingerprint(project: Path) -> str:
    """A name for what a model of this project would know: the hash of all that it learns from."""
    digest = hashlib.sha256()
    for path in sorted(_learnt_from(project)):
        digest.update(f"{path.relative_to(project)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _learnt_from(project: Path) -> Iterator[Path]:
    for name in TAUGHT:
        place = project / name
        found = place.rglob("*") if place.is_dir() else [place]
        yield from (each for each in found if each.suffix in (".yml", ".txt", ".py"))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time, by a lock on the folder that ends with whoever holds it."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
