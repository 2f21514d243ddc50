"""Where a person wants mail: an address counts once a letter that went there was answered.

Whether an address is known elsewhere is never said: whoever gives one is told the same, and to an
address that was asked for too often nothing is sent, silently.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from notifications import outbox, saying
from notifications.channels.base import Channel
from notifications.preferences import consents
from notifications.preferences.models import MAIL_ADDRESS, MailAddress
from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import Refused, TooManyTries
from service.people import limits
from service.people.limits import Limit
from service.people.mail import normal_mail

HOURS = 48
"""So long the link in the letter works."""
ASK_USER = Limit("mail.user", 5, timedelta(days=1), "mail.too_many")
ASK_ADDRESS = Limit("mail.address", 3, timedelta(days=1), "mail.too_many")
CONFIRM_ADDRESS = Limit("mail.network", 60, timedelta(minutes=15), "network.locked", exact=False)
LONGEST_TOKEN = 64


@dataclass(frozen=True)
class Mail:
    """A person's addresses: the one in use, and one that has been written to."""

    in_use: str | None = None
    asked: str | None = None
    asked_at: datetime | None = None


def ask(session: Session, user_id: int, typed: str, *, language: str, utility: str) -> bool:
    """Write to an address that a person gives; until it answers, the old one stays in use.

    False when it is the one in use: nothing is sent then. Raises Refused("mail.malformed"),
    TooManyTries.
    """
    address = normal_mail(typed)
    limits.take(session, ASK_USER, str(user_id))
    there = known(session, user_id)
    if address == there.in_use:
        forget_asked(session, user_id)
        return False
    if _may_be_written_to(session, address):
        _write_to(session, address, _keep(session, user_id, address), language, utility)
    elif address != there.asked:
        _keep(session, user_id, address)  # as if a letter had gone; one that waits stays good
    return True


def _may_be_written_to(session: Session, address: str) -> bool:
    try:
        limits.take(session, ASK_ADDRESS, address.lower())
    except TooManyTries:
        return False
    return True


def _write_to(session: Session, address: str, token: str, language: str, utility: str) -> None:
    link = saying.link(f"/mail/confirm/{token}")
    params = {"link": link, "hours": str(HOURS), "utility": utility}
    outbox.put(
        session,
        Channel.MAIL,
        address,
        f"mail_confirm_{language}",
        params,
        expires_at=clock.now() + timedelta(hours=HOURS),
    )
    outbox.ask_to_dispatch(session, Channel.MAIL)


def waits(session: Session, token: str) -> bool:
    """Whether a token can still confirm something."""
    return _waiting(session, token) is not None


def confirm(session: Session, token: str, *, words: str, language: str, network: str) -> int:
    """The letter was answered: its address is the one in use, and what was agreed to is kept.

    Returns the user's id. Raises Refused("mail.expired") for a token that is unknown, used or too
    old, TooManyTries.
    """
    with limits.counting(session, CONFIRM_ADDRESS, network):
        row = _waiting(session, token, lock=True)
        if row is None:
            raise Refused("mail.expired")
    _end(session, row.user_id, MailAddress.confirmed_at.is_not(None))
    row.confirmed_at, row.token_sha256 = clock.now(), None
    session.flush()
    consents.write(
        session,
        user_id=row.user_id,
        topic=consents.MAIL,
        channel=Channel.MAIL,
        given=True,
        words=words,
        language=language,
        how=consents.PAGE,
    )
    return row.user_id


def remove(session: Session, user_id: int, *, words: str, language: str) -> None:
    """No more mail to this person, and no letter that still could be answered."""
    was_in_use = known(session, user_id).in_use is not None
    _end(session, user_id)
    if was_in_use:
        consents.write(
            session,
            user_id=user_id,
            topic=consents.MAIL,
            channel=Channel.MAIL,
            given=False,
            words=words,
            language=language,
            how=consents.PAGE,
        )


def forget_asked(session: Session, user_id: int) -> None:
    """The address that has not answered is not meant any more."""
    _end(session, user_id, MailAddress.confirmed_at.is_(None))


def known(session: Session, user_id: int) -> Mail:
    """The addresses of a person."""
    rows = session.scalars(
        select(MailAddress).where(MailAddress.user_id == user_id, MailAddress.ended_at.is_(None))
    ).all()
    in_use = next((each.address for each in rows if each.confirmed_at), None)
    asked = next((each for each in rows if each.confirmed_at is None), None)
    return Mail(in_use, asked.address, asked.asked_at) if asked else Mail(in_use)


def _keep(session: Session, user_id: int, address: str) -> str:
    """The address in the place of one that has not answered; returns the token of its letter."""
    _end(session, user_id, MailAddress.confirmed_at.is_(None))
    token = secrets.token_urlsafe(32)
    session.add(
        MailAddress(
            user_id=user_id,
            address=address,
            address_index=blind_index(address, MAIL_ADDRESS),
            token_sha256=_digest(token),
            asked_at=clock.now(),
        )
    )
    session.flush()
    return token


def _waiting(session: Session, token: str, *, lock: bool = False) -> MailAddress | None:
    """By the digest alone: how long that takes says nothing of a token."""
    query = select(MailAddress).where(
        MailAddress.token_sha256 == _digest(token[:LONGEST_TOKEN]),
        MailAddress.ended_at.is_(None),
        MailAddress.confirmed_at.is_(None),
        MailAddress.asked_at > clock.now() - timedelta(hours=HOURS),
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _end(session: Session, user_id: int, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(MailAddress)
        .where(MailAddress.user_id == user_id, MailAddress.ended_at.is_(None), *which)
        .values(ended_at=clock.now(), token_sha256=None)
        .execution_options(synchronize_session="fetch")
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
