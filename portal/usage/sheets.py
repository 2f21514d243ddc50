"""The figures of a page of use as a file: plain numbers in kWh, for a spreadsheet."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.bills.lines import PERIODS
from portal.usage.days import ORDER
from portal.usage.when import When
from runtime import clock
from service import usage

Row = Sequence[str]


def rows(session: Session, user_id: int, account_no: str, asked: When) -> Iterable[Row]:
    """The rows with their heads. Raises NotFound, Forbidden."""
    found = {"year": _months, "month": _days, "day": _quarters}[asked.kind]
    return found(session, user_id, account_no, asked)


def _quarters(session: Session, user_id: int, account_no: str, asked: When) -> Iterable[Row]:
    found = usage.day(session, user_id, account_no, asked.first)
    yield (_("开始时间"), _("用电（度）"), _("送上电网（度）"), _("说明"))
    begin = clock.civil_midnight(asked.first)
    for at, wh in enumerate(found.quarters):
        when = begin + timedelta(minutes=15 * at)
        yield (_stamp(when), _kwh(wh), _kwh(found.export_quarters[at]), _mark(found.quality[at]))
    if not found.quarters:
        total = found.total
        yield (_stamp(begin), _kwh(total.import_wh), _kwh(total.export_wh), _mark(total.quality))


def _days(session: Session, user_id: int, account_no: str, asked: When) -> Iterable[Row]:
    found = usage.month(session, user_id, account_no, asked.period)
    periods = [name for name in ORDER if found.by_period.get(name)]
    names = [_("%(period)s（度）", period=str(PERIODS[name])) for name in periods]
    yield (_("日期"), *names, _("用电（度）"), _("送上电网（度）"), _("说明"))
    for day in found.days:
        if day.import_wh is not None:
            by_period = found.periods.get(day.day, {})
            parts = [_kwh(by_period.get(name, 0)) for name in periods]
            figures = (*parts, _kwh(day.import_wh), _kwh(day.export_wh))
            yield (day.day.isoformat(), *figures, _mark(day.quality))


def _months(session: Session, user_id: int, account_no: str, asked: When) -> Iterable[Row]:
    found = usage.year(session, user_id, account_no, asked.first.year)
    yield (_("月份"), _("用电（度）"), _("送上电网（度）"), _("去年用电（度）"))
    for month, before in zip(found.months, found.last_year, strict=True):
        if month.import_wh is not None:
            figures = (_kwh(month.import_wh), _kwh(month.export_wh), _kwh(before.import_wh))
            yield (month.period, *figures)


def _kwh(wh: int | None) -> str:
    return "" if wh is None else str(Decimal(wh).scaleb(-3))


def _stamp(when: datetime) -> str:
    return f"{when.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}"


def _mark(quality: str) -> str:
    return {"V": "", "E": _("估算"), "M": _("没读到")}[quality]
