"""Passkeys (W3C Web Authentication, level 2): registered, used to sign in and to confirm.

Each ceremony begins with random bytes that are kept here (`challenges`) and ends with a
signature over them. The device must have verified its user, by finger, face or PIN: a passkey
stands in for a password and a phone.
"""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import Conflict, NotFound, Refused
from runtime.logs import get_logger
from service.models import User
from service.people import challenges, limits, proof, users
from service.people.challenges import CONFIRM, REGISTER, SIGN_IN
from service.people.models import Passkey
from service.people.networks import network
from service.people.passkey_parties import Holder, Site

MOST = 20
"""So many passkeys a person may have."""
NAME_LENGTH = 40

_log = get_logger(__name__)


def site_at(address: str, name: str) -> Site | None:
    """The site at the portal's public address; None where browsers allow no passkeys.

    They belong to a name, never to a number, and need https:// but for `localhost`.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    is_number = ":" in host or host.replace(".", "").isdigit()
    if is_number or (parts.scheme != "https" and host != "localhost"):
        return None
    return Site(host, f"{parts.scheme}://{parts.netloc}", name)


def owned(session: Session, user_id: int) -> list[Passkey]:
    """The user's passkeys, the oldest first."""
    return list(
        session.scalars(
            select(Passkey)
            .where(Passkey.user_id == user_id, Passkey.removed_at.is_(None))
            .order_by(Passkey.id)
        )
    )


def working(session: Session, user_id: int) -> list[Passkey]:
    """Those of `owned` that open anything."""
    return [each for each in owned(session, user_id) if each.suspected_at is None]


def own(session: Session, user_id: int, passkey_id: int) -> Passkey:
    """One of the user's own. Raises NotFound for anybody else's."""
    found = session.get(Passkey, passkey_id)
    if found is None or found.user_id != user_id or found.removed_at is not None:
        raise NotFound("passkey.not_found")
    return found


def rename(session: Session, user_id: int, passkey_id: int, name: str) -> None:
    """Call it differently; an empty name changes nothing. Raises NotFound."""
    passkey = own(session, user_id, passkey_id)
    passkey.name = _clean(name) or passkey.name


def remove(session: Session, user_id: int, passkey_id: int) -> None:
    """From now on it opens nothing. Raises NotFound."""
    own(session, user_id, passkey_id).removed_at = clock.now()


def registration_options(session: Session, site: Site, user_id: int, session_id: int) -> str:
    """What `navigator.credentials.create()` wants, as JSON.

    Raises Forbidden("proof.needed") without a fresh proof, and Refused("passkey.too_many").
    """
    from service.people import passkey_wire  # here and below: not every process needs its library

    proof.require_fresh(session, session_id)
    mine = owned(session, user_id)
    if len(mine) >= MOST:
        raise Refused("passkey.too_many", most=MOST)
    challenge = challenges.issue(session, REGISTER, user_id, _browser(session_id))
    return passkey_wire.creation(site, _holder(users.get_user(session, user_id)), challenge, mine)


def register(
    session: Session, site: Site, user_id: int, session_id: int, credential: str, name: str
) -> Passkey:
    """Keep a new passkey that the browser has made, under a name.

    Raises Refused("passkey.refused"), "passkey.expired", "passkey.unverified", and
    Conflict("passkey.known").
    """
    from service.people import passkey_wire

    answer = passkey_wire.created(credential)
    challenge = passkey_wire.signed_challenge(answer)
    challenges.spend(session, REGISTER, user_id, _browser(session_id), challenge)
    verified = passkey_wire.verify_created(site, answer, challenge)
    return _add(
        session,
        user_id=user_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=[way.value for way in answer.response.transports or ()],
        name=_clean(name) or site.name[:NAME_LENGTH],
    )


def sign_in_options(session: Session, site: Site, browser: str, address: str) -> str:
    """What `navigator.credentials.get()` wants from somebody not yet known, as JSON.

    `browser` is whatever ties the answer to the browser that asked. Raises TooManyTries.
    """
    limits.take(session, limits.PASSKEY_ADDRESS, network(address))
    return _question(session, site, SIGN_IN, None, browser, [])


def owner(session: Session, site: Site, browser: str, credential: str) -> User:
    """Who has signed. Raises as `_used`, and NotFound for a user who has been disabled."""
    passkey = _used(session, site, SIGN_IN, None, browser, credential)
    return users.get_user(session, passkey.user_id)


def confirmation_options(session: Session, site: Site, user_id: int, subject: str) -> str:
    """What `navigator.credentials.get()` wants for the user to confirm `subject`, as JSON.

    Raises Refused("passkey.none") when the user has none that works.
    """
    mine = working(session, user_id)
    if not mine:
        raise Refused("passkey.none")
    return _question(session, site, CONFIRM, user_id, subject, mine)


def confirm(session: Session, site: Site, user_id: int, subject: str, credential: str) -> Passkey:
    """The user's own passkey that has signed for exactly `subject`. Raises as `_used`."""
    return _used(session, site, CONFIRM, user_id, subject, credential)


def _question(
    session: Session,
    site: Site,
    purpose: str,
    user_id: int | None,
    subject: str,
    allowed: list[Passkey],
) -> str:
    """What `navigator.credentials.get()` wants, as JSON."""
    from service.people import passkey_wire

    challenge = challenges.issue(session, purpose, user_id, subject)
    return passkey_wire.request(site, challenge, allowed)


def _used(
    session: Session, site: Site, purpose: str, user_id: int | None, subject: str, credential: str
) -> Passkey:
    """The passkey that has signed.

    Raises Refused: "passkey.refused" (malformed, or not signed by it), "passkey.expired" (the
    question is old, answered already, or was another), "passkey.unknown" (not among ours, or
    not the user's), "passkey.unverified" (the device has not verified its user),
    "passkey.copied" (it counts backwards, now or earlier).
    """
    from service.people import passkey_wire

    answer = passkey_wire.asserted(credential)
    challenge = passkey_wire.signed_challenge(answer)
    challenges.spend(session, purpose, user_id, subject, challenge)
    passkey = _find(session, answer.raw_id, answer.response.user_handle, user_id)
    verified = passkey_wire.verify_asserted(site, answer, challenge, passkey.public_key)
    _count(passkey, verified.new_sign_count)
    passkey.last_used_at = clock.now()
    return passkey


def _find(
    session: Session, credential_id: bytes, named: bytes | None, user_id: int | None
) -> Passkey:
    """The passkey, locked. A device that names its user must name the right one."""
    passkey = session.scalars(
        select(Passkey)
        .where(Passkey.credential_id == credential_id, Passkey.removed_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if passkey is None or user_id not in (None, passkey.user_id):
        raise Refused("passkey.unknown")
    if named != _handle(passkey.user_id) and (named or user_id is None):
        raise Refused("passkey.refused")
    return passkey


def _count(passkey: Passkey, new: int) -> None:
    """A count that does not grow means that there are two of them (level 2, 6.1.1).

    Nobody can tell which is the true one, so neither works any more. Devices that do not count
    say 0 every time.
    """
    if (new or passkey.sign_count) and new <= passkey.sign_count:
        passkey.suspected_at = passkey.suspected_at or clock.now()
        _log.error("passkey_copied", passkey=passkey.id, user=passkey.user_id)
    if passkey.suspected_at is not None:
        raise Refused("passkey.copied")
    passkey.sign_count = new


def _add(session: Session, **values: Any) -> Passkey:
    added = session.scalars(
        insert(Passkey)
        .values(created_at=clock.now(), **values)
        .on_conflict_do_nothing(index_elements=[Passkey.credential_id])
        .returning(Passkey)
    ).one_or_none()
    if added is None:
        raise Conflict("passkey.known")
    return added


def _holder(user: User) -> Holder:
    masked = f"{user.phone[:3]}****{user.phone[-4:]}"
    return Holder(_handle(user.id), masked, user.name or masked)


def _handle(user_id: int) -> bytes:
    """The same for all passkeys of a person, and meaningless outside."""
    return blind_index(str(user_id), "passkey.user")


def _browser(session_id: int) -> str:
    return f"session {session_id}"


def _clean(name: str) -> str:
    return name.strip()[:NAME_LENGTH]
