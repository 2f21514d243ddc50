"""Short messages to a number: written down with the change that asks for them, sent by a job."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from notifications import outbox
from notifications.models import URGENT, USUAL
from notifications.templates import TEMPLATES, code_template, parameters
from runtime import clock
from runtime.errors import NotFound
from service.people.events import CodeIssued
from service.people.users import get_user

Params = dict[str, str]


def queue_code(session: Session, event: CodeIssued) -> None:
    """Write the message with a one-time code down and ask for it to be sent."""
    minutes = round((event.expires_at - clock.now()).total_seconds() / 60)
    params: Params = {"code": event.code, "minutes": str(minutes), **event.details}
    template = code_template(event.purpose, event.language)
    queue(session, event.phone, template, params, expires_at=event.expires_at, priority=URGENT)


def queue_to_user(
    session: Session, user_id: int, name: str, known: Callable[[str], Params]
) -> None:
    """Write a message to a user down in their language; nobody is there: no message.

    Of what is `known` in a language the template gets what it needs and no more. Raises KeyError
    for an unknown template, or a parameter that is not known.
    """
    try:
        user = get_user(session, user_id)
    except NotFound:
        return
    language = user.language or "zh"
    template = f"{name}_{language}"
    needed = parameters(template)
    params = {each: said for each, said in known(language).items() if each in needed}
    queue(session, user.phone, template, params)


def queue(
    session: Session,
    phone: str,
    template: str,
    params: Params,
    *,
    expires_at: datetime | None = None,
    priority: int = USUAL,
) -> None:
    """Write a message down and ask for it to be sent. Raises KeyError for an unknown template."""
    TEMPLATES[template].format(**params)  # what cannot be written is found here
    number = outbox.put(
        session, "sms", phone, template, params, expires_at=expires_at, priority=priority
    )
    outbox.ask_to_send(session, number)


def queue_once(session: Session, phone: str, template: str, params: Params, *, key: str) -> None:
    """As `queue`; the same key again writes nothing. Raises KeyError for an unknown template."""
    TEMPLATES[template].format(**params)
    number = outbox.put_once(session, "sms", phone, template, params, key=key)
    if number is not None:
        outbox.ask_to_send(session, number)
