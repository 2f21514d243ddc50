"""Entering the demo utility's customers into the core's books."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import feed, published
from core.demo.roster import Supply
from core.models import Account, Meter, ServicePoint, TariffAssignment
from runtime import clock
from runtime.crypto import blind_index

METERS_SINCE = date(2019, 6, 3)
"""When smart meters were fitted everywhere that was supplied before."""


def found(session: Session, supplies: Sequence[Supply], exchange: date) -> int:
    """Enter the accounts that are not known yet; the answer is how many.

    The home whose meter is exchanged gets its new one on the day `exchange`.
    """
    numbers = [supply.account_no for supply in supplies]
    known = set(session.scalars(select(Account.account_no).where(Account.account_no.in_(numbers))))
    new = [supply for supply in supplies if supply.account_no not in known]
    changes: list[feed.Change] = []
    for supply in new:
        changes += _enter(session, supply, exchange)
    if changes:
        feed.append(session, changes)
    return len(new)


def _enter(session: Session, supply: Supply, exchange: date) -> list[feed.Change]:
    account = _account(supply)
    session.add(account)
    session.flush()
    point = ServicePoint(
        service_point_no=supply.service_point_no,
        account_id=account.id,
        address=supply.address,
        area=supply.area,
        contract_kva=supply.contract_kva,
    )
    session.add(point)
    session.flush()
    session.add(
        TariffAssignment(service_point_id=point.id, since=supply.opened, tariff=supply.tariff)
    )
    meters = _meters(supply, point.id, exchange)
    session.add_all(meters)
    session.flush()
    return [
        published.account(account),
        published.service_point(point, supply.account_no, supply.tariff),
        *(published.meter(meter, point.service_point_no) for meter in meters),
        published.balance(supply.account_no, 0, clock.now()),
    ]


def _account(supply: Supply) -> Account:
    return Account(
        account_no=supply.account_no,
        customer_no=supply.customer_no,
        holder_name=supply.holder_name,
        phone=supply.phone,
        phone_index=blind_index(supply.phone, "core.account.phone"),
        address=supply.address,
        kind=supply.kind,
        settlement="prepaid" if supply.habit == "prepaid" else "postpaid",
        people=supply.people,
        low_income=supply.low_income,
        opened=supply.opened,
    )


def _meters(supply: Supply, point_id: int, exchange: date) -> list[Meter]:
    first = Meter(
        meter_no=supply.meter_no(1),
        service_point_id=point_id,
        interval=supply.interval,
        digits=_digits(supply),
        installed=max(supply.opened, METERS_SINCE),
    )
    if supply.event != "exchange":
        return [first]
    first.removed = exchange
    second = Meter(
        meter_no=supply.meter_no(2), service_point_id=point_id, interval=True, installed=exchange
    )
    return [first, second]


def _digits(supply: Supply) -> int:
    """Whole kWh digits: large users' dials have eight."""
    if supply.event == "rollover":
        return 5
    return 8 if supply.kind == "industrial" else 6
