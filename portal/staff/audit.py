"""`/desk/audit`: the trail, by person, number and day; and a part of it as a file."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from portal import words
from portal.errors import status_of
from portal.files import table
from portal.security import asker_id
from portal.staff import naming
from portal.staff.frame import AUDIT, desk
from portal.staff.people import ROLES
from portal.staff.trail import DEEDS
from runtime import clock
from runtime.errors import Refused
from service import audit
from service.audit import MOST_REASON, reading
from service.audit.reading import Line, Wanted
from service.people.typed import plain

MOST_NUMBER = 80
MOST_ID = 2**63 - 1

_WORDS = re.compile(
    r"[a-z]+( \d+)?|first admin|queue of \d+|user \d+ /\S*|[0-9]+ (bills|usage)"
    r"|[a-z0-9_.]+/[a-z]+/(zh|en)",
    re.ASCII,
)

blueprint = desk("audit", __name__, _l("留痕"), AUDIT, icon="ear")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """A page of it, the newest first."""
    return _page(request.args)


@blueprint.post("/file")
def fetch() -> ResponseReturnValue:
    """What is shown as a file, in Chinese or English; taking it away is in the trail too."""
    wanted = _wanted(request.form)
    kept = _kept(wanted)
    try:
        audit.record(
            g.session,
            by=asker_id(),
            deed=audit.EXPORTED,
            subject="audit",
            reason=request.form.get("reason", ""),
        )
    except Refused as refusal:
        return _page(MultiDict(kept), words.refusal(refusal)), status_of(refusal)
    return table(_rows(reading.all_of(g.session, wanted)), _file_name(wanted))


def _page(asked: MultiDict[str, str], said: str | None = None) -> str:
    wanted = _wanted(asked)
    lines = reading.page(g.session, wanted, _whole(asked.get("before")))
    more = len(lines) > reading.PAGE
    shown = lines[: reading.PAGE]
    kept = _kept(wanted)
    older = {**kept, "before": shown[-1].entry.id} if more else None
    return render_template(
        "staff/audit.html",
        lines=shown,
        older=older,
        later="before" in asked,
        wanted=wanted,
        kept=kept,
        said=said,
        people=reading.who(g.session),
        deeds=DEEDS,
        deed_name=deed_name,
        names=naming.names(g.session, [line.entry for line in shown]),
        reason=naming.reason,
        roles=ROLES,
        most_reason=MOST_REASON,
        most_number=MOST_NUMBER,
        most_lines=reading.MOST,
        today=clock.today(),
    )


def _wanted(asked: MultiDict[str, str]) -> Wanted:
    """What the form asks for; what cannot be read is not asked for."""
    deed = asked.get("deed", "")
    return Wanted(
        user_id=_whole(asked.get("who")),
        number=_number(asked.get("number", "")),
        first=_day(asked.get("first")),
        last=_day(asked.get("last")),
        deed=deed if deed in DEEDS else "",
    )


def _kept(wanted: Wanted) -> dict[str, str]:
    """The same as fields of an address or a form."""
    every = {
        "who": wanted.user_id,
        "number": wanted.number,
        "first": wanted.first,
        "last": wanted.last,
        "deed": wanted.deed,
    }
    return {name: str(value) for name, value in every.items() if value}


def _number(text: str) -> str:
    """A number as it is kept: typed in groups or small letters, but `user 12` has its space."""
    kept = " ".join(text.split())[:MOST_NUMBER]
    return kept if _WORDS.fullmatch(kept) else plain(kept).upper()


def _whole(text: str | None) -> int | None:
    """A row's number; None for what is none."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:20]), MOST_ID)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def deed_name(deed: str) -> str:
    """A deed in words; one that no room has named by its code."""
    return str(DEEDS.get(deed, deed))


def _rows(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    yield (
        _("序号"),
        _("时间"),
        _("谁"),
        _("岗位"),
        _("做了什么"),
        _("对象"),
        _("为什么"),
        _("为哪件事"),
        _("网络地址"),
    )
    for line in lines:
        entry = line.entry
        yield (
            str(entry.number),
            f"{entry.at.astimezone(clock.BEIJING):%Y-%m-%d %H:%M:%S}",
            line.name or str(entry.user_id),
            str(ROLES[line.role][0]) if line.role else "",
            deed_name(entry.deed),
            entry.subject,
            entry.reason or "",
            entry.about,
            entry.address,
        )


def _file_name(wanted: Wanted) -> str:
    """`audit-2026-12-01-2026-12-15.csv`."""
    days = [day.isoformat() for day in (wanted.first, wanted.last) if day]
    return "-".join(["audit", *days]) + ".csv"
