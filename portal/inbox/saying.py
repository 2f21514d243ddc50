"""A message of the inbox in words, in the language of whoever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from notifications.inbox import Told
from portal.i18n import gettext as _
from portal.inbox import outages, requests, wording
from portal.inbox.outages import Known
from portal.inbox.said import Said
from service.outages import finding


@dataclass(frozen=True)
class Line:
    """A row of the list: its words, when it was told, and whether it was read."""

    id: int
    said: Said
    at: datetime
    is_read: bool


def lines(session: Session, told: Sequence[Told]) -> list[Line]:
    """The messages in words; the outages that they name are read at once."""
    numbers = {each.params["outage_no"] for each in told if "outage_no" in each.params}
    known = finding.known(session, numbers)
    worded = wording.said(session, [each for each in told if not _is_own(each.kind)])
    return [
        Line(each.id, worded.get(each.id) or said(each, known), each.at, each.is_read)
        for each in told
    ]


def said(told: Told, known: Known) -> Said:
    """One message; `known` holds the outage that it names. Raises KeyError for an unknown kind."""
    room, _dot, what = told.kind.partition(".")
    match room:
        case "request":
            return requests.said(what, told.params)
        case "desk":
            return requests.said_at_desk(what, told.params)
        case "outage":
            return outages.said(what, told.params, known, told.at)
        case "talk":
            return Said(_("客服回您了"), _("在“问灯火”里看。"), url_for("chat.index"))
    raise KeyError(told.kind)


def _is_own(kind: str) -> bool:
    """Whether this room says it itself, rather than the wordings that the desk may change."""
    room, _dot, what = kind.partition(".")
    if room == "desk":
        return what in requests.AT_DESK
    return room in ("outage", "talk") or (room == "request" and what in requests.SAID)
