"""What Rasa does anew in every turn, done once or not at all.

It proves the schema of an action's answer before it holds the answer against it, looks through all
classes of events for each event it reads, connects to the actions for each of them, and goes
through the whole dialogue once more for rules about the words of a message, of which there are
none here. All that took more than half of a turn.
"""

from functools import lru_cache
from typing import Any

import aiohttp
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.events import Event
from rasa.utils.endpoints import EndpointConfig

_SCHEMA = RemoteAction.action_response_format_spec()
_ANSWER = validator_for(_SCHEMA)(_SCHEMA)
_find_action_from_rules = RulePolicy._find_action_from_rules

IDLE_SECONDS = 2.0
"""How long a connection to the actions waits for its next call; they close theirs after five."""


def make_quick() -> None:
    """From now on; a second call changes nothing."""
    if RemoteAction._validate_action_result is not _validated:
        RemoteAction._validate_action_result = _validated
        Event.resolve_by_type = staticmethod(lru_cache(Event.resolve_by_type))
        EndpointConfig.session = _session
        RulePolicy._find_action_from_rules = _by_intent


def _validated(action: RemoteAction, result: dict[str, Any]) -> bool:
    """Raises `jsonschema.ValidationError`, as Rasa's own check does."""
    _ANSWER.validate(result)
    return True


class _Lent:
    """What is used in an `async with` and stays open after it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *_: object) -> None:
        return None


def _session(endpoint: EndpointConfig) -> _Lent:
    """The session of an endpoint, whose headers are given with each of its calls."""
    if not hasattr(endpoint, "kept_session"):
        connections = aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS)
        endpoint.kept_session = aiohttp.ClientSession(connector=connections)
    return _Lent(endpoint.kept_session)


def _by_intent(
    policy: RulePolicy, tracker: Any, domain: Any, use_text_for_last_user_input: bool
) -> Any:
    """The action that the rules name; by words none does."""
    return (
        (None, None, False)
        if use_text_for_last_user_input
        else _find_action_from_rules(policy, tracker, domain, False)
    )
