"""Roles are given and taken by administrators, by two people where it matters, at once."""

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from runtime import clock, crypto, events, secrets
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.audit import AuditEntry
from service.events import ActionApproved
from service.models import SignInSession, User
from service.people import passwords, sessions, staff, users
from service.people.cli import staff as command
from service.people.sessions import CODE, PASSWORD
from tests.service import builders
from tests.service.people.holders import WEEK

WHY = "新来的"


@pytest.fixture(autouse=True)
def decided() -> Iterator[None]:
    """Approvals give roles, as `denghuo.wiring` connects them."""
    with events.subscribed(ActionApproved, staff.on_approved):
        yield


def person(session: Session, phone: str, role: str | None) -> User:
    user = users.add_user(session, phone, password_hash=None, name=f"N{phone[-2:]}")
    user.staff_role = role
    session.flush()
    return user


@pytest.fixture
def boss(session: Session) -> int:
    return person(session, "13900000001", "admin").id


@pytest.fixture
def agent(session: Session, boss: int) -> User:
    """An agent who is signed in."""
    user = person(session, "13900000002", "agent")
    sessions.open_session(
        session, user, device="d", address="a", lifetime=WEEK, shown=(PASSWORD, CODE)
    )
    return user


def live(session: Session, user: User) -> int:
    found = session.scalars(
        select(SignInSession).where(
            SignInSession.user_id == user.id, SignInSession.revoked_at.is_(None)
        )
    )
    return len(found.all())


def trail(session: Session) -> list[tuple[int, str, str, str | None, str]]:
    return [
        (each.user_id, each.deed, each.subject, each.reason, each.about)
        for each in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    ]


def test_a_role_is_given_at_once_and_signs_out(session: Session, boss: int, agent: User) -> None:
    given = staff.give(session, agent.id, "field", "去跑外勤", by=boss)
    assert (given.approval, given.password) == (None, None)
    assert agent.staff_role == "field"
    assert live(session, agent) == 0
    assert trail(session) == [(boss, "staff.role", f"user {agent.id}", "去跑外勤", "field")]


@pytest.mark.parametrize("role", ["finance", "lead", "admin"])
def test_money_and_roles_are_given_by_two(
    session: Session, boss: int, agent: User, role: str
) -> None:
    lead = person(session, "13900000003", "lead")
    approval = staff.give(session, agent.id, role, WHY, by=boss).approval
    assert approval is not None
    assert agent.staff_role == "agent"
    assert live(session, agent) == 1
    with pytest.raises(Forbidden, match=r"approval\.own"):
        approvals.approve(session, approval.id, by=boss)
    approvals.approve(session, approval.id, by=lead.id)
    assert agent.staff_role == role
    assert live(session, agent) == 0
    about = f"approval {approval.id}"
    who = f"user {agent.id}"
    assert trail(session) == [
        (boss, "approval.asked", who, WHY, about),
        (lead.id, "approval.approved", who, None, about),
        (lead.id, "staff.role", who, role, about),
    ]


@pytest.mark.parametrize("role", ["finance", "agent", None])
def test_who_may_not_approve_a_role_leaves_it_waiting(
    session: Session, boss: int, agent: User, role: str | None
) -> None:
    other = person(session, "13900000003", role)
    approval = staff.give(session, agent.id, "admin", WHY, by=boss).approval
    assert approval is not None
    with pytest.raises(Forbidden, match=r"staff\.lead_approves"):
        approvals.approve(session, approval.id, by=other.id)
    assert approvals.waiting(session) == [approval]
    assert agent.staff_role == "agent"


def test_nobody_approves_a_role_of_their_own(session: Session, boss: int) -> None:
    lead = person(session, "13900000003", "lead")
    approval = staff.give(session, lead.id, "admin", WHY, by=boss).approval
    assert approval is not None
    with pytest.raises(Forbidden, match=r"staff\.own"):
        approvals.approve(session, approval.id, by=lead.id)
    assert lead.staff_role == "lead"


def test_what_has_changed_meanwhile_is_not_approved(
    session: Session, boss: int, agent: User
) -> None:
    lead = person(session, "13900000003", "lead")
    approval = staff.give(session, agent.id, "finance", WHY, by=boss).approval
    assert approval is not None
    staff.take(session, agent.id, "走了", by=boss)
    with pytest.raises(Conflict, match=r"staff\.changed"):
        approvals.approve(session, approval.id, by=lead.id)
    assert agent.staff_role is None


def test_a_role_is_asked_for_once(session: Session, boss: int, agent: User) -> None:
    staff.give(session, agent.id, "finance", WHY, by=boss)
    with pytest.raises(Conflict, match=r"approval\.asked"):
        staff.give(session, agent.id, "admin", WHY, by=boss)


def test_taken_away_it_leaves_a_customer(session: Session, boss: int, agent: User) -> None:
    staff.take(session, agent.id, "调走了", by=boss)
    assert agent.staff_role is None
    assert live(session, agent) == 0
    with pytest.raises(NotFound, match=r"staff\.not_found"):
        staff.colleague(session, agent.id)
    assert trail(session) == [(boss, "staff.taken", f"user {agent.id}", "调走了", "")]


def test_closed_out_and_let_in_again(session: Session, boss: int, agent: User) -> None:
    staff.close(session, agent.id, "手机丢了", by=boss)
    assert live(session, agent) == 0
    assert users.find_by_phone(session, agent.phone) is None
    assert staff.colleague(session, agent.id).closed_at is not None
    with pytest.raises(Conflict, match=r"staff\.closed"):
        staff.new_password(session, agent.id, WHY, by=boss)
    staff.give(session, agent.id, "agent", "找到了", by=boss)
    assert users.find_by_phone(session, agent.phone) == agent
    assert [deed for _, deed, *_ in trail(session)] == ["staff.closed", "staff.role"]


def test_closed_out_of_money_it_takes_two_to_come_back(session: Session, boss: int) -> None:
    finance = person(session, "13900000003", "finance")
    staff.close(session, finance.id, WHY, by=boss)
    assert staff.give(session, finance.id, "finance", WHY, by=boss).approval is not None
    assert finance.disabled_at is not None


def test_a_new_password_is_told_once_and_signs_out(
    session: Session, boss: int, agent: User
) -> None:
    password = staff.new_password(session, agent.id, "忘了", by=boss)
    assert passwords.verify_password(agent.password_hash, password)
    assert [len(each) for each in password.split("-")] == [4, 4, 4]
    assert live(session, agent) == 0
    assert trail(session) == [(boss, "staff.password", f"user {agent.id}", "忘了", "")]


def test_somebody_new_has_a_password(session: Session, boss: int) -> None:
    given = staff.hire(session, "139 0000 0009", " 林小满 ", "agent", WHY, by=boss)
    user = session.get_one(User, given.user_id)
    assert (user.phone, user.name, user.staff_role) == ("13900000009", "林小满", "agent")
    assert given.password is not None
    assert passwords.verify_password(user.password_hash, given.password)
    who = f"user {user.id}"
    assert trail(session) == [
        (boss, "staff.role", who, WHY, "agent"),
        (boss, "staff.added", who, WHY, ""),
    ]


def test_somebody_new_for_money_waits(session: Session, boss: int) -> None:
    lead = person(session, "13900000003", "lead")
    given = staff.hire(session, "13900000009", "方敏", "finance", WHY, by=boss)
    assert given.approval is not None
    assert given.password is not None
    user = session.get_one(User, given.user_id)
    assert user.staff_role is None
    approvals.approve(session, given.approval.id, by=lead.id)
    assert user.staff_role == "finance"


def test_who_is_here_already_keeps_their_password(session: Session, boss: int) -> None:
    known = person(session, "13900000009", None)
    given = staff.hire(session, "13900000009", "", "agent", WHY, by=boss)
    assert (given.user_id, given.password) == (known.id, None)
    assert (known.staff_role, known.name) == ("agent", "N09")


def test_a_customer_stays_one(session: Session, boss: int) -> None:
    customer = person(session, "13900000009", None)
    builders.create_link(session, customer, builders.create_account(session))
    with pytest.raises(Conflict, match=r"staff\.is_customer"):
        staff.hire(session, "13900000009", "王建华", "agent", WHY, by=boss)
    assert customer.staff_role is None


def test_a_customer_who_was_closed_out_does_not_come_back_this_way(
    session: Session, boss: int
) -> None:
    closed = person(session, "13900000009", None)
    closed.disabled_at = clock.now()
    session.flush()
    with pytest.raises(Conflict, match=r"staff\.is_customer"):
        staff.hire(session, "13900000009", "王建华", "agent", WHY, by=boss)
    assert closed.disabled_at is not None


@pytest.mark.parametrize(
    ("phone", "name", "role", "reason", "code"),
    [
        ("139", "林小满", "agent", WHY, "user.phone_malformed"),
        ("13900000009", " ", "agent", WHY, "staff.nameless"),
        ("13900000009", "林小满", "boss", WHY, "staff.no_role"),
        ("13900000009", "林小满", "", WHY, "staff.no_role"),
        ("13900000009", "林小满", "agent", " ", "trail.reason_needed"),
        ("13900000009", "林小满", "admin", "", "trail.reason_needed"),
        ("13900000001", "林小满", "agent", WHY, "staff.known"),
    ],
)
def test_what_cannot_be_given(
    session: Session, boss: int, phone: str, name: str, role: str, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as refused, session.begin_nested():
        staff.hire(session, phone, name, role, reason, by=boss)
    assert refused.value.code == code
    assert [each.id for each in staff.colleagues(session)] == [boss]
    assert trail(session) == []


def test_the_same_role_is_no_change(session: Session, boss: int, agent: User) -> None:
    with pytest.raises(Conflict, match=r"staff\.same_role"):
        staff.give(session, agent.id, "agent", WHY, by=boss)
    assert live(session, agent) == 1


@pytest.mark.parametrize("role", [each for each in staff.ROLES if each != "admin"])
def test_only_administrators_change_anything(
    session: Session, boss: int, agent: User, role: str
) -> None:
    other = person(session, "13900000003", role)
    deeds = (
        lambda: staff.give(session, agent.id, "field", WHY, by=other.id),
        lambda: staff.take(session, agent.id, WHY, by=other.id),
        lambda: staff.close(session, agent.id, WHY, by=other.id),
        lambda: staff.new_password(session, agent.id, WHY, by=other.id),
        lambda: staff.hire(session, "13900000009", "N", "agent", WHY, by=other.id),
    )
    for deed in deeds:
        with pytest.raises(Forbidden, match=r"staff\.not_admin"):
            deed()
    assert agent.staff_role == "agent"
    assert live(session, agent) == 1
    assert trail(session) == []


def test_nobody_changes_themselves(session: Session, boss: int) -> None:
    for deed in (staff.take, staff.close, staff.new_password):
        with pytest.raises(Forbidden, match=r"staff\.own"):
            deed(session, boss, WHY, by=boss)
    with pytest.raises(Forbidden, match=r"staff\.own"):
        staff.give(session, boss, "agent", WHY, by=boss)


def test_a_customer_has_no_page(session: Session, boss: int) -> None:
    customer = person(session, "13900000009", None)
    with pytest.raises(NotFound, match=r"staff\.not_found"):
        staff.give(session, customer.id, "agent", WHY, by=boss)


def test_two_administrators_cannot_take_each_others_role_at_once(database: Database) -> None:
    with database.unit_of_work() as session:
        both = [person(session, f"1390000000{each}", "admin").id for each in (1, 2)]
    start, refused = Barrier(2), []

    def take(by: int, other: int) -> None:
        start.wait()
        try:
            with database.unit_of_work() as session:
                staff.take(session, other, WHY, by=by)
        except Refused as refusal:
            refused.append(refusal.code)

    threads = [Thread(target=take, args=pair) for pair in (both, both[::-1])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert refused == ["staff.not_admin"]
    with database.unit_of_work() as session:
        assert [each.role for each in staff.colleagues(session)] == ["admin"]


def test_the_list_tells_when_who_was_here(session: Session, boss: int, agent: User) -> None:
    closed = person(session, "13900000003", "agent")
    closed.disabled_at = clock.now()
    session.execute(update(SignInSession).values(last_seen_at=clock.now()))
    session.flush()
    found = staff.colleagues(session)
    assert [(each.id, each.role) for each in found] == [
        (agent.id, "agent"),
        (boss, "admin"),
        (closed.id, "agent"),
    ]
    assert [each.seen_at is None for each in found] == [False, True, True]
    assert [each.passkeys for each in found] == [0, 0, 0]


def test_half_a_sign_in_is_no_visit(session: Session, boss: int) -> None:
    user = person(session, "13900000003", "agent")
    sessions.open_session(session, user, device="d", address="a", lifetime=WEEK, shown=(PASSWORD,))
    assert staff.colleague(session, user.id).seen_at is None


@pytest.fixture
def operator(database, database_url, settings_env, tmp_path, keys):  # type: ignore[no-untyped-def]
    secrets.ensure_secrets(tmp_path / "var")
    settings_env.setenv("DATABASE_URL", database_url)

    def invoke(*words: str):  # type: ignore[no-untyped-def]
        return CliRunner().invoke(command, words)

    yield invoke
    crypto.use_keys(keys)


def test_the_first_administrator_comes_from_the_command_line(operator) -> None:  # type: ignore[no-untyped-def]
    done = operator("first-admin", "13900000001", "程牧之")
    assert (done.exit_code, "Password, told this once: " in done.output) == (0, True)
    again = operator("first-admin", "13900000002", "N")
    assert again.exit_code == 1
    assert "There is an administrator already" in again.output


def test_a_malformed_phone_makes_no_administrator(operator) -> None:  # type: ignore[no-untyped-def]
    done = operator("first-admin", "139", "程牧之")
    assert (done.exit_code, "eleven digits" in done.output) == (1, True)
