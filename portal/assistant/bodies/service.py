"""Requests, outages, halls."""

from typing import Annotated, Literal

from pydantic import Field

from portal.assistant.bodies.common import (
    Answer,
    Asked,
    Key,
    NamedAccount,
    OfTime,
    Told,
    Words,
)

KIND = r"^[a-z][a-z0-9_]{0,31}$"
Kind = Annotated[str, Field(pattern=KIND)]
"""The name of a file in service/requests/kinds; of one that is not there nothing is known."""
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Written = Annotated[str, Field(max_length=2000, pattern=r"^[^\u0000]*$")]


class Choice(Answer):
    """One of the values of a field; `deadline_words` where the promise depends on it."""

    value: str
    title: Words
    deadline_words: Words | None


class RequestField(Answer):
    """A field of a request. `known` is what stands in our books, the profile or an earlier request;
    it is shown (`known_words`) and confirmed, not asked again. A phone or a name is known masked
    only; sent back as it is, or left out, it means the one that we know. A `photo` has no value:
    it is added by the photo card of the request's key; a required one must be there first."""

    name: FieldName
    label: Words
    type: Literal["text", "address", "phone", "choice", "number", "day", "photo"]
    required: bool
    choices: list[Choice] | None
    known: str | None
    known_words: str | None


class RequestKind(Answer):
    """What a request of a kind needs, and how long it takes.

    Where that depends on a choice, its values say it, and `deadline_words` says the earliest or,
    when nothing need be chosen, what is promised then. `documents` are those that everybody is
    asked for. Without `takes_account` it has to do with no account at all.
    """

    kind: Kind
    name: Words
    fields: list[RequestField]
    needs_account: bool
    takes_account: bool
    documents: list[Words]
    deadline_words: Words


class NewRequest(Told):
    """A request. A field that is left out, or sent back as `known`, is taken as known."""

    kind: Kind
    account_no: NamedAccount | None = None
    fields: dict[FieldName, Written] = Field(default_factory=dict, max_length=40)
    key: Key


class Said(Answer):
    """A line of a request's summary; nothing personal stands in it unmasked."""

    label: Words
    value: str


class Step(Answer):
    """A step on the way of a request."""

    name: Words
    at_words: Words | None
    state: Literal["done", "now", "ahead"]


class Request(Answer):
    """A request in a list. `can_cancel` says whether the person may still take it back.

    While its clock stands, `waits_words` say what it waits for, and nothing is promised.
    """

    request_no: str
    kind: Kind
    name: Words
    state: str
    state_words: Words
    at_words: Words
    deadline_words: Words | None
    waits_words: Words | None
    can_cancel: bool
    sentence: Words


class RequestFiled(Answer):
    """A request as it was stored, and the documents that are asked for with what was told.

    `joined_outage` is the outage, known already, whose end it waits for.
    """

    request_no: str
    kind: Kind
    name: Words
    state: str
    state_words: Words
    deadline_words: Words | None
    waits_words: Words | None
    summary: list[Said]
    documents: list[Words]
    sentence: Words
    joined_outage: str | None


class RequestShown(Request):
    """A request with its steps."""

    steps: list[Step]


class Requests(Answer):
    """The last requests, the newest first."""

    requests: list[Request] = Field(max_length=5)
    sentence: Words


class CancelAsked(Told):
    """Taking a request back."""

    key: Key


class OutagesAsked(OfTime):
    """Of an account of the person's, or at an address that anybody may name; of some days."""

    address: str | None = Field(None, min_length=1, max_length=120, pattern=r"^[^\u0000]*$")


class Outage(Answer):
    """An outage, planned or not. `mine` are the person's accounts that it touches, by label."""

    outage_no: str
    kind: Literal["planned", "unplanned"]
    area_words: Words
    since_words: Words
    until_words: Words | None
    reason_words: Words
    state: str
    mine: list[Words]
    sentence: Words


class Outages(Answer):
    """Outages that are on or announced."""

    outages: list[Outage] = Field(max_length=12)
    sentence: Words


class HallsAsked(Asked):
    """Where the person is, in their own words."""

    near: str | None = Field(None, min_length=1, max_length=120, pattern=r"^[^\u0000]*$")


class Hall(Answer):
    """A business hall."""

    name: Words
    address: Words
    hours: Words
    phone: Words
    services: list[Words]


class Halls(Answer):
    """Halls, the one that fits best first."""

    halls: list[Hall] = Field(max_length=5)
    sentence: Words
