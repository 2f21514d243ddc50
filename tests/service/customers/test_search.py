"""A customer is found by what they can name, in whatever spelling, and by nothing less."""

import pytest

from service.customers.search import By, search
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_link,
    create_meter,
    create_service_point,
    create_user,
)

ACCOUNT = "420011875603"


@pytest.fixture
def account(session):
    found = create_account(session, ACCOUNT, holder_name="江城暖阳纺织有限公司（二厂）")
    point = create_service_point(session, found, service_point_no="SP420011875603")
    create_meter(session, point, meter_no="33017742AB")
    create_bill(session, found, bill_no="202610SP42001187560300")
    return found


def numbers(session, typed):
    return [
        (found.by, found.account.account_no if found.account else None, found.number)
        for found in search(session, typed)
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("420011875603", (By.ACCOUNT, ACCOUNT, "")),
        (" 4200 1187 5603 ", (By.ACCOUNT, ACCOUNT, "")),
        ("４２００－１１８７－５６０３", (By.ACCOUNT, ACCOUNT, "")),
        ("33017742ab", (By.METER, ACCOUNT, "33017742AB")),
        ("202610SP42001187560300", (By.BILL, ACCOUNT, "202610SP42001187560300")),
        ("sp420011875603", (By.PLACE, ACCOUNT, "SP420011875603")),
        ("江城暖阳纺织有限公司(二厂)", (By.HOLDER, ACCOUNT, "")),
        ("江城 暖阳纺织有限公司（二厂）", (By.HOLDER, ACCOUNT, "")),
    ],
)
def test_one_way_of_naming_finds_one_account(session, account, typed, found):
    create_account(session)
    assert numbers(session, typed) == [found]


@pytest.mark.parametrize(
    "typed", ["", "  ", "暖", "暖阳", "江城暖阳纺织有限公司", "42001187560", "%"]
)
def test_a_part_of_a_name_or_number_finds_nobody(session, account, typed):
    assert numbers(session, typed) == []


def test_everybody_of_a_name_is_found_those_in_service_first(session):
    from datetime import date

    closed = create_account(session, "420000000001", closed=date(2026, 1, 1))
    living = create_account(session, "420000000002")
    create_account(session, "420000000003", holder_name="王建国")
    found = search(session, "王建华")
    assert [each.account.account_no for each in found] == [living.account_no, closed.account_no]


def test_a_phone_finds_the_accounts_it_is_registered_with_and_those_of_its_user(session):
    helper, own = create_customer(session, phone="13900000009")
    registered = create_account(session, phone="138 0000 2046")
    user = create_user(session, phone="13800002046", name="李梅")
    create_link(session, user, own, "family_helper")
    assert numbers(session, "+86 138-0000-2046") == [
        (By.HOLDER_PHONE, registered.account_no, ""),
        (By.USER_PHONE, own.account_no, ""),
    ]
    assert numbers(session, helper.phone) == [(By.USER_PHONE, own.account_no, "")]


def test_a_user_without_an_account_is_found_and_the_utilitys_own_are_not(session):
    user = create_user(session, phone="13800002046")
    create_user(session, phone="13800009600", staff_role="agent")
    (found,) = search(session, "13800002046")
    assert (found.by, found.account, found.user.id) == (By.USER_PHONE, None, user.id)
    assert search(session, "13800009600") == []


def test_a_landline_of_a_firm_is_found(session):
    firm = create_account(session, phone="027-88886666")
    assert numbers(session, "02788886666") == [(By.HOLDER_PHONE, firm.account_no, "")]


def test_a_phone_is_not_found_under_the_index_of_another_column(session):
    """The same digits have another index as a name and in every other column."""
    create_account(session, holder_name="13800002046", phone="13900000000")
    assert search(session, "13800002046") == []
