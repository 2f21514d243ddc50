"""What the core's change feed says of service orders, brought to the requests they are for.

A request is found by the number that its order was told, or by the order's own. A change moves a
request only when it is newer than the last one (`core_seq`) and further than the desk has come
itself, so whatever comes twice, late or as an echo is harmless; orders of nobody's request are
passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.requests import moving
from service.requests.models import Request


@dataclass(frozen=True)
class OrderNews:
    """A change of the core's order: its number in the feed, and the order as it now is."""

    seq: int
    service_order_no: str
    request_no: str | None
    status: str
    at: datetime


def follow(session: Session, news: Iterable[OrderNews]) -> None:
    """Bring requests to where the core says they are."""
    for each in sorted(news, key=lambda one: one.seq):
        request = _request_of(session, each)
        if request is not None and request.core_seq < each.seq:
            request.core_seq = each.seq
            request.core_order_no, request.core_status = each.service_order_no, each.status
            moving.follow_core(session, request, each.status, each.at)
    session.flush()


def _request_of(session: Session, news: OrderNews) -> Request | None:
    named = [Request.core_order_no == news.service_order_no]
    if news.request_no is not None:
        named.append(Request.request_no == news.request_no)
    found = select(Request).where(or_(*named)).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).first()
