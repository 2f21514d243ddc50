"""A whole house with the assistant in it: portal, core, Rasa and its actions as they run."""

from collections.abc import Callable, Iterator

import pytest

from denghuo.demo.furnish import furnish
from tests.house import DAY_AND_NIGHT, House, standing_house
from tests.talking import Talker

HOME, ELDERS, SHOP, FIRM = "13800002046", "13800001932", "13800002719", "13800002960"
PANELS, AHEAD, COLD_STORE, AGENT = "13800002587", "13800002833", "13800002975", "13800009600"
"""Phones of the demo's people: a home with three accounts, an old couple, a noodle shop in
arrears, a firm with forty accounts; a home with panels on its roof, one that pays ahead, a firm
with six accounts, and somebody at the desk. Nobody may say more than twenty things a minute, so
the tests are shared among them."""

Talk = Callable[..., Talker]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The processes of the demo, the assistant among them, with one account of every sort."""
    with standing_house(**DAY_AND_NIGHT) as house:
        house.residents = furnish(house.place, lambda _text: None, small=True)
        house.start_assistant()
        yield house


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
