"""Finding a customer by what they can name: a number, a name, a phone.

What is typed is read in one spelling (`runtime.crypto.normalise`): blanks, hyphens and full-width
signs do not matter; everything else does, for names and phones are found by blind index alone.
The callers have made sure that whoever asks is of the utility.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from runtime.crypto import blind_index, normalise
from service.models import (
    ACCOUNT_PHONE,
    HOLDER_NAME,
    Account,
    Bill,
    Link,
    Meter,
    ServicePoint,
    User,
)
from service.people.users import phone_index
from service.requests.models import PHONE, Request

MOST = 20
"""Results of one way of finding."""
LONGEST = 60
LEAST_NAME = 2

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PHONE = re.compile(r"1\d{10}|0\d{9,11}", re.ASCII)
_REQUEST = re.compile(r"[A-Z]{2}\d{10,12}", re.ASCII)
_NUMBER = re.compile(r"(?=.*\d)[A-Z0-9]{4,40}", re.ASCII)


class By(StrEnum):
    """What a customer was found by."""

    ACCOUNT = "account"
    METER = "meter"
    BILL = "bill"
    PLACE = "service_point"
    HOLDER = "holder"
    HOLDER_PHONE = "holder_phone"
    USER_PHONE = "user_phone"
    REQUEST = "request"


@dataclass(frozen=True)
class Found:
    """A result: `number` is that of the meter, bill or request.

    A request and a user may have no account yet; `user` is set where somebody's own phone was
    searched.
    """

    by: By
    account: Account | None
    number: str = ""
    user: User | None = None


def search(session: Session, typed: str) -> list[Found]:
    """Everything that goes by what was typed; nothing for what is too short to mean anybody."""
    plain = normalise(typed)[:LONGEST]
    if len(plain) < LEAST_NAME:
        return []
    return list(_found(session, plain))


def _found(session: Session, plain: str) -> Iterator[Found]:
    if _PHONE.fullmatch(plain):
        yield from _of_phone(session, plain)
    if _ACCOUNT.fullmatch(plain):
        yield from _accounts(session, By.ACCOUNT, Account.account_no == plain)
    if _REQUEST.fullmatch(plain):
        yield from _requests(session, Request.request_no == plain)
    if _NUMBER.fullmatch(plain):
        yield from _of_number(session, plain)
    else:
        index = blind_index(plain, HOLDER_NAME)
        yield from _accounts(session, By.HOLDER, Account.holder_name_index == index)


def _of_number(session: Session, plain: str) -> Iterator[Found]:
    """A bill, a meter, a place of supply or a service order of the core, in their own numbers."""
    bill = select(Account, Bill.bill_no).join(Bill, Bill.account_no == Account.account_no)
    yield from _numbered(session, By.BILL, bill.where(Bill.bill_no == plain))
    place = select(Account, ServicePoint.service_point_no).join(
        ServicePoint, ServicePoint.account_no == Account.account_no
    )
    meter = place.with_only_columns(Account, Meter.meter_no).join(
        Meter, Meter.service_point_no == ServicePoint.service_point_no
    )
    yield from _numbered(session, By.METER, meter.where(Meter.meter_no == plain))
    yield from _numbered(session, By.PLACE, place.where(ServicePoint.service_point_no == plain))
    yield from _requests(session, Request.core_order_no == plain)


def _of_phone(session: Session, plain: str) -> Iterator[Found]:
    index = blind_index(plain, ACCOUNT_PHONE)
    yield from _accounts(session, By.HOLDER_PHONE, Account.phone_index == index)
    rows = session.execute(
        select(User, Account)
        .outerjoin(Link, (Link.user_id == User.id) & Link.ended_at.is_(None))
        .outerjoin(Account, Account.account_no == Link.account_no)
        .where(User.phone_index == phone_index(plain), User.staff_role.is_(None))
        .order_by(Link.id)
        .limit(MOST)
    )
    yield from (Found(By.USER_PHONE, account, user=user) for user, account in rows)
    yield from _requests(session, Request.phone_index == blind_index(plain, PHONE))


def _accounts(session: Session, by: By, met: ColumnElement[bool]) -> Iterator[Found]:
    """Those in service first."""
    query = select(Account).where(met).order_by(Account.closed.desc(), Account.account_no)
    yield from (Found(by, account) for account in session.scalars(query.limit(MOST)))


def _numbered(session: Session, by: By, query: Select[Account, str]) -> Iterator[Found]:
    yield from (Found(by, account, number) for account, number in session.execute(query))


def _requests(session: Session, met: ColumnElement[bool]) -> Iterator[Found]:
    """The newest first, with the account that they are for."""
    rows = session.execute(
        select(Request.request_no, Account)
        .outerjoin(Account, Account.account_no == Request.account_no)
        .where(met)
        .order_by(Request.id.desc())
        .limit(MOST)
    )
    yield from (Found(By.REQUEST, account, number) for number, account in rows)
