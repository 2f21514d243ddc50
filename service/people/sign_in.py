"""Signing up and signing in: what a person must show, and how often they may try.

The utility's own people show a second thing (`second_step`), unless they came by a passkey.
"""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from runtime.errors import Refused
from service.models import User
from service.people import codes, limits, passkeys, passwords, proof, sessions, users
from service.people.networks import network
from service.people.passkey_parties import Site
from service.people.sessions import Lifetime


@dataclass(frozen=True)
class From:
    """Where a try comes from, and how long a sign-in from there lasts."""

    address: str
    device: str
    lifetime: Lifetime
    browser: str = field(default="", repr=False)
    """What the browser was given to be known by; empty for one that keeps nothing."""


def sign_in_with_password(session: Session, phone: str, password: str, origin: From) -> str:
    """The token of a new session.

    Raises Refused("sign_in.wrong"), "sign_in.wrong_few" (left) when few tries are left, and
    TooManyTries. An unknown phone answers as a wrong password does, after the same time.
    """
    phone = users.normal_phone(phone)
    limits.require(session, limits.SIGN_IN_ADDRESS, network(origin.address))
    limits.SIGN_IN.require(session, phone, origin.address)
    user = users.find_by_phone(session, phone)
    stored = user.password_hash if user else None
    if not passwords.verify_password(stored, password) or user is None or stored is None:
        limits.count(session, limits.SIGN_IN_ADDRESS, network(origin.address))
        limits.SIGN_IN.count(session, phone, origin.address)
        left = limits.SIGN_IN.require(session, phone, origin.address)
        few = left <= proof.FEW
        raise Refused("sign_in.wrong_few", left=left) if few else Refused("sign_in.wrong")
    user.password_hash = passwords.improved_hash(stored, password) or stored
    return enter(session, user, origin, sessions.PASSWORD)


def send_sign_in_code(session: Session, phone: str, origin: From, language: str) -> None:
    """Send a code to any phone, registered or not, so that asking tells nothing."""
    phone = users.normal_phone(phone)
    codes.send_code(
        session, codes.SIGN_IN, phone, subject=phone, address=origin.address, language=language
    )


def sign_in_with_code(session: Session, phone: str, code: str, origin: From) -> str:
    """The token of a new session.

    Raises Refused("user.not_registered") only to whoever holds the phone, the refusals of
    `codes.use_code`, and TooManyTries.
    """
    phone = users.normal_phone(phone)
    proof.require_code(session, codes.SIGN_IN, phone, code, origin.address)
    user = users.find_by_phone(session, phone)
    if user is None:
        raise Refused("user.not_registered")
    return enter(session, user, origin, sessions.CODE)


def sign_in_with_passkey(
    session: Session, credential: str, site: Site, browser: str, origin: From
) -> str:
    """The token of a new session for whoever owns the passkey.

    `credential` is what the browser got from `passkeys.sign_in_options`, as JSON. Raises the
    refusals of `passkeys.owner`, and TooManyTries.
    """
    with limits.counting(session, limits.SIGN_IN_ADDRESS, network(origin.address)):
        user = passkeys.owner(session, site, browser, credential)
    return enter(session, user, origin, sessions.PASSKEY)


def send_sign_up_code(session: Session, phone: str, origin: From, language: str) -> None:
    """Send the code that proves the phone of somebody new."""
    phone = users.normal_phone(phone)
    codes.send_code(
        session, codes.SIGN_UP, phone, subject=phone, address=origin.address, language=language
    )


def sign_up(
    session: Session,
    phone: str,
    code: str,
    password: str,
    origin: From,
    *,
    name: str | None = None,
    language: str | None = None,
) -> str:
    """A new user, signed in: the token of the session. `language` is the one they chose.

    The password is looked at before the code is spent, and hashed after it: whoever has no
    code costs the server nothing. Raises the refusals of
    `passwords.hash_password` and `codes.use_code`, and Conflict("user.already_registered")
    only to whoever holds the phone.
    """
    phone = users.normal_phone(phone)
    passwords.require_strength(password, phone)
    proof.require_code(session, codes.SIGN_UP, phone, code, origin.address)
    hashed = passwords.hash_password(password, phone)
    user = users.add_user(session, phone, password_hash=hashed, name=name, language=language)
    return enter(session, user, origin, sessions.CODE)


def change_password(
    session: Session, user_id: int, current: str | None, new: str, *, keep_session: int
) -> None:
    """Set a new password and sign all other browsers out.

    Whoever has none yet needs no `current`. Raises Refused("password.wrong"),
    "password.wrong_few" (left), the refusals of `passwords.hash_password`, and TooManyTries.
    """
    user = users.get_user(session, user_id)
    if user.password_hash is not None:
        proof.require_password(session, user, current or "")
    _set_password(session, user, new, keep_session)


def send_password_code(session: Session, user_id: int, *, address: str, language: str) -> None:
    """Send a code to the user's own phone, to stand in for a forgotten password."""
    phone = users.get_user(session, user_id).phone
    codes.send_code(
        session, codes.PASSWORD, phone, subject=phone, address=address, language=language
    )


def change_password_by_code(
    session: Session, user_id: int, code: str, new: str, *, address: str, keep_session: int
) -> None:
    """Set a new password and sign all other browsers out; the code replaces the old password.

    The new password is looked at before the code is spent. Raises the refusals of
    `passwords.hash_password` and `codes.use_code`, and TooManyTries.
    """
    user = users.get_user(session, user_id)
    passwords.require_strength(new, user.phone)
    proof.require_code(session, codes.PASSWORD, user.phone, code, address)
    _set_password(session, user, new, keep_session)


def _set_password(session: Session, user: User, new: str, keep_session: int) -> None:
    user.password_hash = passwords.hash_password(new, user.phone)
    limits.forget(session, limits.PASSWORD_CHANGE, str(user.id))
    sessions.revoke_others(session, user.id, keep_session)


def enter(session: Session, user: User, origin: From, *shown: str) -> str:
    """The token of a new session for whoever has shown these things, in order."""
    limits.SIGN_IN.forget_here(session, user.phone, origin.address)
    return sessions.open_session(
        session,
        user,
        device=origin.device,
        browser=origin.browser,
        address=origin.address,
        lifetime=origin.lifetime,
        shown=shown,
    )
