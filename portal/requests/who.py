"""Who asks for something here: the signed-in person, or this browser."""

import secrets

from flask import Blueprint, request, session

from portal.current import visitor
from portal.security import asker_address
from service.people.networks import network
from service.requests.askers import Asker

MARK = "asker"
MOST_BYTES = 64 * 1024 * 1024
"""Some photos at once from a phone; each has a limit of its own that says more."""


def asker() -> Asker:
    """The signed-in person; a stranger is the browser that holds this form cookie."""
    person = visitor()
    if person is not None:
        return Asker.of_user(person.id)
    mark: str = session.setdefault(MARK, secrets.token_urlsafe(24))
    return Asker.of_browser(mark, network(asker_address()))


def takes_photos(blueprint: Blueprint) -> Blueprint:
    """Lets a blueprint receive more than a form's few bytes; said before anything is read."""

    @blueprint.url_value_preprocessor
    def _allow(_endpoint: str | None, _values: dict[str, object] | None) -> None:
        request.max_content_length = MOST_BYTES

    return blueprint
