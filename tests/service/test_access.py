import pytest

from runtime import clock
from runtime.errors import Forbidden, NotFound
from service.access import Right, rights_on, visible_account, visible_accounts
from tests.service.builders import create_account, create_customer, create_link, create_user


def test_an_owner_reaches_the_account_for_everything(session):
    user, account = create_customer(session)
    for right in Right:
        assert visible_account(session, user.id, account.account_no, needs=right) is account


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", "see_bills see_usage pay manage_links"),
        ("payer", "see_bills pay"),
        ("family_helper", "see_bills see_usage pay"),
        ("enterprise_admin", "see_bills see_usage pay manage_links"),
        ("enterprise_finance", "see_bills pay"),
        ("enterprise_energy", "see_bills see_usage"),
    ],
)
def test_a_role_may_do_what_it_may_do_and_no_more(session, role, allowed):
    user, account = create_customer(session, role)
    granted = rights_on(session, user.id, account.account_no)
    assert {str(right) for right in granted} == set(allowed.split())
    for right in granted:
        assert visible_account(session, user.id, account.account_no, needs=right) is account
    for right in set(Right) - granted:
        with pytest.raises(Forbidden) as refusal:
            visible_account(session, user.id, account.account_no, needs=right)
        assert refusal.value.code == "account.not_allowed"
        assert refusal.value.params == {"role": role, "needs": str(right)}


def test_for_a_neighbour_the_account_does_not_exist(session):
    _, account = create_customer(session)
    neighbour, _ = create_customer(session)
    with pytest.raises(NotFound) as refusal:
        visible_account(session, neighbour.id, account.account_no, needs=Right.SEE_BILLS)
    with pytest.raises(NotFound) as unknown:
        visible_account(session, neighbour.id, "999999999999", needs=Right.SEE_BILLS)
    assert refusal.value.code == unknown.value.code == "account.not_found"
    assert rights_on(session, neighbour.id, account.account_no) == frozenset()


def test_a_link_that_ended_opens_nothing(session):
    _, account = create_customer(session)
    link = create_link(session, create_user(session), account, "payer")
    assert visible_account(session, link.user_id, account.account_no, needs=Right.PAY) is account
    link.ended_at = clock.now()
    session.flush()
    with pytest.raises(NotFound):
        visible_account(session, link.user_id, account.account_no, needs=Right.PAY)
    assert visible_accounts(session, link.user_id) == []


def test_accounts_come_in_the_order_in_which_they_were_linked(session):
    user = create_user(session)
    later, sooner = create_account(session), create_account(session)
    create_link(session, user, sooner)
    create_link(session, user, later, "payer")
    create_customer(session)
    assert visible_accounts(session, user.id) == [sooner, later]
    assert visible_accounts(session, user.id, needs=Right.SEE_USAGE) == [sooner]
