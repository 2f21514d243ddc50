"""What Rasa is spared still holds: an action's answer is checked, and events are found by name."""

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event, SlotSet

from channels.quick import make_quick


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
