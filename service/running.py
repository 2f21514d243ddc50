"""The running month of an account, read once for all that a page says of it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from service import forecast, tiers, usage
from service.access import Right, visible_account
from service.bills import month_before
from service.forecast import Forecast
from service.meter_data import DayTotal, month_days
from service.standing import around
from service.tiers import TierStanding
from service.usage import MonthUsage


@dataclass(frozen=True)
class RunningMonth:
    """What is used so far, beside the days of the same month a year ago that are known.

    `forecasts` and `tiers` are by service point; they may still speak of the month before, when
    this one has no data yet. `pending_wh` is what was used before this month and no bill charged.
    """

    use: MonthUsage
    year_ago: dict[date, DayTotal]
    pending_wh: int
    forecasts: list[Forecast]
    tiers: list[TierStanding]


def running_month(session: Session, user_id: int, account_no: str, today: date) -> RunningMonth:
    """The month of a day for its account. Raises NotFound, Forbidden."""
    account = visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    known = around(session, account_no, month=today)
    points = forecast.recent_quarters(session, known)
    period = f"{today:%Y-%m}"
    year_ago = month_days(month_before(period, 12))
    return RunningMonth(
        use=usage.month_of(period, known.meters, known.measured, points, known.as_of),
        year_ago=known.measured.totals(known.meters, *year_ago),
        pending_wh=sum(at.pending_wh for at in known.standings),
        forecasts=forecast.forecasts_of(account, known.standings, points),
        tiers=tiers.tiers_of(account, known.standings),
    )
