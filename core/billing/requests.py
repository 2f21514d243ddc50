"""Requests that must take effect once: the key the caller gives, and a fingerprint of the rest."""

from hashlib import sha256

import msgspec

from runtime.errors import Conflict


def fingerprint(request: object) -> str:
    """A hash by which a repeated request is told from another one under the same key."""
    return sha256(msgspec.json.encode(request)).hexdigest()


def check_same(idempotency_key: str, known: str, given: str) -> None:
    """Raises Conflict when a key comes again with another request."""
    if known != given:
        raise Conflict("idempotency.key_reused", key=idempotency_key)
