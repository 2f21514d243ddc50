"""Bill runs, bills that are held for a look, and corrections of bills."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Path, Query, Request
from pydantic import Field
from typing_extensions import TypedDict

from core.api.errors import CONFLICT, NOT_FOUND
from core.api.forms import BillPath, Given, Name, Period, Told, Unit
from core.billing import anomalies, issuing, runs
from core.billing.rebills import rebill
from core.metering.usage import month_days
from runtime import clock
from runtime.errors import Conflict

router = APIRouter(prefix="/v1")


class Month(Given):
    """The month to bill."""

    period: Period


class FailureTold(Told):
    """A service point that could not be billed."""

    service_point_no: str
    reason: str


class RunTold(Told):
    """How a month stands: bills by status, and what could not be billed."""

    period: str
    started_at: datetime
    finished_at: datetime | None = Field(description="Null while the run goes on or was stopped")
    issued: int
    held: int
    failed: int
    failures: list[FailureTold] = Field(description="The first thousand")


class Line(Told):
    """One line of a bill: quantity times rate, rounded to the fen."""

    code: str
    quantity: str
    unit: str
    rate: str
    amount_fen: int
    base_fen: int | None
    explain: str


class Dial(TypedDict):
    """What a dial showed at the beginning and the end of the month."""

    meter_no: str
    register: Annotated[str, Field(description="import, export or reactive")]
    start_wh: int
    end_wh: int


class BillTold(Told):
    """A month of a service point: use, the rated case, its lines, and what is settled."""

    bill_no: str
    account_no: str
    service_point_no: str
    period: str
    revision: int = Field(description="0 at first, and one more with each rebill")
    status: Literal["issued", "cancelled"]
    from_day: date
    to_day: date
    wh: int = Field(description="Energy billed, a multiple of 10 Wh")
    tariff: str
    tariff_version: str
    case: dict[str, Any] = Field(description="What was rated; see docs/tariffs.md")
    lines: list[Line]
    readings: list[Dial]
    total_fen: int
    consumption_fen: int
    export_fen: int
    late_fen: int = Field(description="Late charges of earlier bills among the lines")
    settled_fen: int
    estimated: bool
    issued_at: datetime
    due: date
    settled_at: datetime | None


class AnomalyTold(Told):
    """Why a bill is held, and what was decided."""

    id: int
    kind: Literal["zero_use", "sudden_rise", "sudden_fall", "off_last_year"]
    detail: dict[str, Any]
    bill_no: str
    account_no: str
    period: str
    total_fen: int
    found_at: datetime
    decision: Literal["released", "rejected"] | None
    decided_at: datetime | None
    decided_by: str | None


class DecisionGiven(Given):
    """What becomes of a held bill, and who decided."""

    decision: Literal["released", "rejected"]
    by: Name


@router.post(
    "/bill-runs", status_code=202, response_model=RunTold, responses=CONFLICT, tags=["bill runs"]
)
def start_run(request: Request, month: Month, background: BackgroundTasks) -> RunTold:
    """Bill a month that is over. Started again, it goes on with what has no bill yet."""
    state, period = request.app.state, month.period
    if clock.today() <= month_days(period)[1]:
        raise Conflict("bill_run.not_over", period=period)
    with state.database.unit_of_work() as session:
        runs.begin(session, period, clock.now())
        standing = _run_told(runs.run_of(session, period), [])
    background.add_task(runs.run_bills, state.database, period, rules=state.settings)
    return standing


@router.get("/bill-runs/{period}", response_model=RunTold, responses=NOT_FOUND, tags=["bill runs"])
def show_run(unit: Unit, period: Annotated[Period, Path()]) -> RunTold:
    """How far a month is billed."""
    return _run_told(runs.run_of(unit, period), runs.failures(unit, period))


@router.get("/anomalies", response_model=list[AnomalyTold], tags=["bill runs"])
def list_anomalies(
    unit: Unit,
    decided: Annotated[bool, Query(description="Those that were decided")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AnomalyTold]:
    """Bills that wait for someone to look at them, oldest first."""
    return [_anomaly_told(each) for each in anomalies.held_bills(unit, decided, limit)]


@router.post(
    "/anomalies/{anomaly_id}/decision",
    response_model=AnomalyTold,
    responses=NOT_FOUND | CONFLICT,
    tags=["bill runs"],
)
def decide(
    request: Request,
    unit: Unit,
    anomaly_id: Annotated[int, Path(ge=1, lt=2**63)],
    decision: DecisionGiven,
) -> AnomalyTold:
    """Let the bill go out with today's date, or drop it, to be made anew by a rebill."""
    rules = request.app.state.settings
    return _anomaly_told(anomalies.decide(unit, anomaly_id, decision.decision, decision.by, rules))


@router.post(
    "/bills/{bill_no}/rebill",
    status_code=201,
    response_model=list[BillTold],
    responses=NOT_FOUND | CONFLICT,
    tags=["bills"],
)
def rebill_month(request: Request, unit: Unit, bill_no: BillPath) -> list[object]:
    """Bill the month again from the readings as they now are; gives all bills made anew.

    Not idempotent by key: a bill that was replaced cannot be replaced again (409).
    """
    made = rebill(unit, bill_no, request.app.state.settings)
    return [data for _, _, data in issuing.bill_changes(unit, made)]


def _run_told(run: runs.RunResult, failures: list[tuple[str, str]]) -> RunTold:
    told = [FailureTold(service_point_no=number, reason=reason) for number, reason in failures]
    return RunTold(**vars(run), failures=told)


def _anomaly_told(held: anomalies.HeldBill) -> AnomalyTold:
    anomaly, bill = held.anomaly, held.bill
    return AnomalyTold(
        id=anomaly.id,
        kind=anomaly.kind,
        detail=anomaly.detail,
        bill_no=bill.bill_no,
        account_no=held.account_no,
        period=bill.period,
        total_fen=bill.total_fen,
        found_at=anomaly.found_at,
        decision=anomaly.decision,
        decided_at=anomaly.decided_at,
        decided_by=anomaly.decided_by,
    )
