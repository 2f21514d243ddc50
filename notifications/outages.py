"""Outages, to those whom they concern.

Whom that is may be half a town, so the sync that brings the news only asks for a job; the job
tells everybody in one statement, and what comes twice is told once.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Text, cast, literal, null, select, text
from sqlalchemy.orm import Session

from notifications import inbox, notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from runtime import clock
from runtime.jobs import BACKOFF, database, defer, jobs
from service.events import OutageAnnounced, OutageChanged, OutageFacts
from service.outages import watching
from service.outages.finding import Phase, known, phase
from service.outages.models import Outage
from service.requests import joining

TIMES = ("state", "starts_at", "expected_end_at", "ended_at")
"""What changes of an outage, its state first."""

ENDS = ("over", "called_off")
WHATS = ("announced", "begun", "moved", "spared", *ENDS)

OLD = timedelta(days=1)
"""An end that is heard of later than this is no news: the first load of a utility brings many."""


def on_announced(session: Session, event: OutageAnnounced) -> None:
    """Tell of an outage that comes or is there; of one that is over nobody is told."""
    if phase(event.outage, clock.now()) in (Phase.NOW, Phase.COMING):
        _ask(session, "announced", event.outage, event.outage.areas)


def on_changed(session: Session, event: OutageChanged) -> None:
    """Tell everybody what the change is for them."""
    for what, areas in _news(event):
        _ask(session, what, event.outage, areas, event.before)


def _news(event: OutageChanged) -> Iterator[tuple[str, Collection[str]]]:
    """What is to be told to which areas. Other words for the reason are no news."""
    now, before = event.outage, event.before
    if now.ended_at is not None:
        if before.ended_at is None and now.ended_at > clock.now() - OLD:
            yield ENDS[now.state == "cancelled"], now.areas
        return
    if phase(now, clock.now()) is Phase.OVER:
        return
    stay, come = set(now.areas) & set(before.areas), set(now.areas) - set(before.areas)
    yield "announced", come
    yield "spared", set(before.areas) - set(now.areas)
    if before.state != now.state == "ongoing":
        yield "begun", stay
    elif (now.starts_at, now.expected_end_at) != (before.starts_at, before.expected_end_at):
        yield "moved", stay


def _ask(
    session: Session,
    what: str,
    outage: OutageFacts,
    areas: Collection[str],
    before: OutageFacts | None = None,
) -> None:
    if not areas:
        return
    told = {"outage_no": outage.outage_no, "now": _times(outage)}
    if before is not None and what == "moved":
        told["before"] = _times(before)
    now = clock.now().isoformat()
    defer(session, tell, what=what, areas=sorted(areas), told=told, at=now)


def _times(outage: OutageFacts) -> dict[str, Any]:
    """What is kept of it in every inbox: where and why the outage itself tells."""
    return {name: msgspec.to_builtins(getattr(outage, name)) for name in TIMES}


@jobs.task(name="notifications.outage", queue="notifications", retry=BACKOFF)
def tell(what: str, areas: list[str], told: dict[str, Any], at: str) -> None:
    """Tell everybody in these areas what happened to an outage.

    Who has reported it is not told that it is over, but asked whether it is (`joining`).
    """
    users = watching.audience(areas)
    if what in ENDS:
        asked = joining.waiting_for(told["outage_no"])
        users = select(users.c.user_id).where(users.c.user_id.not_in(asked)).subquery()
    with database().unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = '10min'"))  # a whole town takes one
        kind, key = f"outage.{what}", _key(what, told)
        inbox.put_to_all(session, users, key, kind, told, datetime.fromisoformat(at))
        nowhere = cast(null(), Notice.account_no.type).label("account_no")
        whom = select(cast(literal(key), Text).label("key"), users.c.user_id, nowhere)
        notices.tell_all(session, kind, whom.subquery(), params=told)


def _key(what: str, told: dict[str, Any]) -> str:
    """An outage can be moved more than once, and each time is told."""
    times = [] if what in ("announced", "spared") else [told["now"][name] for name in TIMES[1:]]
    return ":".join(["outage", told["outage_no"], what, *map(str, times)])


@figures(*(f"outage.{each}" for each in WHATS))
def of_outages(session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """Where and when, as it stands now; nothing of one that is over by now."""
    rows = known(session, {params_of(each)["outage_no"] for each in told})
    return [_figures(rows[params_of(each)["outage_no"]], each, language) for each in told]


def _figures(row: Outage, notice: Notice, language: str) -> Figures | None:
    ends = notice.kind.removeprefix("outage.") in (*ENDS, "spared")
    if not ends and phase(row, clock.now()) not in (Phase.NOW, Phase.COMING):
        return None
    before = params_of(notice).get("before")
    return {
        "where": saying.places(row.places or row.areas, language),
        "when": saying.span(row.starts_at, row.expected_end_at, language),
        "was": _was(before, language) if before else "",
        "expected": _expected(row, language),
        "link": saying.link(f"/outages/{row.outage_no}"),
    }


def _expected(row: Outage, language: str) -> str:
    if row.expected_end_at is None:
        return saying.name("back", "unknown", language)
    when = saying.moment(row.expected_end_at, language)
    return saying.name("back", "known", language, when=when)


def _was(times: dict[str, Any], language: str) -> str:
    start, end = times["starts_at"], times["expected_end_at"]
    return saying.span(
        datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None, language
    )
