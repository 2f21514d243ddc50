"""What Rasa is spared still holds: an action's answer is checked, and events are found by name."""

from pathlib import Path

import jsonschema
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event, SlotSet
from rasa.utils.endpoints import EndpointConfig
from ruamel.yaml import YAML

from channels.quick import make_quick

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def action():
    make_quick()
    return RemoteAction("action_greet", None)


def test_an_answer_as_it_should_be(action):
    slot = {"event": "slot", "name": "language", "value": "en", "timestamp": None}
    assert action._validate_action_result({"events": [slot], "responses": [{"text": "…"}]})


@pytest.mark.parametrize("answer", [[], {"events": 5}, {"responses": ["…"]}, {"events": [{}]}])
def test_an_answer_that_is_none_is_refused(action, answer):
    with pytest.raises(jsonschema.ValidationError):
        action._validate_action_result(answer)


def test_events_are_found_by_their_names(action):
    assert Event.resolve_by_type("slot") is SlotSet
    with pytest.raises(ValueError, match="nonsense"):
        Event.resolve_by_type("nonsense")


def test_no_rule_is_about_words():
    for path in Path(__file__).parents[2].glob("data/rules/*.yml"):
        steps = [step for rule in YAML().load(path)["rules"] for step in rule["steps"]]
        assert not [step for step in steps if "user" in step], path.name


def test_actions_are_asked_over_one_connection(run):
    make_quick()
    connections = set()

    async def answer(request):
        connections.add(request.transport.get_extra_info("peername"))
        return web.json_response({"token": request.headers["Authorization"]})

    async def ask_twice():
        app = web.Application()
        app.router.add_post("/webhook", answer)
        async with TestServer(app) as server:
            endpoint = EndpointConfig(str(server.make_url("/webhook")), headers=TOKEN)
            answers = [await endpoint.request(json={}) for _ in range(2)]
            await endpoint.kept_session.close()
        return answers

    assert run(ask_twice()) == [{"token": "Bearer secret"}] * 2
    assert len(connections) == 1
