"""What every group of the interface is made of."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)


def _day(given: object) -> object:
    """Only 2026-10-31 is a day; a number of seconds is none."""
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError("a day is written 2026-10-31")
    return given


def _whole(given: object) -> object:
    """JSON knows one kind of number: 5.0 is 5."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


AS_WHOLE = BeforeValidator(_whole)
Words = Annotated[str, Field(min_length=1)]
Fen = Annotated[int, Field(description="Money in fen")]
Money = Annotated[str, Field(description="Money as it is said: ¥149.51", min_length=1)]
Energy = Annotated[str, Field(description="Energy as it is said, with its unit: 286 kWh")]
Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-10"])]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": r"^20\d\d-\d\d-\d\d$"},
    ),
]
Key = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z_.:-]{8,64}$",
        description="The same key once more does nothing again and gives the same answer",
    ),
]
AccountNo = Annotated[str, Field(pattern=r"^\d{10,13}$", examples=["420011875603"])]
NamedAccount = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern=r"^[^\u0000]*$",
        description="An account as a person writes it, blanks and all; whatever is not one of the "
        "person's own is 404 account.not_yours",
    ),
]


class Answer(BaseModel):
    """What is answered: exactly these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Asked(BaseModel):
    """What is asked in the address: exactly these parameters."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Told(BaseModel):
    """What is told in the body: exactly these fields, in JSON's own types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OfAccount(Asked):
    """One of the person's accounts; without it as the operation says."""

    account_no: NamedAccount | None = None


class OfTime(OfAccount):
    """Days, both included. One alone stands for itself."""

    from_day: Day | None = Field(None, alias="from")
    to_day: Day | None = Field(None, alias="to")


class Acc(Answer):
    """An account of the person. `label` is their own name for it, else its address."""

    account_no: AccountNo
    label: Words
    tail: str = Field(pattern=r"^\d{4}$", description="The last four digits")
    address: str
    kind: Literal["residential", "business", "industry", "agriculture"]
    prepaid: bool
    helper: bool = Field(description="Whether the person looks after it for somebody else")


class Refusal(Answer):
    """Why not: a code for the assistant, a sentence for the person, ready to be said.

    `accounts` comes with account.which, at most 12; `field` with request.field.
    """

    code: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$")
    sentence: Words
    accounts: list[Acc] | None = Field(None, max_length=12)
    field: str | None = None
