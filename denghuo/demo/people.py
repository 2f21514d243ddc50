"""The demo's log-ins: who they are, and which of the utility's accounts they see."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from denghuo.house import HouseError, Place
from runtime import crypto
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.secrets import ensure_secret
from runtime.settings import CryptoSettings, load
from service.models import Account, Link, User
from service.people.passwords import hash_password
from service.people.users import add_user, find_by_phone

WORDS = ("lamp", "river", "window", "evening", "bridge", "cedar", "harbour", "meadow")
STAFF = (
    ("13800009600", "林小满", "agent", "Staff: the counter"),
    ("13800009603", "沈知秋", "lead", "Staff: leads the desk, writes its ready replies"),
    ("13800009601", "方敏", "finance", "Staff: finance, asks"),
    ("13800009602", "陆远山", "finance", "Staff: finance, the second person who approves"),
    ("13800009604", "贺长川", "field", "Staff: field, repairs and visits"),
    ("13800009605", "苏一帆", "field", "Staff: field, the colleague"),
    ("13800009606", "顾明微", "inspector", "Staff: reads the trail of who looked at whom"),
    ("13800009607", "程牧之", "admin", "Staff: gives and takes roles"),
)
"""Phone, name, role and a note on each of the utility's own people."""


@dataclass(frozen=True)
class Resident:
    """A log-in of the demo."""

    phone: str
    name: str
    note: str


@dataclass(frozen=True)
class Household:
    """A named person of the utility, by role, and the accounts of others that they help with."""

    role: str
    link: str = "owner"
    also: tuple[tuple[str, str, str | None], ...] = ()  # (role of the account, link, alias)
    alias: str | None = None
    elder: bool = False


HOUSEHOLDS = (
    Household(
        "home",
        alias="自己家",
        also=(("second-home", "owner", "出租"), ("elders", "family_helper", "爸妈家")),
    ),
    Household("elders", elder=True),
    Household("pv-home"),
    Household("prepaid-home"),
    Household("shop"),
    Household("enterprise", link="enterprise_admin"),
    Household("small-enterprise", link="enterprise_admin"),
)


def password(var: Path) -> str:
    """The one password of all demo log-ins, made at the first start."""
    return ensure_secret(var / "secrets" / "demo_password", _new_password)


def settle(place: Place, people: list[dict[str, str]]) -> list[Resident]:
    """Give every household its log-in and its links; a second call changes nothing."""
    settings = load(CryptoSettings, var=place.var)
    crypto.use_keys(KeyRing.from_settings(settings))
    database = Database.from_settings(settings)
    named = {person["role"]: person for person in people}
    try:
        with database.unit_of_work() as session:
            residents = [_settle_one(session, place.var, named, each) for each in HOUSEHOLDS]
            residents += [_settle_staff(session, place.var, *each) for each in STAFF]
    finally:
        database.dispose()
    return residents


def _settle_one(
    session: Session, var: Path, named: dict[str, dict[str, str]], household: Household
) -> Resident:
    person = named[household.role]
    user = _user(session, var, person["phone"], person["holder_name"])
    user.elder_mode = household.elder
    own = (household.role, household.link, household.alias)
    for role, link, alias in (own, *household.also):
        for account_no in _accounts(session, named[role]["account_no"], link):
            _link(session, user, account_no, link, alias)
    return Resident(
        person["phone"], person["holder_name"], f"{person['holder_name']}  {person['note']}"
    )


def _settle_staff(
    session: Session, var: Path, phone: str, name: str, role: str, note: str
) -> Resident:
    user = _user(session, var, phone, name)
    user.staff_role = role
    return Resident(phone, name, f"{name}  {note}")


def _user(session: Session, var: Path, phone: str, name: str) -> User:
    found = find_by_phone(session, phone)
    if found is not None:
        return found
    hashed = hash_password(password(var), phone)
    return add_user(session, phone, password_hash=hashed, name=name)


def _accounts(session: Session, account_no: str, link: str) -> list[str]:
    """The account itself, or for a firm all of its accounts. Raises HouseError."""
    account = session.get(Account, account_no)
    if account is None:
        raise HouseError(f"Account {account_no} has not reached the customer side; see var/log.")
    if not link.startswith("enterprise") or account.customer_no is None:
        return [account_no]
    same = select(Account.account_no).where(Account.customer_no == account.customer_no)
    return list(session.scalars(same.order_by(Account.account_no)))


def _link(session: Session, user: User, account_no: str, role: str, alias: str | None) -> None:
    values = {"user_id": user.id, "account_no": account_no, "role": role, "alias": alias}
    session.execute(insert(Link).values(values).on_conflict_do_nothing())


def _new_password() -> str:
    return "-".join(
        [secrets.choice(WORDS), secrets.choice(WORDS), f"{secrets.randbelow(10**6):06d}"]
    )
