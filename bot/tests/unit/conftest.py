"""A portal that answers by its description, actions run as Rasa runs them, and whole turns."""

import asyncio
import hashlib
import itertools
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from stand_in import TOKEN, Door, StandIn  # noqa: E402
from utility import Utility  # noqa: E402

TODAY = "2026-11-21"
PATIENCE = 60.0
"""Seconds, where the product waits for two: a busy machine must not fail a test."""
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def run(loop: asyncio.AbstractEventLoop) -> Run:
    """Runs a coroutine in the one loop of the session."""
    return loop.run_until_complete


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    with Door() as door:
        yield door


@pytest.fixture
def portal(door: Door, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[StandIn]:
    """The portal of this test; it is signed in for, and knows what its description shows."""
    from actions import answering, api, topic

    for module in (answering, api, topic):
        monkeypatch.setattr(module, "LIMIT", PATIENCE)
    monkeypatch.setenv("DENGHUO_ASSISTANT_API", door.url)
    monkeypatch.setenv("DENGHUO_ASSISTANT_TOKEN", TOKEN)
    api.portal.cache_clear()
    yield door.new()
    run(api.portal().close())


@pytest.fixture
def utility(portal: StandIn) -> Utility:
    """A small utility behind that portal."""
    return Utility(portal)


@pytest.fixture(scope="session", autouse=True)
def kept_vectors(pytestconfig: pytest.Config) -> None:
    """What the FAQ learns of its entries is kept between runs."""
    os.environ["DENGHUO_VAR"] = str(pytestconfig.cache.mkdir("faq"))


@pytest.fixture(scope="session")
def executor() -> Any:
    """Rasa's own executor with every action of the project."""
    from rasa_sdk.executor import ActionExecutor

    executor = ActionExecutor()
    executor.register_package("actions")
    return executor


@dataclass
class Done:
    """What an action said and what it keeps."""

    responses: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def said(self) -> list[str]:
        """Names of responses, and sentences as they are."""
        named = [each.get("response") or each.get("text") for each in self.responses]
        return [each for each in named if each]

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [each["custom"]["card"] for each in self.responses if each.get("custom")]

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for each in self.responses for button in each.get("buttons") or []]

    @property
    def slots(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}


def message(text: str, intent: str, **entities: Any) -> dict[str, Any]:
    """A message as Rasa hands it to an action."""
    return {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
        "metadata": {"message": "m1"},
        "intent_ranking": [{"name": intent, "confidence": 0.9}],
    }


@pytest.fixture
def act(portal: StandIn, executor: Any, run: Run) -> Callable[..., Done]:
    """Run an action: act("action_query_bill", message("电费", "query_bill"), slot=…)."""

    def act(
        name: str, said: dict[str, Any], events: list[dict[str, Any]] = (), **slots: Any
    ) -> Done:
        user = {
            "event": "user",
            "text": said["text"],
            "parse_data": said,
            "metadata": said["metadata"],
        }
        known = {"language": "zh", "signed_in": True, "today": TODAY, "elder": False}
        slots = known | {"hotline": "96000"} | slots
        active_loop = slots.pop("active_loop", {})
        tracker = {
            "sender_id": "ref1",
            "slots": slots,
            "latest_message": said,
            "events": [*events, user],
            "active_loop": active_loop,
            "paused": False,
            "latest_action_name": "action_listen",
        }
        call = {"next_action": name, "tracker": tracker, "domain": {}, "version": "3.6.21"}
        result = run(executor.run(call))
        return Done(result["responses"], result["events"])

    return act


TAUGHT = ("domain", "data", "components", "tests/unit/light.yml")


@pytest.fixture(scope="session")
def model(pytestconfig: pytest.Config) -> Path:
    """The whole project with a light pipeline, learnt once for its content."""
    digest = hashlib.sha256()
    for name in TAUGHT:
        place = BOT / name
        for path in sorted(place.rglob("*.*")) if place.is_dir() else [place]:
            if path.suffix in (".yml", ".py"):
                digest.update(str(path.relative_to(BOT)).encode() + path.read_bytes())
    folder = Path(pytestconfig.cache.mkdir("models"))
    model = folder / f"{digest.hexdigest()[:16]}.tar.gz"
    if not model.exists():
        _learn(folder, model)
    return model


def _learn(folder: Path, model: Path) -> None:
    for old in folder.glob("*.tar.gz"):
        old.unlink()
    draft = f"draft-{os.getpid()}"
    words = f"train --config tests/unit/light.yml --domain domain --fixed-model-name {draft}"
    done = subprocess.run(
        ["nice", sys.executable, "-m", "rasa", *words.split(), "--out", str(folder)],
        cwd=BOT,
        env=os.environ | {"RASA_CACHE_DIRECTORY": str(folder / "steps")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (folder / f"{draft}.tar.gz").replace(model)


@pytest.fixture(scope="session")
def agent(model: Path, executor: Any, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rasa with that model; its actions run in this process, by their executor."""
    import structlog
    from rasa.core.agent import Agent
    from rasa.utils.endpoints import EndpointConfig

    from channels.quick import make_quick
    from dialogues import Dialogues

    make_quick()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    class Actions(EndpointConfig):
        async def request(self, *_: Any, **given: Any) -> Any:
            return await executor.run(given["json"])

    store = Dialogues(db=str(tmp_path_factory.mktemp("dialogues") / "tracker.db"))
    actions = Actions("http://actions.invalid/webhook")
    return Agent.load(str(model), tracker_store=store, action_endpoint=actions)


@dataclass
class Talk:
    """One customer's conversation with the assistant."""

    turns: Any
    run: Run
    ref: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    signed_in: bool = True
    language: str = "zh"
    heard: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str, **given: Any) -> str:
        """Say something; what is answered, all texts in lines."""
        self.heard = self.send(self.body(text, **given))["messages"]
        return "\n".join(each["text"] for each in self.heard if each["text"])

    def body(self, text: str, **given: Any) -> dict[str, Any]:
        """A message as the portal tells it, the next of this conversation."""
        return {
            "conversation": self.ref,
            "message": str(next(self.numbers)),
            "text": text,
            "language": self.language,
            "signed_in": self.signed_in,
            "today": TODAY,
            "channel": "web",
            "elder": False,
            "payload": False,
        } | given

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body as the portal sends it."""
        import json

        from channels.said import Said

        return self.run(self.turns.answer(Said.read(json.dumps(body).encode())))

    def tap(self, title: str) -> str:
        """Tap the button with this title."""
        payloads = {each["title"]: each["payload"] for each in self.buttons}
        return self.say(payloads[title], payload=True)

    @property
    def buttons(self) -> list[dict[str, str]]:
        return self.heard[-1].get("buttons", [])

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.buttons]

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [each["card"] for each in self.heard if "card" in each]


@pytest.fixture
def talk(portal: StandIn, agent: Any, run: Run, request: pytest.FixtureRequest) -> Talk:
    """A new conversation of somebody signed in; the portal knows its description's examples."""
    from channels.turns import Turns

    return Talk(Turns(agent, PATIENCE), run, str(abs(hash(request.node.nodeid))))
