"""Nobody looks at a customer without having said why; what they said holds for a while."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from runtime.errors import NotFound, Refused
from service.audit.models import AuditEntry
from service.conversations.opening import open_for_user
from service.customers import opening
from service.customers.models import CustomerOpening
from service.customers.opening import Why
from service.requests import asking
from service.requests.askers import Asker
from tests.service.builders import create_account, create_customer, create_link, create_user
from tests.service.customers.conftest import NOW
from tests.service.requests.conftest import TOLD


@pytest.fixture
def home(session):
    return create_customer(session)


def entries(session):
    query = select(AuditEntry).order_by(AuditEntry.id)
    return [(e.user_id, e.deed, e.subject, e.reason, e.about) for e in session.scalars(query)]


def test_a_reason_opens_one_customer_for_one_person(session, staff, home):
    _user, account = home
    other = create_account(session)
    opening.open_customer(session, staff.agent, account.account_no, " 来电\n问账单 ")
    assert opening.why(session, staff.agent, account.account_no) == Why("来电 问账单")
    assert opening.why(session, staff.lead, account.account_no) is None
    assert opening.why(session, staff.agent, other.account_no) is None
    assert entries(session) == [
        (staff.agent, "customer.opened", account.account_no, "来电 问账单", "")
    ]


def test_a_reason_of_nothing_opens_nobody(session, staff, home):
    _user, account = home
    for reason in ("", "  ", "a"):
        with pytest.raises(Refused, match=r"customer\.reason_missing"):
            opening.open_customer(session, staff.agent, account.account_no, reason)
    with pytest.raises(NotFound, match=r"customer\.not_found"):
        opening.open_customer(session, staff.agent, "420000000000", "来电")
    assert entries(session) == []


def test_what_is_over_opens_nobody_and_is_taken_out(session, staff, home):
    _user, account = home
    opening.open_customer(session, staff.agent, account.account_no, "来电")
    with time_machine.travel(NOW + opening.OPEN_FOR, tick=False):
        assert opening.why(session, staff.agent, account.account_no) is None
        assert opening.forget(session) == 1
    assert session.scalar(select(func.count()).select_from(CustomerOpening)) == 0


def test_a_conversation_of_who_sees_the_account_is_a_reason(session, staff, home):
    user, account = home
    stranger = create_user(session)
    own = open_for_user(session, user.id, language="zh")
    foreign = open_for_user(session, stranger.id, language="zh")
    session.flush()
    about = f"conversation {own.id}"
    assert opening.why(session, staff.agent, account.account_no, about) == Why("", about)
    for wrong in (f"conversation {foreign.id}", "conversation 0", f"conversation {own.id} ", "x"):
        assert opening.why(session, staff.agent, account.account_no, wrong) is None


def test_a_request_about_the_account_is_a_reason(session, staff, home):
    user, account = home
    _other_user, other = create_customer(session)
    asker, told = Asker.of_user(user.id), TOLD["meter_check"]
    request = asking.apply(session, asker, "meter_check", account.account_no, told, "form-1")
    no = request.request_no
    assert opening.why(session, staff.agent, account.account_no, no) == Why("", no)
    assert opening.why(session, staff.agent, other.account_no, no) is None


def test_seeing_as_somebody_needs_their_link(session, staff, home):
    user, account = home
    stranger = create_user(session)
    colleague = create_user(session, staff_role="agent")
    create_link(session, colleague, account)
    for other in (stranger.id, colleague.id, 0):
        with pytest.raises(NotFound, match=r"customer\.not_found"):
            opening.open_as(session, staff.agent, account.account_no, other, Why("来电"))
    opening.open_as(session, staff.agent, account.account_no, user.id, Why("", "BX2612110001"))
    assert entries(session) == [
        (staff.agent, "customer.as", account.account_no, "BX2612110001", f"user {user.id}")
    ]
    opened, person = opening.viewing(session, staff.agent, account.account_no, user.id)
    assert (opened.until, person.id) == (NOW + timedelta(minutes=15), user.id)
    assert opening.viewing(session, staff.lead, account.account_no, user.id) is None
    assert opening.why(session, staff.agent, account.account_no) is None


def test_seeing_ends_when_said_and_with_the_link(session, staff, home):
    user, account = home
    opening.open_as(session, staff.agent, account.account_no, user.id, Why("来电"))
    opening.close_as(session, staff.agent, account.account_no)
    assert opening.viewing(session, staff.agent, account.account_no, user.id) is None
    opening.open_as(session, staff.agent, account.account_no, user.id, Why("来电"))
    user.disabled_at = NOW
    session.flush()
    assert opening.viewing(session, staff.agent, account.account_no, user.id) is None
