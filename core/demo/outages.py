"""Outages of the demo utility: some behind, one going on, some ahead, by the calendar.

Which days have one follows from the date alone, so building again adds what the time has brought
and nothing twice. The fault that goes on is today's: one of an earlier day is restored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.demo.roster import dice
from core.outages import work
from core.outages.models import Outage
from runtime import clock
from runtime.database import Database

BEHIND, AHEAD = 21, 9
"""Days that are looked at. Every plan comes once in nine days, so that each is among them."""

PLAN_EVERY, FAULT_EVERY, CALLED_OFF_EVERY = 3, 5, 4
ANNOUNCED = timedelta(days=10)
CALLED_OFF = timedelta(hours=30)
FAULT_BEGAN, FAULT_LASTS = timedelta(minutes=80), timedelta(hours=3)
"""Of the fault that goes on: since when, and until when the crew expects it to last."""

FIVE_MINUTES = timedelta(minutes=5)
KEY = "demo-outage"


@dataclass(frozen=True, slots=True)
class Story:
    """What an outage is about. `begins` is on the wall in China."""

    areas: tuple[str, ...]
    places: tuple[str, ...]
    code: str
    reason: str
    begins: time
    lasts: timedelta


PLANS = (
    Story(
        ("江城东-03",),
        ("梧桐里 9–12 栋", "临江苑 1–4 栋", "青杉湾 1–9 号", "柳荫路 1–40 号"),
        "maintenance",
        "10 千伏梧桐线计划检修，更换老旧电缆，电梯会停",
        time(9),
        timedelta(hours=2, minutes=30),
    ),
    Story(
        ("江城西-05",),
        ("纺织东路 1–9 号", "码头路 60–70 号"),
        "maintenance",
        "纺织东路配电站设备年检",
        time(6, 30),
        timedelta(hours=2),
    ),
    Story(
        ("江城东-01", "江城东-02"),
        ("桂花巷", "听雨轩 1–10 栋", "望江门 2–8 栋"),
        "upgrade",
        "望江门道路改造，电缆移到地下",
        time(13, 30),
        timedelta(hours=3),
    ),
)
FAULTS = (
    Story(
        ("江城东-04",),
        ("石桥头 1–6 栋",),
        "weather",
        "大风刮断架空线",
        time(19, 20),
        timedelta(hours=1, minutes=45),
    ),
    Story(
        ("江城东-03",),
        ("梧桐里", "青杉湾"),
        "fault",
        "电缆接头烧坏，已换好",
        time(20, 5),
        timedelta(minutes=55),
    ),
)
GOING_ON = Story(
    ("江城东-05", "江城西-05"),
    ("纺织东路", "码头路", "听雨轩 11–16 栋"),
    "fault",
    "10 千伏纺织线跳闸，正在沿线查找",
    time(),
    FAULT_LASTS,
)


def bring_up_to_date(database: Database) -> int:
    """Announce what is missing and bring on what has begun or ended; how many there are."""
    with database.unit_of_work() as session:
        known = _known(session)
        for key, kind, story, starts_at in _stories(clock.now()):
            if key not in known:
                _announce(session, key, kind, story, starts_at)
        rows = list(_rows(session))
        for row in rows:
            _bring_on(session, row, clock.now())
        return len(rows)


def _stories(now: datetime) -> Iterator[tuple[str, str, Story, datetime]]:
    today = clock.civil_date(now)
    for number in range(-BEHIND, AHEAD + 1):
        day = today + timedelta(days=number)
        place = day.toordinal()
        if place % PLAN_EVERY == 0:
            story = PLANS[place // PLAN_EVERY % len(PLANS)]
            yield f"{KEY}-{day}-plan", "planned", story, _on(day, story.begins)
        if number < 0 and place % FAULT_EVERY == 0:
            story = FAULTS[place // FAULT_EVERY % len(FAULTS)]
            yield f"{KEY}-{day}-storm", "unplanned", story, _on(day, story.begins)
    yield f"{KEY}-{today}-fault", "unplanned", GOING_ON, _rounded(now - FAULT_BEGAN)


def _announce(session: Session, key: str, kind: str, story: Story, starts_at: datetime) -> None:
    notice = work.Notice(
        kind=kind,
        areas=story.areas,
        places=story.places,
        reason_code=story.code,
        reason=story.reason,
        starts_at=starts_at,
        expected_end_at=starts_at + story.lasts,
    )
    said_at = starts_at - ANNOUNCED if kind == "planned" else starts_at + FIVE_MINUTES
    work.announce(session, key, notice, ANNOUNCED.days, announced_at=said_at)


def _bring_on(session: Session, row: Outage, now: datetime) -> None:
    """What the utility would have told meanwhile."""
    wanted = _told_since(row, now)
    if wanted and row.state not in work.OVER:
        work.change(session, row.outage_no, wanted, notice_days=0)


def _told_since(row: Outage, now: datetime) -> dict[str, object]:
    expected = row.expected_end_at or row.starts_at + FAULT_LASTS
    if row.idempotency_key == f"{KEY}-{clock.civil_date(now)}-fault":
        return {"expected_end_at": _rounded(now) + FAULT_LASTS} if expected <= now else {}
    if _is_called_off(row):
        off_at = row.starts_at - CALLED_OFF
        return {"state": "cancelled", "ended_at": off_at} if off_at <= now else {}
    if row.starts_at > now:
        return {}
    if expected > now and not row.idempotency_key.endswith("-fault"):
        return {"state": "ongoing"}
    return {"state": "restored", "ended_at": min(expected - _sooner(row), now)}


def _is_called_off(row: Outage) -> bool:
    """Every fourth plan, and never one of the homes that the demo shows."""
    number = clock.civil_date(row.starts_at).toordinal() // PLAN_EVERY
    plan = row.idempotency_key.endswith("-plan")
    return plan and number % CALLED_OFF_EVERY == 0 and row.areas != list(PLANS[0].areas)


def _sooner(row: Outage) -> timedelta:
    """How much before the expected end the power was back."""
    return timedelta(minutes=int(dice(row.idempotency_key, "back").integers(0, 25)))


def _known(session: Session) -> set[str]:
    query = select(Outage.idempotency_key).where(Outage.idempotency_key.startswith(KEY))
    return set(session.scalars(query))


def _rows(session: Session) -> Iterator[Outage]:
    query = select(Outage).where(Outage.idempotency_key.startswith(KEY)).order_by(Outage.id)
    yield from session.scalars(query)


def _on(day: date, begins: time) -> datetime:
    midnight = clock.civil_midnight(day)
    return midnight + timedelta(hours=begins.hour, minutes=begins.minute)


def _rounded(when: datetime) -> datetime:
    """Down to five minutes, as people tell a time."""
    past = timedelta(minutes=when.minute % 5, seconds=when.second, microseconds=when.microsecond)
    return when - past
