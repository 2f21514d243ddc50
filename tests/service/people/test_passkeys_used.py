"""Passkeys with real keys and signatures: copies, what is confirmed, and bytes of any kind."""

import json
from contextlib import suppress
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.orm import Session

from runtime.errors import Refused
from service.models import User
from service.people import passkeys
from tests.authenticator import Device, packed
from tests.service.people.holders import BROWSER, SITE, added, asked, create, enter, proved


@pytest.fixture
def person(session: Session) -> User:
    return create(session)


# ---- counts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_count_that_does_not_grow_stops_the_passkey(
    session: Session, person: User, count: int
) -> None:
    device = added(session, person)
    device.count = 6
    enter(session, device)
    for again in (count, 8):  # the true one, which counts on, cannot be told from the copy
        with pytest.raises(Refused, match=r"passkey\.copied"):
            enter(session, device, count=again)
    (kept,) = passkeys.owned(session, person.id)
    assert kept.sign_count == 7
    assert kept.suspected_at is not None
    assert passkeys.working(session, person.id) == []
    with pytest.raises(Refused, match=r"passkey\.none"):
        passkeys.confirmation_options(session, SITE, person.id, "a payment")


def test_a_forged_count_stops_nothing(session: Session, person: User) -> None:
    """Only who holds the key can make a passkey suspect."""
    device = added(session, person)
    device.count = 6
    enter(session, device)
    with pytest.raises(Refused, match=r"passkey\.refused"):
        enter(session, device, count=1, key=ec.generate_private_key(ec.SECP256R1()))
    assert enter(session, device) == person
    assert passkeys.owned(session, person.id)[0].suspected_at is None


def test_a_device_that_does_not_count_is_welcome(session: Session, person: User) -> None:
    device = added(session, person, Device(counts=False))
    assert [enter(session, device) for _ in range(3)] == [person] * 3


# ---- confirming ---------------------------------------------------------------------------------


def test_a_signature_confirms_one_thing_of_one_person(session: Session, person: User) -> None:
    device = added(session, person)
    options = passkeys.confirmation_options(session, SITE, person.id, "this payment")
    allowed = json.loads(options)["allowCredentials"]
    assert [each["id"] for each in allowed] == [packed(device.credential_id)]
    answer = device.get(options, no_handle=True)
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.confirm(session, SITE, person.id, "that payment", answer)
    kept = passkeys.confirm(session, SITE, person.id, "this payment", answer)
    assert kept == passkeys.owned(session, person.id)[0]
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.confirm(session, SITE, person.id, "this payment", answer)


def test_a_neighbours_passkey_confirms_nothing(session: Session, person: User) -> None:
    mine, neighbour = added(session, person), create(session, "13800000000")
    theirs = added(session, neighbour)
    options = passkeys.confirmation_options(session, SITE, person.id, "this payment")
    with pytest.raises(Refused, match=r"passkey\.unknown"):
        passkeys.confirm(session, SITE, person.id, "this payment", theirs.get(options))
    options = passkeys.confirmation_options(session, SITE, person.id, "this payment")
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.confirm(session, SITE, neighbour.id, "this payment", mine.get(options))


def test_who_has_no_passkey_is_asked_for_none(session: Session, person: User) -> None:
    with pytest.raises(Refused, match=r"passkey\.none"):
        passkeys.confirmation_options(session, SITE, person.id, "this payment")


# ---- bytes of any kind --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "0", '"x"', "{" * 5000, "[" * 5000, "\x00", "x" * 20_000,
        '{"id":"a","rawId":"a","type":"public-key","response":{}}',
        '{"id":"é","rawId":"é","type":"public-key","response":{"clientDataJSON":"é",'
        '"authenticatorData":"A","signature":"A"}}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"W10",'
        '"authenticatorData":"AA","signature":"AA","userHandle":"A"}}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30",'
        '"authenticatorData":"AA","signature":"AA","attestationObject":"AA"}}',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(session: Session, person: User, text: str) -> None:
    here = proved(session, person)
    with pytest.raises(Refused, match=r"passkey\.refused"):
        passkeys.owner(session, SITE, BROWSER, text)
    with pytest.raises(Refused, match=r"passkey\.refused"):
        passkeys.register(session, SITE, person.id, here, text, "")


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_answer_is_refused(session: Session, person: User, seed: int) -> None:
    """Bytes changed anywhere within the parts: always a refusal, never an error.

    A new key is signed by nobody, so that some damage only makes another key.
    """
    device, chance = added(session, person, Device(counts=False)), Random(seed)  # noqa: S311
    here = proved(session, person)
    for _ in range(12):
        damaged = _damaged(device.get(asked(session)), chance)
        with pytest.raises(Refused):
            passkeys.owner(session, SITE, BROWSER, damaged)
        options = passkeys.registration_options(session, SITE, person.id, here)
        damaged = _damaged(Device().create(options), chance, "clientDataJSON", "attestationObject")
        with suppress(Refused):
            passkeys.register(session, SITE, person.id, here, damaged, "")


def _damaged(answer: str, chance: Random, *parts: str) -> str:
    said = json.loads(answer)
    part = chance.choice(parts or ["clientDataJSON", "authenticatorData", "signature"])
    letters = list(said["response"][part])
    spot = chance.randrange(len(letters) - 1)
    letters[spot] = chance.choice([each for each in "AZaz09-_" if each != letters[spot]])
    said["response"][part] = "".join(letters)
    return json.dumps(said)
