"""What requests and answers are made of. The same types check a request and describe it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
)
from sqlalchemy.orm import Session

from runtime.errors import Refused

LARGEST_FEN = 10**12
FIRST_YEAR, LAST_YEAR = 2000, 2100
T = TypeVar("T", date, datetime)
ISO_8601 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PLAIN_TEXT = r"^[^\x00-\x1f\x7f]+$"


def unit_of_work(request: Request) -> Iterator[Session]:
    """One transaction for a request; it is committed before the answer is sent."""
    with request.app.state.database.unit_of_work() as session:
        yield session


def only_known_parameters(request: Request) -> None:
    """Raises Refused for a query parameter that does nothing, such as a misspelt one."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    for name in request.query_params:
        if name not in known:
            raise Refused("request.unknown_parameter", field=f"query.{name}"[:80])


Unit = Annotated[Session, Depends(unit_of_work, scope="function")]


def _calendar(value: object) -> object:
    """Digits alone, as text or number, are not taken for seconds since 1970."""
    if not isinstance(value, str) or not ISO_8601.match(value):
        raise ValueError("must be written as in ISO 8601")
    return value


def _whole(value: object) -> object:
    """JSON knows one kind of number: 5.0 is the integer 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _not_nothing(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


def _in_our_time(value: T) -> T:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must have a time zone")
    return value.astimezone(UTC)


def _storable(value: Any) -> Any:
    """PostgreSQL stores no NUL, and half of a surrogate pair is no character."""
    text = TypeAdapter(JsonValue).dump_json(value).decode()
    if "\\u0000" in text:
        raise ValueError("must not contain the character NUL")
    return value


AccountNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,12}$")]
BillNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,24}$")]
Period = Annotated[
    str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"), Field(examples=["2026-10"])
]
Instant = Annotated[
    datetime,
    BeforeValidator(_calendar),
    AfterValidator(_in_our_time),
    AfterValidator(_in_utc),
    Field(strict=False, examples=["2026-11-03T01:02:03Z"]),
]
Day = Annotated[
    date,
    BeforeValidator(_calendar),
    AfterValidator(_in_our_time),
    Field(examples=["2026-11-03"]),
]
PositiveFen = Annotated[
    int,
    Field(ge=1, le=LARGEST_FEN, description="Fen, a hundredth of a yuan"),
    BeforeValidator(_whole),
]
SignedFen = Annotated[
    int,
    Field(
        ge=-LARGEST_FEN,
        le=LARGEST_FEN,
        description="Fen; negative is in the customer's favour",
        json_schema_extra={"not": {"const": 0}},
    ),
    BeforeValidator(_whole),
    AfterValidator(_not_nothing),
]
Name = Annotated[str, StringConstraints(pattern=PLAIN_TEXT, max_length=64)]
Sentence = Annotated[str, StringConstraints(pattern=PLAIN_TEXT, max_length=500)]
Details = Annotated[dict[str, JsonValue], AfterValidator(_storable), Field(max_length=50)]

AccountPath = Annotated[AccountNo, Path(examples=["420011875603"])]
BillPath = Annotated[BillNo, Path(examples=["202610SP0000000100"])]
IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[!-~]{1,64}$",
        description="Names this request. Sent again with the same body it changes nothing and "
        "gives the first answer; with another body it is refused (409).",
        examples=["pay-20261103-000017"],
    ),
]


class Given(BaseModel):
    """Base of what a caller sends: exact types and no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Told(BaseModel):
    """Base of what the core answers."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Why a request was refused: `code` for programs, `message` for people."""

    code: str = Field(examples=["account.not_found"])
    message: str = Field(examples=["There is no such account."])
    field: str | None = Field(None, description="The part of the request that is at fault")


class ErrorAnswer(BaseModel):
    """Every answer that is not a success has this form."""

    error: Problem


class AccountTold(Told):
    """A contract for supply and its holder."""

    account_no: str
    customer_no: str | None
    holder_name: str
    phone: str
    address: str
    kind: str = Field(description="residential, commercial, industrial or agriculture")
    settlement: str = Field(description="postpaid or prepaid")
    people: int | None = Field(description="Registered people of a household")
    low_income: bool
    opened: date
    closed: date | None
