"""Passkeys with real keys and signatures: what is let in, and everything that is not."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused, TooManyTries
from service.models import OneTimeCode, SignInSession, User
from service.people import limits, passkeys, proof, sessions, sign_in, tidy
from service.people.models import Passkey, PasskeyChallenge
from service.people.passkey_parties import Site
from service.people.sign_in import From
from tests.authenticator import Device, PrivateKey, packed
from tests.service.people.holders import BROWSER, SITE, WEEK, added, asked, create, enter, proved

HERE = From("192.0.2.1", "a browser", WEEK)
PASSWORD = "lamp by the window"


@pytest.fixture
def person(session: Session) -> User:
    return create(session)


# ---- the site -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "rp_id"),
    [
        ("https://portal.test", "portal.test"),
        ("https://portal.test:8443", "portal.test"),
        ("http://localhost:8000", "localhost"),
    ],
)
def test_passkeys_belong_to_the_name_of_the_portal(address: str, rp_id: str) -> None:
    assert passkeys.site_at(address, "灯火") == Site(rp_id, address, "灯火")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000", "https://203.0.113.7", "https://[::1]", "http://a.test"]
)
def test_an_address_that_browsers_refuse_has_none(address: str) -> None:
    assert passkeys.site_at(address, "灯火") is None


# ---- adding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_a_device_signs_its_owner_in(session: Session, person: User, key: PrivateKey) -> None:
    device = added(session, person, Device(key))
    token = sign_in.sign_in_with_passkey(session, device.get(asked(session)), SITE, BROWSER, HERE)
    found = sessions.find_signed_in(session, token, WEEK)
    assert found is not None
    assert found.user_id == person.id
    (kept,) = passkeys.owned(session, person.id)
    assert (kept.name, kept.sign_count, kept.transports) == ("手机", 1, ["internal", "hybrid"])
    assert kept.last_used_at is not None


def test_the_device_is_asked_for_a_key_of_its_own_with_its_user_verified(
    session: Session, person: User
) -> None:
    had = added(session, person)
    options = passkeys.registration_options(session, SITE, person.id, proved(session, person))
    said = json.loads(options)
    assert said["rp"] == {"id": "localhost", "name": "江城供电"}
    assert said["authenticatorSelection"]["residentKey"] == "required"
    assert said["authenticatorSelection"]["userVerification"] == "required"
    assert said["user"]["name"] == "138****2046"
    assert [each["id"] for each in said["excludeCredentials"]] == [packed(had.credential_id)]
    assert person.phone not in options
    assert json.loads(asked(session))["userVerification"] == "required"


def test_a_passkey_is_added_only_after_a_fresh_proof(session: Session, person: User) -> None:
    mine, other = proved(session, person), proved(session, person)
    opened = session.get_one(SignInSession, mine)
    for stale in (None, clock.now() - proof.FRESH):
        opened.proved_at = stale
        session.flush()
        with pytest.raises(Forbidden, match=r"proof\.needed"):
            passkeys.registration_options(session, SITE, person.id, mine)
    assert session.scalar(select(func.count(PasskeyChallenge.id))) == 0
    passkeys.registration_options(session, SITE, person.id, other)


def test_a_question_to_one_browser_is_not_answered_in_another(
    session: Session, person: User
) -> None:
    here, there = proved(session, person), proved(session, person)
    options = passkeys.registration_options(session, SITE, person.id, here)
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.register(session, SITE, person.id, there, Device().create(options), "")
    assert passkeys.owned(session, person.id) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"origin": "http://localhost:8001"}, "passkey.refused"),
        ({"origin": "https://localhost:8000"}, "passkey.refused"),
        ({"rp_id": "elsewhere.test"}, "passkey.refused"),
        ({"kind": "webauthn.get"}, "passkey.refused"),
        ({"cross_origin": True}, "passkey.refused"),
        ({"present": False}, "passkey.refused"),
        ({"verified": False}, "passkey.unverified"),
        ({"challenge": bytes(32)}, "passkey.expired"),
        ({"challenge": b""}, "passkey.expired"),
        ({"public_key": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})},
         "passkey.refused"),
        ({"public_key": cbor2.dumps({1: 2, 3: -47, -1: 1, -2: bytes(32), -3: bytes(32)})},
         "passkey.refused"),
        ({"public_key": cbor2.dumps({1: 9})}, "passkey.refused"),
        ({"public_key": b"\xff\xff"}, "passkey.refused"),
    ],
)  # fmt: skip
def test_a_new_key_that_is_not_as_asked_is_refused(
    session: Session, person: User, wrong: dict[str, Any], code: str
) -> None:
    here = proved(session, person)
    options = passkeys.registration_options(session, SITE, person.id, here)
    answer = Device().create(options, **wrong)
    with pytest.raises(Refused) as refused:
        passkeys.register(session, SITE, person.id, here, answer, "")
    assert refused.value.code == code
    assert passkeys.owned(session, person.id) == []


def test_a_question_is_answered_once(session: Session, person: User) -> None:
    here = proved(session, person)
    options = passkeys.registration_options(session, SITE, person.id, here)
    passkeys.register(session, SITE, person.id, here, Device().create(options), "")
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.register(session, SITE, person.id, here, Device().create(options), "")


def test_a_credential_is_one_persons(session: Session, person: User) -> None:
    device, neighbour = added(session, person), create(session, "13800000000")
    here = proved(session, neighbour)
    options = passkeys.registration_options(session, SITE, neighbour.id, here)
    with pytest.raises(Conflict, match=r"passkey\.known"):
        passkeys.register(
            session,
            SITE,
            neighbour.id,
            here,
            Device().create(options, credential_id=device.credential_id),
            "",
        )
    assert passkeys.owned(session, neighbour.id) == []


def test_a_person_has_twenty_at_most(session: Session, person: User) -> None:
    for _ in range(passkeys.MOST):
        session.add(
            Passkey(
                user_id=person.id,
                credential_id=secrets.token_bytes(16),
                public_key=b"",
                sign_count=0,
                transports=[],
                name="x",
            )
        )
    with pytest.raises(Refused, match=r"passkey\.too_many"):
        passkeys.registration_options(session, SITE, person.id, proved(session, person))


# ---- signing in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"origin": "http://localhost.elsewhere.test:8000"}, "passkey.refused"),
        ({"rp_id": "elsewhere.test"}, "passkey.refused"),
        ({"kind": "webauthn.create"}, "passkey.refused"),
        ({"cross_origin": True}, "passkey.refused"),
        ({"present": False}, "passkey.refused"),
        ({"verified": False}, "passkey.unverified"),
        ({"challenge": bytes(32)}, "passkey.expired"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "passkey.refused"),
        ({"key": ed25519.Ed25519PrivateKey.generate()}, "passkey.refused"),
        ({"credential_id": b"nobody's"}, "passkey.unknown"),
        ({"handle": b"somebody else"}, "passkey.refused"),
        ({"no_handle": True}, "passkey.refused"),
    ],
)
def test_an_answer_that_is_not_right_opens_nothing(
    session: Session, person: User, wrong: dict[str, Any], code: str
) -> None:
    device = added(session, person)
    before = session.scalar(select(func.count(SignInSession.id)))
    answer = device.get(asked(session), **wrong)
    with pytest.raises(Refused) as refused:
        sign_in.sign_in_with_passkey(session, answer, SITE, BROWSER, HERE)
    assert refused.value.code == code
    assert session.scalar(select(func.count(SignInSession.id))) == before
    assert passkeys.owned(session, person.id)[0].sign_count == 0


def test_an_answer_works_once(session: Session, person: User) -> None:
    answer = added(session, person, Device(counts=False)).get(asked(session))
    assert passkeys.owner(session, SITE, BROWSER, answer) == person
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.owner(session, SITE, BROWSER, answer)


def test_an_answer_works_for_five_minutes(session: Session, person: User) -> None:
    device = added(session, person)
    with time_machine.travel(clock.now(), tick=False) as time:
        early, late = asked(session), asked(session)
        time.shift(timedelta(minutes=5) - timedelta(seconds=1))
        assert passkeys.owner(session, SITE, BROWSER, device.get(early)) == person
        time.shift(timedelta(seconds=1))
        with pytest.raises(Refused, match=r"passkey\.expired"):
            passkeys.owner(session, SITE, BROWSER, device.get(late))


def test_an_answer_works_in_the_browser_that_asked(session: Session, person: User) -> None:
    answer = added(session, person).get(asked(session))
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.owner(session, SITE, "another browser", answer)


@pytest.mark.parametrize("purpose", ["register", "confirm"])
def test_a_question_for_another_purpose_signs_nobody_in(
    session: Session, person: User, purpose: str
) -> None:
    device = added(session, person)
    options = (
        passkeys.confirmation_options(session, SITE, person.id, BROWSER)
        if purpose == "confirm"
        else passkeys.registration_options(session, SITE, person.id, proved(session, person))
    )
    with pytest.raises(Refused, match=r"passkey\.expired"):
        passkeys.owner(session, SITE, BROWSER, device.get(options))


def test_the_same_answer_at_the_same_moment_opens_one_door(database: Database) -> None:
    with database.unit_of_work() as session:
        device = added(session, create(session), Device(counts=False))
        answer = device.get(asked(session))

    def attempt(_: int) -> bool:
        try:
            with database.unit_of_work() as session:
                passkeys.owner(session, SITE, BROWSER, answer)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(12))) == 1


def test_a_removed_passkey_opens_nothing(session: Session, person: User) -> None:
    device = added(session, person)
    passkeys.remove(session, person.id, passkeys.owned(session, person.id)[0].id)
    session.flush()
    assert passkeys.owned(session, person.id) == []
    with pytest.raises(Refused, match=r"passkey\.unknown"):
        enter(session, device)


def test_who_is_disabled_stays_outside(session: Session, person: User) -> None:
    device = added(session, person)
    person.disabled_at = clock.now()
    session.flush()
    with pytest.raises(NotFound, match=r"user\.not_found"):
        enter(session, device)


def test_a_neighbour_touches_nobodys_passkeys(session: Session, person: User) -> None:
    added(session, person)
    neighbour, (kept,) = create(session, "13800000000"), passkeys.owned(session, person.id)
    for work in (passkeys.own, passkeys.remove):
        with pytest.raises(NotFound, match=r"passkey\.not_found"):
            work(session, neighbour.id, kept.id)
    with pytest.raises(NotFound, match=r"passkey\.not_found"):
        passkeys.rename(session, neighbour.id, kept.id, "mine")
    assert (kept.name, kept.removed_at) == ("手机", None)


def test_tries_from_one_network_come_to_an_end(session: Session, person: User) -> None:
    device = added(session, person)
    for _ in range(limits.SIGN_IN_ADDRESS.most):
        with pytest.raises(Refused, match=r"passkey\.refused"):
            sign_in.sign_in_with_passkey(session, "{}", SITE, BROWSER, HERE)
    answer = device.get(asked(session))
    with pytest.raises(TooManyTries, match=r"network\.locked"):
        sign_in.sign_in_with_passkey(session, answer, SITE, BROWSER, HERE)
    elsewhere = replace(HERE, address="198.51.100.1")
    assert sign_in.sign_in_with_passkey(session, answer, SITE, BROWSER, elsewhere)


def test_questions_to_one_network_come_to_an_end(session: Session) -> None:
    for _ in range(limits.PASSKEY_ADDRESS.most):
        limits.count(session, limits.PASSKEY_ADDRESS, "192.0.2.1")
    with pytest.raises(TooManyTries, match=r"network\.locked"):
        asked(session)
    assert session.scalar(select(func.count(PasskeyChallenge.id))) == 0


# ---- proof, and forgetting ----------------------------------------------------------------------


def test_a_proof_by_code_is_of_this_browser(session: Session, person: User) -> None:
    here, there = proved(session, person), proved(session, person)
    for each in (here, there):
        session.get_one(SignInSession, each).proved_at = None
    session.flush()
    with pytest.raises(Refused, match=r"code\.expired"):
        proof.prove_by_code(session, person.id, here, "000000", address="192.0.2.1")
    proof.send_code(session, person.id, address="192.0.2.1", language="zh")
    assert session.scalar(select(OneTimeCode.purpose)) == "prove"
    with pytest.raises(Refused, match=r"password\.wrong"):
        proof.prove_by_password(session, person.id, here, PASSWORD)  # there is none
    assert not proof.is_fresh(session, here)
    proof._remember(session, here)
    assert proof.is_fresh(session, here)
    assert not proof.is_fresh(session, there)


def test_old_questions_are_forgotten(session: Session) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        asked(session)
        assert tidy.forget_old(session) == 0
        time.shift(timedelta(minutes=6))
        asked(session)
        assert tidy.forget_old(session) == 1
        assert session.scalar(select(func.count(PasskeyChallenge.id))) == 1
