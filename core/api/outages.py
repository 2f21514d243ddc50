"""Outages: announced, changed, ended, and what they hit."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, StringConstraints

from core import published
from core.api.errors import CONFLICT, NOT_FOUND
from core.api.forms import PLAIN_TEXT, Given, IdempotencyKey, Instant, Name, Sentence, Told, Unit
from core.outages import work
from core.outages.work import PlannedReason, Reason, UnplannedReason

router = APIRouter(prefix="/v1/outages", tags=["outages"])

NUMBER = r"^T[0-9]{12}$"
Number = Annotated[str, Path(pattern=NUMBER, examples=["T000000000001"])]
State = Literal["announced", "ongoing", "restored", "cancelled"]
Area = Annotated[
    str, StringConstraints(pattern=PLAIN_TEXT, max_length=32), Field(examples=["江城东-03"])
]
Areas = Annotated[
    list[Area],
    Field(
        min_length=1,
        max_length=500,
        description="Transformer areas; every service point of theirs is hit",
        examples=[["江城东-03"]],
    ),
]
Places = Annotated[
    list[Name],
    Field(
        max_length=100,
        description="Streets and estates as the public reads them; no person's address",
        examples=[["梧桐里 9–12 栋", "临江苑"]],
    ),
]
ReasonWords = Annotated[
    Sentence, Field(description="The reason in words", examples=["10 千伏梧桐线计划检修"])
]


class _Notice(Given):
    areas: Areas
    places: Annotated[Places, Field(default=[])]
    reason: ReasonWords
    starts_at: Instant


class PlannedGiven(_Notice):
    """Power that will be off, and when it will be back."""

    kind: Literal["planned"]
    reason_code: PlannedReason
    expected_end_at: Instant


class UnplannedGiven(_Notice):
    """Power that went off."""

    kind: Literal["unplanned"]
    reason_code: UnplannedReason
    expected_end_at: Annotated[Instant | None, Field(description="Null while nobody can tell")] = (
        None
    )


class ChangeGiven(Given):
    """What is to be different. What is left out or null stays as it is."""

    areas: Areas | None = None
    places: Places | None = None
    reason_code: Reason | None = None
    reason: ReasonWords | None = None
    starts_at: Instant | None = None
    expected_end_at: Instant | None = None
    state: State | None = None
    ended_at: Annotated[
        Instant | None,
        Field(description="When it was restored or called off; without it the present moment"),
    ] = None


class OutageTold(Told):
    """An outage and how it stands."""

    outage_no: str
    kind: Literal["planned", "unplanned"]
    areas: list[str]
    places: list[str]
    reason_code: Reason
    reason: str
    announced_at: datetime
    starts_at: datetime
    expected_end_at: datetime | None
    ended_at: datetime | None
    state: State
    updated_at: datetime
    service_points: int = Field(description="How many service points lie in its areas today")


class HitTold(Told):
    """A service point that is hit."""

    service_point_no: str
    account_no: str
    address: str
    area: str


def _told(outage: work.Announced) -> dict[str, Any]:
    return published.outage_data(outage.row) | {"service_points": outage.service_points}


@router.post(
    "",
    status_code=201,
    response_model=OutageTold,
    responses={200: {"model": OutageTold, "description": "Announced before"}, **CONFLICT},
)
def announce(
    unit: Unit,
    request: Request,
    response: Response,
    notice: Annotated[PlannedGiven | UnplannedGiven, Field(discriminator="kind")],
    idempotency_key: IdempotencyKey,
) -> dict[str, Any]:
    """Announce an outage, once. One that has begun is ongoing at once."""
    given = work.Notice(**notice.model_dump())
    made = work.announce(unit, idempotency_key, given, _notice_days(request))
    response.status_code = 200 if made.replayed else 201
    return _told(made)


@router.get("", response_model=list[OutageTold])
def outages(
    unit: Unit,
    state: Annotated[State | None, Query(description="Only those in this state")] = None,
    area: Annotated[
        str | None,
        Query(pattern=PLAIN_TEXT, max_length=32, description="Only those of this area"),
    ] = None,
    before: Annotated[
        str | None, Query(pattern=NUMBER, description="Only those announced before this one")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="The most outages to answer with")] = 100,
) -> list[dict[str, Any]]:
    """Outages, the one announced last in front."""
    below = int(before[1:]) if before else None
    return [
        _told(each) for each in work.listed(unit, state=state, area=area, before=below, limit=limit)
    ]


@router.get("/{outage_no}", response_model=OutageTold, responses=NOT_FOUND)
def show(unit: Unit, outage_no: Number) -> dict[str, Any]:
    """One outage."""
    return _told(work.find(unit, outage_no))


@router.patch("/{outage_no}", response_model=OutageTold, responses=NOT_FOUND | CONFLICT)
def change(unit: Unit, request: Request, outage_no: Number, wanted: ChangeGiven) -> dict[str, Any]:
    """Change an outage, or bring it on: announced, ongoing, restored; or cancelled."""
    return _told(work.change(unit, outage_no, wanted.model_dump(), _notice_days(request)))


@router.get("/{outage_no}/service-points", response_model=list[HitTold], responses=NOT_FOUND)
def service_points(
    unit: Unit,
    outage_no: Number,
    after: Annotated[
        str, Query(pattern=r"^[0-9A-Za-z-]{0,16}$", description="The last number that was read")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=5000, description="The most to answer with")] = 1000,
) -> list[work.Hit]:
    """The service points in its areas, by their numbers."""
    return work.hit_by(unit, outage_no, after, limit)


def _notice_days(request: Request) -> int:
    days: int = request.app.state.settings.core_outage_notice_days
    return days
