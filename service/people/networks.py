"""Where a try comes from: networks rather than addresses, and which of them a person knows."""

from ipaddress import IPv6Address, ip_address

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.models import SignInSession, User
from service.people import users

HOME_BITS = 64
"""One IPv6 subscriber has at least a /64, and all its addresses to try from."""


def network(address: str) -> str:
    """What counts as one asker: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(IPv6Address(int(known) >> HOME_BITS << HOME_BITS))


def is_familiar(session: Session, phone: str, address: str) -> bool:
    """Whether the owner of the phone has signed in from this network, as far as is remembered.

    The first of two steps is no sign-in yet.
    """
    seen = session.scalars(
        select(SignInSession.address)
        .join(User, User.id == SignInSession.user_id)
        .where(
            User.phone_index == users.phone_index(phone),
            or_(User.staff_role.is_(None), SignInSession.two_steps_at.is_not(None)),
        )
        .distinct()
    )
    return network(address) in {network(each) for each in seen}
