"""Users: found by phone, registered, named, shown pages as they like them."""

import re
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import events
from runtime.crypto import blind_index
from runtime.errors import Conflict, NotFound, Refused
from service.models import User
from service.people.events import UserRegistered
from service.people.typed import plain

PHONE_CONTEXT = "user.phone"
NAME_LENGTH = 40
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})", re.ASCII)
_LANDLINE = re.compile(
    r"(?:0|(?:\+|00)?860?)((?:10|2\d)[2-8]\d{7}|[3-9]\d\d[2-8]\d{6,7})", re.ASCII
)
"""Beijing and the codes 02x have three digits and numbers of eight; all others four, and seven or
eight. The 0 before the code is left out when dialled from abroad."""


def normal_phone(text: str) -> str:
    """The eleven digits of a mainland mobile number. Raises Refused("user.phone_malformed")."""
    found = _MOBILE.fullmatch(plain(text))
    if found is None:
        raise Refused("user.phone_malformed")
    return found[1]


def number_to_call(text: str) -> str:
    """The digits of a mobile number, or of a landline with its area code: `01088886666`.

    Raises Refused("user.number_malformed").
    """
    digits = plain(text)
    if landline := _LANDLINE.fullmatch(digits):
        return f"0{landline[1]}"
    if mobile := _MOBILE.fullmatch(digits):
        return mobile[1]
    raise Refused("user.number_malformed")


def find_by_phone(session: Session, phone: str) -> User | None:
    """The user of a normal phone number who has not been disabled."""
    return session.scalars(
        select(User).where(User.phone_index == phone_index(phone), User.disabled_at.is_(None))
    ).one_or_none()


def phone_index(phone: str) -> bytes:
    """The blind index under which a phone number is kept."""
    return blind_index(phone, PHONE_CONTEXT)


def add_user(
    session: Session,
    phone: str,
    *,
    password_hash: str | None,
    name: str | None = None,
    language: str | None = None,
) -> User:
    """A new user; `language` is the one they chose, if they did.

    Raises Conflict("user.already_registered") when the phone has one.
    """
    added = session.scalars(
        insert(User)
        .values(
            phone=phone,
            phone_index=phone_index(phone),
            name=clean_name(name),
            password_hash=password_hash,
            language=language,
            theme="system",
            elder_mode=False,
        )
        .on_conflict_do_nothing(index_elements=[User.phone_index])
        .returning(User)
    ).one_or_none()
    if added is None:
        raise Conflict("user.already_registered")
    events.publish(session, UserRegistered(added.id, phone))
    return added


def get_user(session: Session, user_id: int) -> User:
    """Raises NotFound."""
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound("user.not_found")
    return user


def names(session: Session, user_ids: Collection[int]) -> dict[int, str]:
    """What people are called, also those who have left; "" for who has never said."""
    if not user_ids:
        return {}
    found = session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {user_id: name or "" for user_id, name in found}


def rename(session: Session, user_id: int, name: str) -> None:
    """Set how the user is called; an empty name takes it away."""
    get_user(session, user_id).name = clean_name(name)


def set_display(
    session: Session,
    user_id: int,
    *,
    theme: str | None = None,
    language: str | None = None,
    elder_mode: bool | None = None,
) -> None:
    """Keep how the user likes to see pages; what is None stays as it is."""
    user = get_user(session, user_id)
    user.theme = theme or user.theme
    user.language = language or user.language
    user.elder_mode = user.elder_mode if elder_mode is None else elder_mode


def clean_name(name: str | None) -> str | None:
    """Without spaces around it and of bounded length; None when nothing is left."""
    return (name or "").strip()[:NAME_LENGTH] or None


def has_password(session: Session, user_id: int) -> bool:
    """Whether the user can sign in by password. Raises NotFound."""
    return get_user(session, user_id).password_hash is not None
