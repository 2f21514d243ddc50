"""What whoever comes to a customer has to know of them, and no more."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import dues
from service.models import Account, Meter, ServicePoint
from service.requests.models import Request

EARLIER = 5
"""Requests of before that are shown."""


@dataclass(frozen=True)
class MeterThere:
    """A meter that hangs there now; `interval`: it measures quarter-hours."""

    meter_no: str
    interval: bool
    tariff: str


@dataclass(frozen=True)
class CustomerFile:
    """A customer in short. `phone` is the one told with the request; `arrears`: bills are late."""

    account: Account | None
    phone: str | None
    meters: list[MeterThere]
    arrears: bool
    earlier: list[Request]

    @property
    def meter_nos(self) -> frozenset[str]:
        return frozenset(each.meter_no for each in self.meters)


def file_of(session: Session, request: Request) -> CustomerFile:
    """The customer of a request, for whoever does a job there."""
    account_no = request.account_no
    return CustomerFile(
        account=session.get(Account, account_no) if account_no else None,
        phone=request.phone,
        meters=meters(session, account_no) if account_no else [],
        arrears=_is_late(session, account_no) if account_no else False,
        earlier=_earlier(session, request),
    )


def meters(session: Session, account_no: str) -> list[MeterThere]:
    """The meters in service of an account."""
    query = (
        select(Meter.meter_no, Meter.interval, ServicePoint.tariff)
        .join(ServicePoint, ServicePoint.service_point_no == Meter.service_point_no)
        .where(ServicePoint.account_no == account_no, Meter.removed.is_(None))
        .order_by(Meter.meter_no)
    )
    return [MeterThere(*row) for row in session.execute(query)]


def _is_late(session: Session, account_no: str) -> bool:
    return any(each.days_late for each in dues.dues_of(session, account_no))


def _earlier(session: Session, request: Request) -> list[Request]:
    """Earlier ones of the account, or of the phone where there is no account."""
    if request.account_no is not None:
        same = Request.account_no == request.account_no
    elif request.phone_index is not None:
        same = Request.phone_index == request.phone_index
    else:
        return []
    query = select(Request).where(same, Request.id < request.id)
    return list(session.scalars(query.order_by(Request.id.desc()).limit(EARLIER)))
