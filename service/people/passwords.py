"""Passwords: what is accepted, how it is kept (argon2id), how it is checked."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from runtime.errors import Refused

LEAST = 8
MOST = 128
"""Longer ones would only cost the server time."""

_COMMON = frozenset({
    "12345678", "123456789", "1234567890", "87654321", "11223344", "12341234", "password",
    "password1", "passw0rd", "qwertyui", "qwerty123", "qwer1234", "1qaz2wsx", "asdfghjk",
    "abcd1234", "a1234567", "aa123456", "iloveyou", "woaini520", "woaini1314", "admin123",
})  # fmt: skip
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash("the password of nobody")
"""Checked for an unknown phone, so that the answer takes as long as for a known one."""


def hash_password(password: str, phone: str) -> str:
    """The argon2id hash of a new password. Raises Refused when it is too weak."""
    require_strength(password, phone)
    return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one; as slow without a stored hash as with one."""
    try:
        right = _hasher.verify(stored or _nobody, password[:MOST])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def improved_hash(stored: str, password: str) -> str | None:
    """A new hash when the stored one was made with weaker settings than today's."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(stored) else None


def require_strength(password: str, phone: str) -> None:
    """Raises Refused when a new password is too weak; costs next to nothing."""
    if len(password) < LEAST:
        raise Refused("password.too_short", least=LEAST)
    if len(password) > MOST:
        raise Refused("password.too_long", most=MOST)
    if password.lower() in _COMMON or len(set(password)) < 4:
        raise Refused("password.too_common")
    if phone[-8:] in password:
        raise Refused("password.like_phone")
