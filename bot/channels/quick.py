"""Two things that Rasa works out anew in every turn, worked out once.

They took half of a turn: Rasa proves the schema of an action's answer before it holds the answer
against it, and it looks through all classes of events for each event it reads.
"""

from functools import lru_cache
from typing import Any

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event

_SCHEMA = RemoteAction.action_response_format_spec()
_ANSWER = validator_for(_SCHEMA)(_SCHEMA)


def make_quick() -> None:
    """From now on; a second call changes nothing."""
    if RemoteAction._validate_action_result is not _validated:
        RemoteAction._validate_action_result = _validated
        Event.resolve_by_type = staticmethod(lru_cache(Event.resolve_by_type))


def _validated(action: RemoteAction, result: dict[str, Any]) -> bool:
    """Raises `jsonschema.ValidationError`, as Rasa's own check does."""
    _ANSWER.validate(result)
    return True
