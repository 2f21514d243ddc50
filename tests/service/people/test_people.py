"""Passwords, codes, limits and sessions: what must hold whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, TooManyTries
from service.models import Attempt, OneTimeCode, SignInSession, User
from service.people import codes, limits, passwords, sessions, sign_in, tidy, users
from service.people.events import CodeIssued
from service.people.sessions import Lifetime
from service.people.sign_in import From

PHONE, PASSWORD = "13800002046", "lamp by the window"
WEEK = Lifetime(timedelta(days=7), timedelta(days=30))
HERE = From("192.0.2.1", "a browser", WEEK)


def create_user(session: Session, phone: str = PHONE, stored: str | None = None) -> User:
    hashed = stored or passwords.hash_password(PASSWORD, phone)
    return users.add_user(session, phone, password_hash=hashed)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800002046", "13800002046"),
        (" 138 0000 2046 ", "13800002046"),
        ("+86 13800002046", "13800002046"),
        ("86-138-0000-2046", "13800002046"),
        ("１３８００００２０４６", "13800002046"),
    ],
)
def test_a_phone_is_one_however_it_is_written(written: str, normal: str) -> None:
    assert users.normal_phone(written) == normal


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+86 138-0000-2046", "13800002046"),
        ("010-8888 6666", "01088886666"),
        ("(021) 6666 8888", "02166668888"),
        ("0571-8888666", "05718888666"),
        ("０５７１ ８８８８ ６６６６", "057188886666"),
        ("+86 10 8888 6666", "01088886666"),
        ("0086 571 8888 6666", "057188886666"),
        ("86 0571 8888 6666", "057188886666"),
    ],
)
def test_people_are_called_on_mobiles_and_landlines(written: str, digits: str) -> None:
    assert users.number_to_call(written) == digits


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "110",
        "88886666",
        "010-8888666",
        "010 1888 6666",
        "0571-888866667",
        "0571-888866",
        "013800002046",
        "400-800-6666",
        "+1 212 555 0100",
        "phone",
    ],
)
def test_what_nobody_can_be_called_on_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match=r"user\.number_malformed"):
        users.number_to_call(wrong)


@pytest.mark.parametrize("landline", ["010-8888 6666", "0571-8888666"])
def test_nobody_signs_in_by_a_landline(landline: str) -> None:
    with pytest.raises(Refused, match=r"user\.phone_malformed"):
        users.normal_phone(landline)


@pytest.mark.parametrize("wrong", ["", "12800002046", "1380000204", "138000020461", "phone"])
def test_what_is_no_phone_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match=r"user\.phone_malformed"):
        users.normal_phone(wrong)


@pytest.mark.parametrize(
    ("weak", "code"),
    [
        ("1234567", "password.too_short"),
        ("x" * 129, "password.too_long"),
        ("PassWord", "password.too_common"),
        ("aaabbbab", "password.too_common"),
        ("my00002046", "password.like_phone"),
    ],
)
def test_weak_passwords_are_refused(weak: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        passwords.hash_password(weak, PHONE)


def test_an_unknown_phone_costs_the_same_work(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user(session)
    checked: list[str | None] = []
    real = passwords.verify_password

    def counting(stored: str | None, password: str) -> bool:
        checked.append(stored)
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify_password", counting)
    for phone in (PHONE, "13900000000"):
        with pytest.raises(Refused, match=r"sign_in\.wrong"):
            sign_in.sign_in_with_password(session, phone, "wrong", HERE)
    assert len(checked) == 2
    assert checked[1] is None
    assert passwords._hasher.check_needs_rehash(passwords._nobody) is False


def test_nobody_signs_in_with_the_password_of_nobody(session: Session) -> None:
    assert passwords.verify_password(None, "the password of nobody") is False


def test_an_older_hash_is_renewed_when_its_password_is_known(session: Session) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    user = create_user(session, stored=weaker)
    sign_in.sign_in_with_password(session, PHONE, PASSWORD, HERE)
    assert user.password_hash != weaker
    assert passwords.verify_password(user.password_hash, PASSWORD)


def test_a_phone_has_one_user(session: Session) -> None:
    create_user(session)
    with pytest.raises(Conflict, match=r"user\.already_registered"):
        create_user(session)


def test_tries_at_the_same_moment_cannot_slip_through(database: Database) -> None:
    limit = limits.Limit("test", 3, timedelta(minutes=1), "sign_in.locked")

    def attempt(_: int) -> bool:
        try:
            with database.unit_of_work() as session:
                limits.require(session, limit, "subject")
                limits.count(session, limit, "subject")
        except TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(attempt, range(24)))
    assert sum(passed) == 3


def test_a_limit_says_when_and_forgets_on_success(session: Session) -> None:
    limit = limits.Limit("test", 2, timedelta(minutes=10), "sign_in.locked")
    for _ in range(2):
        limits.count(session, limit, "subject")
    with pytest.raises(TooManyTries) as refused:
        limits.require(session, limit, "subject")
    oldest = session.scalar(select(func.min(Attempt.at)))
    assert oldest is not None
    assert refused.value.retry_at == oldest + timedelta(minutes=10)
    limits.require(session, limit, "another")
    limits.forget(session, limit, "subject")
    limits.require(session, limit, "subject")


def test_a_code_is_not_in_the_database(session: Session) -> None:
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        sign_in.send_sign_in_code(session, PHONE, HERE, "zh")
    kept = session.scalars(select(OneTimeCode)).one()
    assert len(sent[0].code) == 6
    assert sent[0].code.isdigit()
    assert sent[0].code not in kept.code_hash
    assert PHONE.encode() not in kept.subject
    assert sent[0].code not in repr(sent[0])
    assert sent[0].expires_at - kept.created_at == codes.LIFE


def test_a_code_may_be_typed_with_a_gap(session: Session) -> None:
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        sign_in.send_sign_in_code(session, PHONE, HERE, "zh")
    create_user(session)
    spaced = f"{sent[0].code[:3]} {sent[0].code[3:]}"
    assert sign_in.sign_in_with_code(session, PHONE, spaced, HERE)


def test_a_locked_password_leaves_the_code_open(session: Session) -> None:
    create_user(session)
    for _ in range(8):
        with pytest.raises(Refused):
            sign_in.sign_in_with_password(session, PHONE, "wrong", HERE)
    with pytest.raises(TooManyTries):
        sign_in.sign_in_with_password(session, PHONE, PASSWORD, HERE)
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        sign_in.send_sign_in_code(session, PHONE, HERE, "zh")
    assert sign_in.sign_in_with_code(session, PHONE, sent[0].code, HERE)


def test_a_code_replaces_the_forgotten_password_once(session: Session) -> None:
    user = create_user(session)
    kept = _open(session)
    _open(session)
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        sign_in.send_password_code(session, user.id, address="192.0.2.1", language="en")
    assert [(each.phone, each.purpose, each.language) for each in sent] == [
        (PHONE, "password", "en")
    ]
    _change_by_code(session, user, sent[0].code, kept)
    assert passwords.verify_password(user.password_hash, "another lamp")
    assert [each.session_id for each in sessions.list_browsers(session, user.id, kept, WEEK)] == [
        kept
    ]
    with pytest.raises(Refused, match=r"code\.expired"):
        _change_by_code(session, user, sent[0].code, kept)


def test_a_wrong_code_costs_a_try_and_leaves_the_password(session: Session) -> None:
    user = create_user(session)
    code = _password_code(session, user)
    wrong = "000000" if code != "000000" else "000001"
    with pytest.raises(Refused, match=r"code\.wrong") as refused:
        _change_by_code(session, user, wrong, keep=0)
    assert refused.value.params == {"left": 4}
    assert session.scalar(select(OneTimeCode.tries)) == 1
    kinds = session.scalars(select(Attempt.kind).order_by(Attempt.id)).all()
    assert kinds == ["code.address", "code.here", "code.phone", "sign_in.address"]
    assert passwords.verify_password(user.password_hash, PASSWORD)


@pytest.mark.parametrize("purpose", [codes.SIGN_IN, codes.SIGN_UP, codes.BIND])
def test_a_code_of_another_purpose_changes_no_password(session: Session, purpose: str) -> None:
    user = create_user(session)
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        codes.send_code(session, purpose, PHONE, subject=PHONE, address="192.0.2.1", language="zh")
    with pytest.raises(Refused, match=r"code\.expired"):
        _change_by_code(session, user, sent[0].code, keep=0)
    assert passwords.verify_password(user.password_hash, PASSWORD)


def test_a_weak_password_spends_no_code(session: Session) -> None:
    user = create_user(session)
    code = _password_code(session, user)
    with pytest.raises(Refused, match=r"password\.too_short"):
        _change_by_code(session, user, code, keep=0, new="short")
    _change_by_code(session, user, code, keep=0)
    assert passwords.verify_password(user.password_hash, "another lamp")


def test_a_locked_change_of_password_leaves_the_code_open(session: Session) -> None:
    user = create_user(session)
    for _ in range(limits.PASSWORD_CHANGE.most):
        limits.count(session, limits.PASSWORD_CHANGE, str(user.id))
    with pytest.raises(TooManyTries):
        sign_in.change_password(session, user.id, PASSWORD, "another lamp", keep_session=0)
    code = _password_code(session, user)
    _change_by_code(session, user, code, keep=0)
    sign_in.change_password(session, user.id, "another lamp", PASSWORD, keep_session=0)


def _open(session: Session) -> int:
    token = sign_in.sign_in_with_password(session, PHONE, PASSWORD, HERE)
    found = sessions.find_signed_in(session, token, WEEK)
    assert found is not None
    return found.session_id


def _password_code(session: Session, user: User) -> str:
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        sign_in.send_password_code(session, user.id, address="192.0.2.1", language="zh")
    return sent[0].code


def _change_by_code(
    session: Session, user: User, code: str, keep: int, new: str = "another lamp"
) -> None:
    sign_in.change_password_by_code(
        session, user.id, code, new, address="192.0.2.1", keep_session=keep
    )


def test_a_session_is_found_by_its_token_alone(session: Session) -> None:
    user = create_user(session)
    token = sessions.open_session(
        session, user, device="d" * 500, address="192.0.2.1", lifetime=WEEK
    )
    kept = session.scalars(select(SignInSession)).one()
    assert token.encode() not in kept.token_sha256
    assert len(kept.device) == 200
    found = sessions.find_signed_in(session, token, WEEK)
    assert found is not None
    assert found.user_id == user.id
    assert sessions.find_signed_in(session, token + "x", WEEK) is None
    with pytest.raises(NotFound):
        sessions.revoke(session, user.id + 1, found.session_id)
    sessions.revoke(session, user.id, found.session_id)
    assert sessions.find_signed_in(session, token, WEEK) is None


def test_the_user_chooses_how_pages_look(session: Session) -> None:
    user = create_user(session)
    users.set_display(session, user.id, theme="dark")
    users.set_display(session, user.id, elder_mode=True, language="en")
    assert (user.theme, user.elder_mode, user.language) == ("dark", True, "en")
    assert clock.now() - timedelta(minutes=1) < user.created_at


def test_what_proves_nothing_any_more_is_forgotten(session: Session) -> None:
    user = create_user(session)
    limits.count(session, limits.SIGN_IN_HERE, PHONE)
    sign_in.send_sign_in_code(session, PHONE, HERE, "zh")
    sessions.open_session(session, user, device="d", address="192.0.2.1", lifetime=WEEK)
    assert tidy.forget_old(session) == 0
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        assert tidy.forget_old(session) == 5  # four tries and a code
    with time_machine.travel(clock.now() + timedelta(days=121), tick=False):
        assert tidy.forget_old(session) == 1
    assert session.get(User, user.id) is not None


def test_signing_up_without_a_code_costs_no_hash(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = passwords.hash_password

    def counting(password: str, phone: str) -> str:
        hashed.append(password)
        return real(password, phone)

    monkeypatch.setattr(passwords, "hash_password", counting)
    with pytest.raises(Refused, match=r"code\.expired"):
        sign_in.sign_up(session, PHONE, "000000", "lamp by the window", HERE)
    assert hashed == []
    with pytest.raises(Refused, match=r"password\.too_short"):
        sign_in.sign_up(session, PHONE, "000000", "lamp", HERE)
