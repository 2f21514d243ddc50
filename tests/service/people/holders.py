"""People with passkeys, and a browser that asks them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service.models import SignInSession, User
from service.people import passkeys, sessions, users
from service.people.passkey_parties import Site
from service.people.sessions import Lifetime
from tests.authenticator import Device

SITE = Site("localhost", "http://localhost:8000", "江城供电")
WEEK = Lifetime(timedelta(days=7), timedelta(days=30))
BROWSER = "mark of a browser"


def create(session: Session, phone: str = "13800002046") -> User:
    return users.add_user(session, phone, password_hash=None, name="王建华")


def proved(session: Session, user: User) -> int:
    """A signed-in browser whose person has just proved themselves; its number."""
    sessions.open_session(session, user, device="d", address="192.0.2.1", lifetime=WEEK)
    opened = session.scalars(select(SignInSession).order_by(SignInSession.id.desc())).first()
    assert opened is not None
    opened.proved_at = clock.now()
    session.flush()
    return opened.id


def added(session: Session, user: User, device: Device | None = None) -> Device:
    device, here = device or Device(), proved(session, user)
    options = passkeys.registration_options(session, SITE, user.id, here)
    passkeys.register(session, SITE, user.id, here, device.create(options), "手机")
    return device


def asked(session: Session) -> str:
    return passkeys.sign_in_options(session, SITE, BROWSER, "192.0.2.1")


def enter(session: Session, device: Device, **wrong: Any) -> User:
    answer = device.get(asked(session), **wrong)
    return passkeys.owner(session, SITE, BROWSER, answer)
