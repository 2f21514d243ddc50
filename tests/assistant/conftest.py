"""A whole house with the assistant in it: portal, core, Rasa and its actions as they run."""

from collections.abc import Callable, Iterator

import pytest

from denghuo.demo.furnish import furnish
from denghuo.house import ROOT, await_answer
from tests.house import House, standing_house
from tests.talking import Talker

HOME, ELDERS, SHOP, FIRM = "13800002046", "13800001932", "13800002719", "13800002960"
PANELS, AHEAD, COLD_STORE, AGENT = "13800002587", "13800002833", "13800002975", "13800009600"
"""Phones of the demo's people: a home with three accounts, an old couple, a noodle shop in
arrears, a firm with forty accounts; a home with panels on its roof, one that pays ahead, a firm
with six accounts, and somebody at the desk. Nobody may say more than twenty things a minute, so
the tests are shared among them."""

DAY_AND_NIGHT = {"DENGHUO_DESK_OPENS": "00:00", "DENGHUO_DESK_CLOSES": "00:00"}
"""Somebody sits at the desk at whatever hour the tests run."""

TEACHING_SECONDS = 3600.0

Talk = Callable[..., Talker]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The model is the one that `denghuo assistant prepare` has left in var, taught if need be."""
    models = str(ROOT / "var" / "assistant" / "models")
    with standing_house(DENGHUO_ASSISTANT_MODELS=models, **DAY_AND_NIGHT) as house:
        house.residents = furnish(house.place, lambda _text: None, small=True)
        house.start("assistant", "actions")
        wait_for_assistant(house)
        yield house


def wait_for_assistant(house: House) -> None:
    await_answer(f"{house.place.assistant}/healthz", TEACHING_SECONDS)
    await_answer(f"http://127.0.0.1:{house.place.actions_port}/healthz", TEACHING_SECONDS)


@pytest.fixture
def talk(house: House) -> Iterator[Talk]:
    """Begins a conversation: `talk(HOME)`, or `talk()` of somebody who is not signed in."""
    talkers: list[Talker] = []

    def begin(phone: str | None = None) -> Talker:
        talkers.append(talker := Talker(house, phone))
        if phone:
            talker.say("算了，不办了")  # what another test has left under way
        return talker

    yield begin
    for each in talkers:
        each.client.close()
