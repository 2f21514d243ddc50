"""Which browsers remind whom: asked for by their user, ended by them or by the push service."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.channels.base import Channel
from notifications.channels.push_models import ENDPOINT, PushSubscription
from notifications.models import Message
from notifications.recomposing import compose_anew
from notifications.settings import WebPushSettings
from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import NotFound, Refused
from runtime.jobs import database

MOST, LONGEST = 10, 1000
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)


class Keys(msgspec.Struct, frozen=True):
    """What a message for a browser is sealed with, base64url as the browser gives it."""

    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """What a browser gives to whoever may remind it (PushSubscription.toJSON)."""

    endpoint: str
    keys: Keys


@dataclass(frozen=True)
class Known:
    """A browser as its user sees it; `digest` is the SHA-256 of its address, for its script."""

    id: int
    device: str
    digest: str


def is_accepted(endpoint: str, settings: WebPushSettings) -> bool:
    """Whether this is the address of a push service that we know.

    We are going to call whatever address a customer's browser names, so the hosts are ours to
    choose: an address elsewhere would make this house knock at doors behind its own wall.
    """
    if len(endpoint) > LONGEST or not _VISIBLE.fullmatch(endpoint):
        return False
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or "\\" in endpoint:
        return False
    if settings.push_sandbox and f"{parts.scheme}://{parts.netloc}" == settings.push_sandbox:
        return True
    return parts.scheme == "https" and port in (None, 443) and _is_known(parts.hostname, settings)


def _is_known(host: str | None, settings: WebPushSettings) -> bool:
    name = host or ""
    return any(
        name.endswith(known[1:]) and len(name) >= len(known) if known[:2] == "*." else name == known
        for known in settings.push_hosts.split()
    )


def subscribe(
    session: Session, settings: WebPushSettings, user_id: int, asked: Subscription, device: str
) -> int:
    """Remind this user in this browser from now on; its number.

    A browser that somebody else used before becomes this user's, if it brings the same secret:
    then it is the same browser. Raises Refused.
    """
    _require_sound(asked, settings)
    index = _index(asked.endpoint)
    there = session.scalar(
        select(PushSubscription).where(PushSubscription.endpoint_index == index).with_for_update()
    )
    if there is not None and there.user_id != user_id and there.auth != asked.keys.auth:
        raise Refused("push.unknown_service")
    unsubscribe_browser(session, digest_of(asked.endpoint), but=user_id)
    _require_room(session, user_id, index)
    values = {
        "user_id": user_id,
        "p256dh": asked.keys.p256dh,
        "auth": asked.keys.auth,
        "device": device[:200],
        "ended_at": None,
    }
    written = insert(PushSubscription).values(
        endpoint=asked.endpoint, endpoint_index=index, **values
    )
    renewed = written.on_conflict_do_update(index_elements=["endpoint_index"], set_=values)
    return session.execute(renewed.returning(PushSubscription.id)).scalar_one()


def _require_sound(asked: Subscription, settings: WebPushSettings) -> None:
    if not is_accepted(asked.endpoint, settings):
        raise Refused("push.unknown_service")
    try:
        point = _decoded(asked.keys.p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        secret = _decoded(asked.keys.auth)
    except (ValueError, binascii.Error) as error:
        raise Refused("push.malformed") from error
    if len(point) != 65 or len(secret) != 16:
        raise Refused("push.malformed")


def _decoded(text: str) -> bytes:
    if len(text) > 96:
        raise ValueError("too long")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _require_room(session: Session, user_id: int, index: bytes) -> None:
    others = session.scalar(
        select(func.count()).where(*_of(user_id), PushSubscription.endpoint_index != index)
    )
    if (others or 0) >= MOST:
        raise Refused("push.too_many", most=MOST)


def unsubscribe(session: Session, user_id: int, number: int) -> None:
    """End one of a user's own. Raises NotFound."""
    if not _end(session, PushSubscription.id == number, *_of(user_id)):
        raise NotFound("push.not_found")


def unsubscribe_all(session: Session, user_id: int, *, but: str = "") -> bool:
    """End all of a user's but the browser with this digest; whether there were any."""
    return _end(session, *_of(user_id), PushSubscription.endpoint_index != _index_of(but))


def unsubscribe_browser(session: Session, digest: str, *, but: int | None = None) -> None:
    """End what comes to the browser with this digest, unless it is this user's."""
    _end(
        session,
        PushSubscription.endpoint_index == _index_of(digest),
        PushSubscription.user_id.is_distinct_from(but),
    )


def _end(session: Session, *which: ColumnElement[bool]) -> bool:
    """What waits to go to their users' browsers is composed anew: it bears the address."""
    ended = session.scalars(
        update(PushSubscription)
        .where(PushSubscription.ended_at.is_(None), *which)
        .values(ended_at=clock.now())
        .returning(PushSubscription.user_id)
    ).all()
    if ended:
        compose_anew(session, Message.user_id.in_(ended), Message.channel == Channel.PUSH)
    return bool(ended)


def known(session: Session, user_id: int) -> list[Known]:
    """The browsers of a user, the newest first."""
    rows = session.scalars(
        select(PushSubscription).where(*_of(user_id)).order_by(PushSubscription.id.desc())
    )
    return [Known(row.id, row.device, digest_of(row.endpoint)) for row in rows]


def recipients(session: Session, user_ids: Sequence[int]) -> dict[int, list[str]]:
    """The browsers of users as a parcel names them, the newest first."""
    found: dict[int, list[str]] = {}
    rows = session.scalars(
        select(PushSubscription)
        .where(PushSubscription.user_id.in_(user_ids), PushSubscription.ended_at.is_(None))
        .order_by(PushSubscription.id.desc())
    )
    for row in rows:
        whole = Subscription(row.endpoint, Keys(row.p256dh, row.auth))
        found.setdefault(row.user_id, []).append(msgspec.json.encode(whole).decode())
    return found


def note(endpoint: str, *, is_there: bool) -> None:
    """Write down, in a transaction of its own, that a browser was reached, or is gone for good."""
    column = "last_used_at" if is_there else "ended_at"
    with database().unit_of_work() as session:
        session.execute(
            update(PushSubscription)
            .where(
                PushSubscription.endpoint_index == _index(endpoint),
                PushSubscription.ended_at.is_(None),
            )
            .values({column: clock.now()})
        )


def _of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return PushSubscription.user_id == user_id, PushSubscription.ended_at.is_(None)


def digest_of(endpoint: str) -> str:
    """By what a browser is known where its address is not to be seen."""
    return sha256(endpoint.encode()).hexdigest()


def _index(endpoint: str) -> bytes:
    """By its hash, because a blind index takes large and small letters for one."""
    return _index_of(digest_of(endpoint))


def _index_of(digest: str) -> bytes:
    return blind_index(digest, ENDPOINT)
