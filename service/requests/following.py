"""What the core's change feed says of service orders, brought to the requests they are for.

A request is found by the number that its order was told, or by the order's own. A change moves a
request only when it is newer than the last one (`core_seq`) and further than the desk has come
itself, so whatever comes twice, late or as an echo is harmless; orders of nobody's request are
passed over.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.requests import moving
from service.requests.models import Request

_TOLD = re.compile(r"([A-Z]{2}[0-9]{10,14})(?:-([0-9]{1,4}))?", re.ASCII)
"""The number of a request, and how often it had been opened again (`carrying.order_key`)."""


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
    """An order of before a request was opened again is nobody's."""
    named: ColumnElement[bool] = Request.core_order_no == news.service_order_no
    if told := _TOLD.fullmatch(news.request_no or ""):
        number, opening = told[1], int(told[2] or 0)
        named |= (Request.request_no == number) & (Request.reopened == opening)
    found = select(Request).where(named).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).first()
