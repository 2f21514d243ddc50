"""Binding an account: the proof that a user may see it.

Two proofs are taken: what stands on the bill (account number, holder's name) with the last
four digits of the registered phone, checked by the core; or a code sent to that phone. A
refusal says the same whether the account exists or not.
"""

import re
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime.database import Database
from runtime.errors import Conflict, Refused
from service.models import Account, Link
from service.people import codes, limits
from service.people.links import clean_alias, holds_phone
from service.people.typed import plain

OWN_ROLES = ("owner", "family_helper", "payer")
"""Roles that a person may take with a proof; those of an enterprise are given by its admin."""

_ACCOUNT_NO = re.compile(r"\d{12}", re.ASCII)
LAST4 = re.compile(r"\d{4}", re.ASCII)


class Verifier(Protocol):
    """The part of the core's client that a proof needs."""

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        """Whether all three belong together. Raises Unavailable."""


def normal_account_no(text: str) -> str:
    """Twelve digits without spaces. Raises Refused("account.number_malformed")."""
    number = plain(text)
    if not _ACCOUNT_NO.fullmatch(number):
        raise Refused("account.number_malformed")
    return number


def bind_by_holder(
    database: Database,
    core: Verifier,
    user_id: int,
    account_no: str,
    *,
    holder_name: str,
    phone_last4: str,
    role: str,
    alias: str | None = None,
) -> str:
    """Link the account when the core confirms name and phone; returns its number.

    The try is counted and committed before the core is asked, and no connection is held while
    it answers; that is why this takes the database rather than a session. Raises
    Refused("binding.not_verified"), "account.not_synced", "account.number_malformed",
    "binding.ended_by_owner", Conflict("account.already_bound"), TooManyTries,
    Unavailable("core.unavailable").
    """
    number = normal_account_no(account_no)
    with database.unit_of_work() as session:
        _begin(session, user_id, number)
        _refuse_whom_an_owner_ended(session, user_id, number)
    holder, last4 = holder_name.strip(), plain(phone_last4)
    if not holder or not LAST4.fullmatch(last4) or not core.verify(number, holder, last4):
        raise Refused("binding.not_verified")
    with database.unit_of_work() as session:
        _link(session, user_id, number, role, alias)
        limits.take_back(session, limits.BIND_USER, str(user_id))
        limits.take_back(session, limits.BIND_ACCOUNT, number)
    return number


def send_bind_code(
    session: Session, user_id: int, account_no: str, *, address: str, language: str
) -> str:
    """Send a code to the phone registered with the account, if there is one.

    Returns the account number. For an unknown account nothing is sent and nothing is said.
    Raises Refused("account.number_malformed"), "code.too_soon", Conflict, TooManyTries.
    """
    number = normal_account_no(account_no)
    _begin(session, user_id, number)
    phone = session.scalars(
        select(Account.phone).where(Account.account_no == number, Account.closed.is_(None))
    ).one_or_none()
    subject = _code_subject(user_id, number)
    codes.send_code(session, codes.BIND, phone, subject=subject, address=address, language=language)
    return number


def bind_by_code(
    session: Session, user_id: int, account_no: str, code: str, *, role: str, alias: str | None
) -> str:
    """Link the account with the code that its registered phone received; returns its number.

    Raises the refusals of `codes.use_code`, Conflict("account.already_bound"), TooManyTries.
    """
    number = normal_account_no(account_no)
    limits.require(session, limits.BIND_USER, str(user_id))
    _refuse_second_link(session, user_id, number)
    try:
        codes.use_code(session, codes.BIND, _code_subject(user_id, number), code)
    except Refused:
        limits.count(session, limits.BIND_USER, str(user_id))
        raise
    _link(session, user_id, number, role, alias)
    return number


def _begin(session: Session, user_id: int, account_no: str) -> None:
    """Spend a try of this user and of this account.

    What others have tried at an account does not keep out whoever holds its registered phone.
    """
    limits.require(session, limits.BIND_USER, str(user_id))
    if not holds_phone(session, user_id, account_no):
        limits.require(session, limits.BIND_ACCOUNT, account_no)
    _refuse_second_link(session, user_id, account_no)
    limits.count(session, limits.BIND_USER, str(user_id))
    limits.count(session, limits.BIND_ACCOUNT, account_no)


def _link(session: Session, user_id: int, account_no: str, role: str, alias: str | None) -> None:
    if role not in OWN_ROLES:
        raise Refused("binding.role_unknown")
    if not session.scalar(select(exists().where(Account.account_no == account_no))):
        raise Refused("account.not_synced")
    linked = session.execute(
        insert(Link)
        .values(user_id=user_id, account_no=account_no, role=role, alias=clean_alias(alias))
        .on_conflict_do_nothing(
            index_elements=[Link.user_id, Link.account_no], index_where=Link.ended_at.is_(None)
        )
        .returning(Link.id)
    )
    if linked.one_or_none() is None:
        raise Conflict("account.already_bound")


def _refuse_second_link(session: Session, user_id: int, account_no: str) -> None:
    if session.scalar(
        select(
            exists().where(
                Link.user_id == user_id, Link.account_no == account_no, Link.ended_at.is_(None)
            )
        )
    ):
        raise Conflict("account.already_bound")


def _refuse_whom_an_owner_ended(session: Session, user_id: int, account_no: str) -> None:
    """Whom an owner has put out knows what stands on the bill; only the code lets them in again."""
    if session.scalar(
        select(
            exists().where(
                Link.user_id == user_id,
                Link.account_no == account_no,
                Link.ended_by != user_id,
            )
        )
    ):
        raise Refused("binding.ended_by_owner")


def _code_subject(user_id: int, account_no: str) -> str:
    return f"{user_id}/{account_no}"
