"""The utility's own people: who has which role, given, taken, closed and opened again.

A change holds at once: whoever is signed in with the old role is signed out. Roles over money and
over other roles are given by two people. Every change is in the trail with its reason.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals, audit
from service.approvals import Approval
from service.events import ActionApproved
from service.models import Link, SignInSession, User
from service.people import limits, passwords, sessions, users
from service.people.events import RoleChanged
from service.people.models import Passkey

ADMIN = "admin"
ROLES = ("agent", "lead", "finance", "field", "inspector", ADMIN)
BY_TWO = frozenset({"finance", "lead", ADMIN})
"""Roles that one person asks for and another approves: they open the rooms of money or of roles."""
APPROVERS = frozenset({"lead", ADMIN})
"""Whose word gives such a role."""
KIND = "staff_role"
"""The kind of approval; its subject is `user 12`."""
ROLE, TAKEN, CLOSED, PASSWORD = "staff.role", "staff.taken", "staff.closed", "staff.password"
ADDED = "staff.added"
"""Deeds in the trail."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another when they are read out."""


@dataclass(frozen=True)
class Colleague:
    """One of the utility's own people as the list shows them."""

    id: int
    name: str | None
    phone: str
    role: str
    closed_at: datetime | None
    seen_at: datetime | None
    passkeys: int


@dataclass(frozen=True)
class Given:
    """What came of giving a role: `approval` waits for a second person, None when it is done."""

    user_id: int
    approval: Approval | None = None
    password: str | None = None


def colleagues(session: Session) -> list[Colleague]:
    """All with a role, those who may come in first, then by role and by when they came."""
    seen = (
        select(func.max(SignInSession.last_seen_at))
        .where(SignInSession.user_id == User.id, SignInSession.two_steps_at.is_not(None))
        .scalar_subquery()
    )
    keys = (
        select(func.count())
        .where(Passkey.user_id == User.id, Passkey.removed_at.is_(None))
        .scalar_subquery()
    )
    found = session.execute(
        select(User.id, User.name, User.phone, User.staff_role, User.disabled_at, seen, keys).where(
            User.staff_role.is_not(None)
        )
    )
    every = [Colleague(*row) for row in found]
    return sorted(every, key=lambda one: (one.closed_at is not None, ROLES.index(one.role), one.id))


def colleague(session: Session, user_id: int) -> Colleague:
    """Raises NotFound("staff.not_found") for customers too."""
    found = next((one for one in colleagues(session) if one.id == user_id), None)
    if found is None:
        raise NotFound("staff.not_found")
    return found


def hire(session: Session, phone: str, name: str, role: str, reason: str, *, by: int) -> Given:
    """Give a role to whoever has this phone; somebody new gets a password, told once.

    Raises Refused("user.phone_malformed"), "staff.nameless", Conflict("staff.is_customer") for a
    phone with accounts of its own, Conflict("staff.known"), and what `give` raises.
    """
    phone = users.normal_phone(phone)
    _require_admin(session, by)
    user, password = _found_or_added(session, phone, name)
    if user.staff_role is not None:
        raise Conflict("staff.known")
    if user.disabled_at is not None or _has_accounts(session, user):
        raise Conflict("staff.is_customer")
    approval = _give(session, user, role, reason, by)
    if password is not None:
        _record(session, user, ADDED, reason, by)
    return Given(user.id, approval, password)


def give(session: Session, user_id: int, role: str, reason: str, *, by: int) -> Given:
    """Give another role, or the same one again to somebody who was closed out.

    Raises NotFound, Refused("staff.no_role", "trail.reason_needed"), Conflict("staff.same_role",
    "approval.asked"), Forbidden("staff.not_admin", "staff.own").
    """
    user = _other(session, user_id, by)
    if user.staff_role == role and user.disabled_at is None:
        raise Conflict("staff.same_role")
    return Given(user.id, _give(session, user, role, reason, by))


def take(session: Session, user_id: int, reason: str, *, by: int) -> None:
    """Take the role away; what stays is a customer without accounts. Raises as `give`."""
    user = _other(session, user_id, by)
    _record(session, user, TAKEN, reason, by)
    user.staff_role = None
    _announce(session, user, None)


def close(session: Session, user_id: int, reason: str, *, by: int) -> None:
    """Let nobody in by this log-in any more. Raises as `give`."""
    user = _other(session, user_id, by)
    _record(session, user, CLOSED, reason, by)
    user.disabled_at = user.disabled_at or clock.now()
    _announce(session, user, None)


def new_password(session: Session, user_id: int, reason: str, *, by: int) -> str:
    """A new password for who has forgotten theirs; it is told once. Raises as `give`."""
    user = _other(session, user_id, by)
    if user.disabled_at is not None:
        raise Conflict("staff.closed")
    _record(session, user, PASSWORD, reason, by)
    password = _password()
    user.password_hash = passwords.hash_password(password, user.phone)
    limits.forget(session, limits.SECOND_STEP, str(user.id))
    sessions.revoke_others(session, user.id, None)
    return password


def first_admin(session: Session, phone: str, name: str) -> str | None:
    """Make the first administrator of a house without one; the password of somebody new.

    Raises Conflict("staff.has_admin"), and the refusals of a phone or a name.
    """
    if _admins(session):
        raise Conflict("staff.has_admin")
    user, password = _found_or_added(session, users.normal_phone(phone), name)
    _set_role(session, user, ADMIN)
    audit.record(
        session, by=user.id, deed=ROLE, subject=subject(user.id), reason=ADMIN, about="first admin"
    )
    return password


def on_approved(session: Session, event: ActionApproved) -> None:
    """Give what two people have agreed on.

    Raises Forbidden("staff.lead_approves", "staff.own") when the second one may not, and
    Conflict("staff.changed") when the role has changed meanwhile: then it still waits.
    """
    if event.kind != KIND:
        return
    decider = users.get_user(session, event.decided_by)
    if decider.staff_role not in APPROVERS:
        raise Forbidden("staff.lead_approves")
    user = session.get(User, int(event.params["user"]), with_for_update=True)
    if user is None or user.staff_role != event.params["was"]:
        raise Conflict("staff.changed")
    if user.id == decider.id:
        raise Forbidden("staff.own")
    role, about = event.params["role"], f"approval {event.approval_id}"
    audit.record(session, by=decider.id, deed=ROLE, subject=event.subject, reason=role, about=about)
    _set_role(session, user, role)


def subject(user_id: int) -> str:
    """How the trail and approvals name a person."""
    return f"user {user_id}"


def _give(session: Session, user: User, role: str, reason: str, by: int) -> Approval | None:
    if role not in ROLES:
        raise Refused("staff.no_role")
    if not reason.strip():
        raise Refused("trail.reason_needed")
    if role in BY_TWO:
        params = {"user": user.id, "role": role, "was": user.staff_role}
        return approvals.ask(session, KIND, subject(user.id), params, reason.strip(), by=by)
    audit.record(session, by=by, deed=ROLE, subject=subject(user.id), reason=reason, about=role)
    _set_role(session, user, role)
    return None


def _set_role(session: Session, user: User, role: str) -> None:
    user.staff_role, user.disabled_at = role, None
    _announce(session, user, role)


def _announce(session: Session, user: User, role: str | None) -> None:
    """The change holds at once: in every browser, and for what the person had in hand."""
    session.flush()
    sessions.revoke_others(session, user.id, None)
    events.publish(session, RoleChanged(user.id, role))


def _other(session: Session, user_id: int, by: int) -> User:
    """The colleague, locked. Raises NotFound, Forbidden("staff.not_admin", "staff.own")."""
    _require_admin(session, by)
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.staff_role is None:
        raise NotFound("staff.not_found")
    if user.id == by:
        raise Forbidden("staff.own")
    return user


def _require_admin(session: Session, by: int) -> None:
    """Whoever changes roles is an administrator to the end, so one is always left.

    All of them are locked, so that two cannot take each other's role at the same moment.
    """
    if by not in {each.id for each in _admins(session)}:
        raise Forbidden("staff.not_admin")


def _admins(session: Session) -> list[User]:
    return list(
        session.scalars(
            select(User)
            .where(User.staff_role == ADMIN, User.disabled_at.is_(None))
            .order_by(User.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _found_or_added(session: Session, phone: str, name: str) -> tuple[User, str | None]:
    """The user of a phone, and the password of one who was not there."""
    index = users.phone_index(phone)
    known = session.scalars(
        select(User).where(User.phone_index == index).with_for_update()
    ).one_or_none()
    if known is not None:
        known.name = users.clean_name(name) or known.name
        return known, None
    if users.clean_name(name) is None:
        raise Refused("staff.nameless")
    password = _password()
    hashed = passwords.hash_password(password, phone)
    return users.add_user(session, phone, password_hash=hashed, name=name), password


def _has_accounts(session: Session, user: User) -> bool:
    live = exists().where(Link.user_id == user.id, Link.ended_at.is_(None))
    return bool(session.scalar(select(live)))


def _record(session: Session, user: User, deed: str, reason: str, by: int) -> None:
    audit.record(session, by=by, deed=deed, subject=subject(user.id), reason=reason)


def _password() -> str:
    """Twelve letters in three groups: about 59 bits, and easy to read out."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    return "-".join(groups)
