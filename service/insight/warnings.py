"""Warnings of firms whose usage fell: found by night, told once, seen by a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ARRAY, Text, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import NotFound, Refused
from service import audit
from service.events import UsageFell
from service.insight.falling import Fall, fall_of, spans
from service.insight.models import UsageWarning
from service.insight.rules import Falling
from service.insight.scored import Piece, pieces_from
from service.models import Account

MOST_NOTE = 300
SHOWN = 50
SEEN = "usage.seen"
"""The deed in the trail."""


@dataclass(frozen=True)
class Warned:
    """A warning and the account that it is about."""

    warning: UsageWarning
    account: Account

    @property
    def percent(self) -> int:
        """By how many percent the usage fell."""
        return round(100 * (1 - self.warning.recent_wh / self.warning.usual_wh))


def firms(session: Session, rules: Falling) -> list[Piece]:
    """The accounts that are watched, in pieces."""
    asked_for = {"kinds": list(rules.kinds), "size": rules.chunk}
    return pieces_from([str(each) for each in session.scalars(_STARTS, asked_for)])


def find_falls(session: Session, first: str, until: str | None, rules: Falling) -> int:
    """Look at the firms from one number to before another; returns how many new warnings came.

    Each is told in the transaction that writes it. A firm has one open warning at a time, and for
    `quiet_days` none follows another.
    """
    yesterday = clock.today() - timedelta(days=1)
    asked_for = {"first": first, "until": until, "kinds": list(rules.kinds)}
    numbers = list(session.scalars(_FIRMS, asked_for | _quiet(yesterday, rules)))
    use = daily_use(session, numbers, yesterday, rules)
    found = {number: fall_of(use.get(number, {}), yesterday, rules) for number in numbers}
    return sum(_warn(session, number, fall) for number, fall in found.items() if fall)


def daily_use(
    session: Session, numbers: Sequence[str], yesterday: date, rules: Falling
) -> Mapping[str, Mapping[date, int]]:
    """Wh of the days of each account of which all meters in service are known whole."""
    (first, last), (year_first, year_last) = spans(yesterday, rules)
    asked_for = {"accounts": list(numbers), "first": first, "last": last}
    asked_for |= {"year_first": year_first, "year_last": year_last}
    found: dict[str, dict[date, int]] = {}
    for number, day, wh in session.execute(_DAYS, asked_for):
        found.setdefault(number, {})[day] = int(wh)
    return found


def open_warnings(session: Session) -> list[Warned]:
    """Those that nobody has seen, the one found first in front; at most `SHOWN`."""
    query = (
        select(UsageWarning, Account)
        .join(Account, Account.account_no == UsageWarning.account_no)
        .where(UsageWarning.state == "open")
        .order_by(UsageWarning.found_at, UsageWarning.id)
        .limit(SHOWN)
    )
    return [Warned(warning, account) for warning, account in session.execute(query)]


def mark_seen(session: Session, warning_id: int, note: str, *, by: int) -> None:
    """Say what is known of a fall; its warning leaves the list.

    Raises NotFound("insight.no_warning") when it is not there or was seen already, and
    Refused("insight.note_missing") without words.
    """
    said = " ".join(note.split())[:MOST_NOTE]
    if not said:
        raise Refused("insight.note_missing")
    seen = (
        update(UsageWarning)
        .where(UsageWarning.id == warning_id, UsageWarning.state == "open")
        .values(state="seen", seen_by=by, seen_at=clock.now(), note=said)
        .returning(UsageWarning.account_no)
    )
    account_no = session.scalar(seen)
    if account_no is None:
        raise NotFound("insight.no_warning")
    audit.record(session, by=by, deed=SEEN, subject=account_no, reason=said)


def _quiet(yesterday: date, rules: Falling) -> dict[str, date]:
    return {"quiet_since": yesterday - timedelta(days=rules.quiet_days)}


def _warn(session: Session, number: str, fall: Fall) -> bool:
    """Write a warning and tell of it; False when another transaction was first."""
    added = session.scalar(
        insert(UsageWarning)
        .values(
            account_no=number,
            day=fall.day,
            days=fall.days,
            usual_wh=fall.usual_wh,
            recent_wh=fall.recent_wh,
            year_ago_percent=fall.year_ago_percent,
            found_at=clock.now(),
            state="open",
        )
        .on_conflict_do_nothing(index_elements=["account_no"], index_where=text("state = 'open'"))
        .returning(UsageWarning.id)
    )
    if added is not None:
        events.publish(session, UsageFell(number, fall.day, fall.usual_wh, fall.recent_wh))
    return added is not None


_STARTS = text("""
    SELECT account_no FROM (
        SELECT account_no, row_number() OVER (ORDER BY account_no) - 1 AS place
        FROM account WHERE kind = ANY (:kinds) AND closed IS NULL
    ) AS numbered WHERE place % :size = 0 ORDER BY account_no
""").bindparams(bindparam("kinds", type_=ARRAY(Text)))

_FIRMS = text("""
    SELECT account_no FROM account
    WHERE account_no >= :first AND (CAST(:until AS text) IS NULL OR account_no < :until)
        AND kind = ANY (:kinds) AND closed IS NULL
        AND NOT EXISTS (
            SELECT FROM usage_warning WHERE usage_warning.account_no = account.account_no
                AND (state = 'open' OR day > :quiet_since)
        )
    ORDER BY account_no
""").bindparams(bindparam("kinds", type_=ARRAY(Text)))

# A day counts when every meter that was in service has it, and none of it is missing.
_DAYS = text("""
    WITH place AS MATERIALIZED (
        SELECT service_point.account_no, meter.meter_no, installed, removed
        FROM service_point JOIN meter USING (service_point_no)
        WHERE service_point.account_no = ANY (:accounts)
    ), read AS (
        SELECT meter_no, day, (SELECT sum(wh) FROM unnest(import_wh) AS wh) AS wh FROM meter_day
        WHERE meter_no = ANY (ARRAY(SELECT meter_no FROM place))
            AND (day BETWEEN :first AND :last OR day BETWEEN :year_first AND :year_last)
            AND (quality IS NULL OR quality NOT LIKE '%M%')
        UNION ALL
        SELECT meter_no, day, import_wh FROM daily_use
        WHERE meter_no = ANY (ARRAY(SELECT meter_no FROM place))
            AND (day BETWEEN :first AND :last OR day BETWEEN :year_first AND :year_last)
    ), asked AS (
        SELECT generate_series(:first\\:\\:date, :last\\:\\:date, '1 day')\\:\\:date AS day
        UNION ALL
        SELECT generate_series(:year_first\\:\\:date, :year_last\\:\\:date, '1 day')\\:\\:date
    )
    SELECT account_no, asked.day, sum(wh)
    FROM asked JOIN place
        ON installed <= asked.day AND (removed IS NULL OR asked.day < removed)
    LEFT JOIN read ON read.meter_no = place.meter_no AND read.day = asked.day
    GROUP BY account_no, asked.day HAVING count(*) = count(wh)
""").bindparams(bindparam("accounts", type_=ARRAY(Text)))
