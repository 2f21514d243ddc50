"""What was said of an outage before, in words, one line for each change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.i18n import gettext as _
from portal.outages import saying
from service.outages import changing, finding
from service.outages.changing import Change
from service.outages.finding import OutageView


@dataclass(frozen=True)
class Past:
    """A change: when it was told, and what it was."""

    at: datetime
    lines: list[str]


def history(session: Session, outage: OutageView) -> list[Past]:
    """The changes of an outage, the last first; those that change nothing readable left out."""
    told = [Past(each.at, _lines(each)) for each in changing.changes(session, outage)]
    return [each for each in told if each.lines]


def _lines(change: Change) -> list[str]:
    before, after = (finding.view(each, change.at) for each in (change.before, change.after))
    if after.ended_at is not None and before.ended_at is None:
        return [saying.sentence(after)]
    told = []
    if before.state != after.state == "ongoing":
        told.append(_("开始停电"))
    if before.starts_at != after.starts_at:
        told.append(
            _("时间从 %(was)s 改到 %(now)s", was=saying.span(before), now=saying.span(after))
        )
    elif before.expected_end_at != after.expected_end_at:
        told.append(_("来电的时间从 %(was)s 改到 %(now)s", was=_until(before), now=_until(after)))
    if (before.places, before.areas) != (after.places, after.areas):
        told.append(_("范围改成 %(places)s", places=saying.where(after)))
    if saying.whole_reason(before) != saying.whole_reason(after):
        told.append(_("原因改成 %(reason)s", reason=saying.whole_reason(after)))
    return told


def _until(outage: OutageView) -> str:
    return saying.until(outage) or _("还不知道")
