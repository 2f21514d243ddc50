"""A day of unusual use, and a tier that is nearly used up: for those who may see the use."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from service.access import Right, roles_with
from service.events import TierNear, UnusualUsage
from service.models import Link

READERS = sorted(set(roles_with(Right.SEE_USAGE)) - {"family_helper"})


def on_unusual(session: Session, event: UnusualUsage) -> None:
    """The day and what is usual, once for each day."""
    known = {"day": event.day.isoformat(), "wh": event.wh, "usual_wh": event.usual_wh}
    key = f"usage:{event.service_point_no}:{event.day}"
    _tell(session, "usage.unusual", key, event.account_no, known)


def on_tier_near(session: Session, event: TierNear) -> None:
    """What is left of the tier, once for each tier of a year or month."""
    known = {
        "tier": event.tier + 1,
        "left_kwh": str(round(event.left_kwh)),
        "reached_on": event.reached_on.isoformat(),
        "extra_yuan": str(event.extra_yuan) if event.extra_yuan is not None else None,
    }
    key = f"tier:{event.service_point_no}:{event.cycle}:{event.tier}"
    _tell(session, "usage.tier_near", key, event.account_no, known)


@figures("usage.unusual")
def of_unusual(_session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """kWh of that day and of a usual one."""
    return [_unusual(each, language) for each in told]


@figures("usage.tier_near")
def of_tiers(_session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """Which tier comes when, and what it costs more."""
    return [_tier(each, language) for each in told]


def _unusual(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    return {
        "day": saying.day(date.fromisoformat(known["day"]), language),
        "today": _kwh(known["wh"]),
        "usual": _kwh(known["usual_wh"]),
        "tail": saying.tail(notice.account_no or ""),
        "link": saying.link("/usage"),
    }


def _tier(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    return {
        "tier": str(known["tier"]),
        "left_kwh": known["left_kwh"],
        "day": saying.day(date.fromisoformat(known["reached_on"]), language),
        "more": _more(known["extra_yuan"], language),
        "tail": saying.tail(notice.account_no or ""),
        "link": saying.link("/usage"),
    }


def _more(extra_yuan: str | None, language: str) -> str:
    """What a kWh of the next tier costs more; where the hour decides, only that it does."""
    if extra_yuan is None:
        return saying.name("tier", "dearer", language)
    return saying.name("tier", "by", language, yuan=f"{Decimal(extra_yuan):.2f}")


def _kwh(wh: int) -> str:
    return f"{wh / 1000:.1f}"


def _tell(session: Session, kind: str, key: str, account_no: str, params: dict[str, Any]) -> None:
    readers = select(Link.user_id).where(
        Link.account_no == account_no, Link.ended_at.is_(None), Link.role.in_(READERS)
    )
    users = session.scalars(readers).all()
    notices.tell_each(session, kind, users, account_no, key=key, params=params)
