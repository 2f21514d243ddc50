"""Limits that strangers cannot turn against the person whom they protect."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused, TooManyTries
from service.models import User
from service.people import codes, limits, networks, passwords, sessions, sign_in, users
from service.people.sessions import Lifetime
from service.people.sign_in import From

PHONE, PASSWORD = "13800002046", "lamp by the window"
WEEK = Lifetime(timedelta(days=7), timedelta(days=30))
HOME = "198.51.100.7"


def create_user(session: Session) -> User:
    hashed = passwords.hash_password(PASSWORD, PHONE)
    return users.add_user(session, PHONE, password_hash=hashed)


def be_known_at(session: Session, user: User, address: str) -> None:
    sessions.open_session(session, user, device="d", address=address, lifetime=WEEK)


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def ask(session: Session, travel: time_machine.Traveller) -> Callable[[str], int]:
    """How many codes are sent to an address before there are no more, at most six at a time."""

    def send_codes(address: str) -> int:
        for sent in range(6):
            travel.shift(61)
            try:
                codes.send_code(
                    session, codes.SIGN_IN, PHONE, subject=PHONE, address=address, language="zh"
                )
            except TooManyTries:
                return sent
        return 6

    return send_codes


def guess(session: Session, address: str) -> str:
    """A wrong password from somewhere; the code of the answer."""
    with pytest.raises(Refused) as refused:
        sign_in.sign_in_with_password(session, PHONE, "wrong", From(address, "d", WEEK))
    return refused.value.code


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:7::1", "2001:db8:0:7::"),
        ("2001:db8:0:7:ffff:ffff:ffff:ffff", "2001:db8:0:7::"),
        ("2001:db8:0:8::1", "2001:db8:0:8::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_one_asker(address: str, network: str) -> None:
    assert networks.network(address) == network


def test_one_network_cannot_use_up_the_codes_of_a_phone(ask: Callable[[str], int]) -> None:
    assert [ask("192.0.2.1"), ask("192.0.2.1")] == [6, 4]
    assert ask(HOME) == 6


def test_addresses_of_one_subscriber_count_as_one(ask: Callable[[str], int]) -> None:
    assert [ask("2001:db8::1"), ask("2001:db8::abcd")] == [6, 4]
    assert ask("2001:db8:0:1::1") == 6


def test_strangers_together_use_up_the_codes_for_strangers_alone(
    session: Session, ask: Callable[[str], int]
) -> None:
    be_known_at(session, create_user(session), HOME)
    assert [ask(f"192.0.2.{number}") for number in range(6)] == [6, 6, 6, 6, 6, 0]
    assert [ask(HOME), ask(HOME)] == [6, 4]


def test_the_codes_to_a_phone_that_is_known_nowhere_end(ask: Callable[[str], int]) -> None:
    for number in range(5):
        ask(f"192.0.2.{number}")
    assert ask(HOME) == 0


def test_a_guessing_network_locks_itself_out_alone(session: Session) -> None:
    create_user(session)
    said = [guess(session, "192.0.2.1") for _ in range(9)]
    assert said == ["sign_in.wrong"] * 4 + ["sign_in.wrong_few"] * 3 + ["sign_in.locked"] * 2
    assert sign_in.sign_in_with_password(session, PHONE, PASSWORD, From(HOME, "d", WEEK))


def test_guesses_from_everywhere_end_and_leave_the_home_open(session: Session) -> None:
    be_known_at(session, create_user(session), HOME)
    answers = [guess(session, f"192.0.2.{number // 8}") for number in range(48)]
    assert answers.count("sign_in.locked") == 4 + 1 + 8  # four networks, the fortieth, the rest
    assert guess(session, "203.0.113.9") == "sign_in.locked"
    assert sign_in.sign_in_with_password(session, PHONE, PASSWORD, From(HOME, "d", WEEK))
    assert guess(session, "203.0.113.9") == "sign_in.locked"


def test_a_try_that_was_none_is_taken_back_alone(session: Session) -> None:
    limit = limits.Limit("test", 3, timedelta(hours=1), "binding.too_many")
    for _ in range(3):
        limits.count(session, limit, "subject")
    limits.count(session, limit, "another")
    limits.take_back(session, limit, "subject")
    assert limits.require(session, limit, "subject") == 1
    assert limits.require(session, limit, "another") == 2
