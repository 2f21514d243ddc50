"""A refusal carries its reason through every layer."""

import pickle
from datetime import UTC, datetime

from runtime.errors import Conflict, NotFound, Refused, TooManyTries


def test_a_refusal_has_a_code_and_figures() -> None:
    refusal = NotFound("account.not_found", number=7)
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.params, str(refusal)) == (
        "account.not_found",
        {"number": 7},
        "account.not_found",
    )


def test_too_many_tries_says_when_to_come_back() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    refusal = TooManyTries("sign_in.locked", retry_at=at)
    assert (refusal.retry_at, refusal.params) == (at, {"retry_at": at})


def test_a_refusal_crosses_processes() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for refusal in (Conflict("order.paid", order="a"), TooManyTries("locked", retry_at=at)):
        copy = pickle.loads(pickle.dumps(refusal))  # noqa: S301 - our own bytes
        assert (type(copy), copy.code, copy.params) == (
            type(refusal),
            refusal.code,
            refusal.params,
        )
