"""From use to a rating case (TARIFFS 9.1), and from its statement to a bill."""

from dataclasses import dataclass
from typing import Any

from core.billing.gathering import Billable, days_of
from core.billing.quantities import WH_PER_HUNDREDTH, hundredths, kwh, thousandth_half_up
from core.models import Bill
from rating import (
    Case,
    CaseError,
    DayType,
    Line,
    Statement,
    TariffVersion,
    UnknownTariff,
    load_tariffs,
    parse_case,
)
from rating.intervals import period_wh
from rating.json_form import plain
from runtime import clock


class Unbillable(Exception):  # noqa: N818 - a state of the data, told to a person
    """Why a month of a service point cannot be billed, as one sentence."""


@dataclass(frozen=True)
class Prepared:
    """A service point whose month can be rated: the case as it is kept, and as rating takes it."""

    billable: Billable
    given: dict[str, Any]
    case: Case
    wh: int
    export_wh: int


def prepare(billable: Billable) -> Prepared:
    """The case of a service point's month. Raises Unbillable."""
    version = _version(billable)
    usage = billable.usage
    if usage.missing_days:
        days = f"{usage.missing_days} day{'s' if usage.missing_days > 1 else ''}"
        raise Unbillable(f"Readings are missing on {days}, with no history to estimate them by.")
    counts = hundredths(_use_wh(billable, version), billable.history.carried_wh)
    export = hundredths({"export": usage.export_wh}, billable.history.export_carried_wh)["export"]
    given = _given(billable, version, counts, export)
    try:
        case = parse_case(given)
    except CaseError as error:
        raise Unbillable(f"The case cannot be rated: {error}.") from error
    billed_wh = sum(counts.values()) * WH_PER_HUNDREDTH
    return Prepared(billable, given, case, billed_wh, export * WH_PER_HUNDREDTH)


def draft(prepared: Prepared, statement: Statement, revision: int = 0) -> Bill:
    """The bill of a rated month: held, without dates, and not in any session yet."""
    billable = prepared.billable
    return Bill(
        bill_no=bill_no(billable.point.service_point_no, billable.period, revision),
        account_id=billable.account.id,
        service_point_id=billable.point.id,
        period=billable.period,
        revision=revision,
        status="held",
        from_day=billable.from_day,
        to_day=billable.to_day,
        wh=prepared.wh,
        used_wh=billable.usage.total_wh,
        export_wh=prepared.export_wh,
        export_used_wh=billable.usage.export_wh,
        tariff=statement.tariff,
        tariff_version=statement.version,
        case=prepared.given,
        lines=[line_data(line) for line in statement.lines],
        readings=_readings(billable),
        total_fen=statement.total_fen,
        consumption_fen=statement.consumption_fen,
        export_fen=statement.export_fen,
        late_fen=statement.late_fen,
        settled_fen=0,
        estimated=billable.usage.estimated,
    )


def bill_no(service_point_no: str, period: str, revision: int) -> str:
    """Month, service point and revision: the same bill has the same number wherever it is made."""
    return f"{period.replace('-', '')}{service_point_no}{revision:02d}"


def line_data(line: Line) -> dict[str, Any]:
    """A line as it is kept and told: decimals as text, money as whole fen."""
    quantity = str(int(line.quantity)) if line.unit == "days" else f"{line.quantity:.2f}"
    return {
        "code": line.code,
        "quantity": quantity,
        "unit": line.unit,
        "rate": plain(line.rate),
        "amount_fen": line.amount_fen,
        "base_fen": line.base_fen,
        "explain": line.explain,
    }


def _version(billable: Billable) -> TariffVersion:
    if billable.tariff is None:
        raise Unbillable("The service point has no tariff in this month.")
    try:
        return load_tariffs().find(billable.tariff, billable.period)
    except UnknownTariff as error:
        raise Unbillable(f"The tariff cannot be used: {error}.") from error


def _use_wh(billable: Billable, version: TariffVersion) -> dict[str, int]:
    """Use by the tariff's periods of the day."""
    usage = billable.usage
    if version.terms.registers == ("total",):
        return {"total": usage.total_wh}
    if usage.register_wh:
        raise Unbillable("The tariff prices times of day, but a meter counts only whole days.")
    days: list[tuple[Any, DayType]] = [
        (day, "working" if clock.is_working_day(day) else "rest") for day in days_of(usage)
    ]
    return period_wh(version, days, usage.import_wh)


def _given(
    billable: Billable, version: TariffVersion, counts: dict[str, int], export: int
) -> dict[str, Any]:
    account, usage, terms = billable.account, billable.usage, version.terms
    given: dict[str, Any] = {
        "tariff": version.tariff.id,
        "period": billable.period,
        "kwh": {period: kwh(count) for period, count in counts.items()},
        "opened": account.opened.isoformat(),
        "low_income": account.low_income,
    }
    if terms.tiers and terms.tiers.cycle == "yearly":
        given["year_to_date_kwh"] = kwh(billable.history.year_to_date_wh // WH_PER_HUNDREDTH)
    if account.people:
        given["household"] = {"people": account.people}
    if billable.point.contract_kva:
        given["contract_kva"] = billable.point.contract_kva
    if terms.power_factor is not None and usage.reactive_varh is not None:
        given["kvarh"] = thousandth_half_up(usage.reactive_varh)
    if terms.demand and usage.max_demand_w is not None:
        given["max_demand_kw"] = thousandth_half_up(usage.max_demand_w)
    if export:
        given["export_kwh"] = kwh(export)
    if billable.late:
        given["late"] = {
            "arrears_fen": billable.late.arrears_fen,
            "due": billable.late.due.isoformat(),
            "paid": billable.late.paid.isoformat(),
        }
    return given


def _readings(billable: Billable) -> list[dict[str, Any]]:
    return [
        {
            "meter_no": span.meter_no,
            "register": str(span.register),
            "start_wh": span.start_wh,
            "end_wh": span.end_wh,
        }
        for span in billable.usage.dials
    ]
