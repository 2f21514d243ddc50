"""Kinds of request: data, one YAML file each in `kinds/`, read once and checked as it is read.

A new kind is a new file. What it may say is the classes below; docs/requests.md explains them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from runtime.errors import NotFound

FOLDER = Path(__file__).parent / "kinds"
OTHERWISE = "otherwise"
"""Among the limits `by` a field: what holds when the field was left empty or names none."""

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
Text = Annotated[str, Meta(min_length=1)]
Group = Literal["trouble", "supply", "account", "word"]
Status = Literal["received", "accepted", "in_progress", "done"]
Known = Annotated[
    str,
    Meta(pattern=r"^(account\.(address|bill)|user\.(phone|name)|request\.[a-z][a-z0-9_]{0,31})\Z"),
]
Team = Literal["repair", "connection", "metering", "billing", "service"]
Who = Literal["desk", "field", "customer", "core"]
When = dict[Name, tuple[Name, ...]]
"""Values of choices: all of the named fields must have one of theirs."""

STATUSES: tuple[Status, ...] = get_args(Status)
"""The way of every request; it may also end as rejected or cancelled."""


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"is not right: {what}")


def _demand_once(names: Sequence[str], what: str) -> None:
    _demand(len(set(names)) == len(names), f"something stands twice among {what}")


class Data(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a file may hold."""


class Words(Data, frozen=True):
    """What a customer reads, in both languages."""

    zh: Text
    en: Text

    def said(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Option(Data, frozen=True):
    """One of the values of a choice."""

    value: Name
    title: Words


class Field(Data, frozen=True):
    """Something the customer tells.

    `least` and `most` bound a number, the days from today of a day, or the count of photos (`most`
    alone); `longest` bounds a text. `known` names where the value comes from when it is known:
    `request.holder` is the field `holder` of an earlier request. A `point` is a place on the earth.
    """

    name: Name
    type: Literal["text", "address", "point", "phone", "choice", "number", "day", "photo", "bill"]
    label: Words
    hint: Words | None = None
    required: bool = True
    known: Known | None = None
    choices: tuple[Option, ...] = ()
    longest: Annotated[int, Meta(ge=1, le=1000)] = 200
    least: Decimal | None = None
    most: Decimal | None = None
    decimals: Annotated[int, Meta(ge=0, le=3)] = 0
    unit: Words | None = None

    def __post_init__(self) -> None:
        _demand(bool(self.choices) == (self.type == "choice"), f"{self.name}: choices")
        _demand_once([each.value for each in self.choices], self.name)
        bounded = self.least is not None and self.most is not None
        _demand(self.type not in ("number", "day") or bounded, f"{self.name}: least and most")
        _demand(self.type != "photo" or self.most is not None, f"{self.name}: most")
        _demand(self.type != "point" or self.name == "point", f"{self.name}: point")

    def title(self, value: str) -> Words | None:
        """The words of a choice's value."""
        return next((each.title for each in self.choices if each.value == value), None)


class Limit(Data, frozen=True):
    """A time that is promised: minutes by the clock, or working days of the civil calendar."""

    minutes: Annotated[int, Meta(ge=1)] | None = None
    working_days: Annotated[int, Meta(ge=1)] | None = None

    def __post_init__(self) -> None:
        _demand((self.minutes is None) != (self.working_days is None), "minutes or working_days")


class Within(Data, frozen=True):
    """The limit of a step, or one for each value of the field `by`; `source` names the rule.

    It counts from the moment of asking, or from that at which the step `after` was reached.
    """

    source: Text
    minutes: Annotated[int, Meta(ge=1)] | None = None
    working_days: Annotated[int, Meta(ge=1)] | None = None
    by: Name | None = None
    limits: dict[Name, Limit] = {}
    after: Name | None = None

    def __post_init__(self) -> None:
        _demand(bool(self.by) == bool(self.limits), "by and limits stand together")
        _demand(bool(self.by) or self._plain is not None, "a limit")
        _demand(not self.by or OTHERWISE in self.limits, f"limits need `{OTHERWISE}`")

    @property
    def _plain(self) -> Limit | None:
        if self.minutes is None and self.working_days is None:
            return None
        return Limit(self.minutes, self.working_days)

    def limit(self, value: str | None) -> Limit:
        """The limit that holds when the field `by` has this value."""
        return self._plain or self.limits.get(value or OTHERWISE, self.limits[OTHERWISE])


class Step(Data, frozen=True):
    """A step of the timeline; while it is reached the core's order has the status `at`.

    `who` brings the request there; `form` is what they fill in, and `tell` what the customer then
    reads. With `when` the step is there only for some; for a `visit` an appointment can be made.
    """

    name: Name
    at: Status
    title: Words
    within: Within | None = None
    who: Who = "desk"
    form: tuple[Field, ...] = ()
    tell: Words | None = None
    when: When = {}
    visit: bool = False

    def __post_init__(self) -> None:
        _demand_once([each.name for each in self.form], f"{self.name}: form")
        _demand(not self.visit or self.who == "field", f"{self.name}: a visit is made in the field")


class Document(Data, frozen=True):
    """A paper that is asked for, with a name by which it is filed."""

    name: Name
    title: Words
    when: When = {}


class Promise(Data, frozen=True):
    """The step whose limit is the promise of the whole, and its words (`{when}` is the time)."""

    step: Name
    words: Words

    def __post_init__(self) -> None:
        _demand("{when}" in self.words.zh and "{when}" in self.words.en, "{when} in the words")


class CoreOrder(Data, frozen=True):
    """What becomes of it in the core: the kind of the service order, and the fields it is told."""

    kind: Name
    fields: tuple[Name, ...]


class Kind(Data, frozen=True):
    """A kind of request. `position` orders the kinds of a `group`; `prefix` begins its numbers.

    `account`: needed, optional (it helps and may be left out) or none. `right` is what the link to
    the account must allow. `cancel` are the states in which the customer may still take it back.
    `outage`: who asks is first told of an outage that is known already; what is told with the
    values `joins` then waits for the end of that outage (`joining`). `team` has it in hand and
    is warned `warn` before a promise ends. What is done may be opened again for `reopen_days`.
    """

    name: Name
    group: Group
    position: int
    prefix: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    title: Words
    help: Words
    account: Literal["needed", "optional", "none"]
    sign_in: bool
    fields: tuple[Field, ...]
    steps: tuple[Step, ...]
    promise: Promise
    core: CoreOrder
    team: Team
    right: Literal["see_bills", "manage_links"] = "see_bills"
    documents: tuple[Document, ...] = ()
    cancel: tuple[Status, ...] = ("received", "accepted")
    outage: bool = False
    joins: When = {}
    warn: Limit = Limit(working_days=1)
    reopen_days: Annotated[int, Meta(ge=1)] = 15

    def __post_init__(self) -> None:
        names = [each.name for each in self.fields]
        _demand_once(names, "fields")
        _demand_once([each.name for each in self.steps], "steps")
        _demand(any(each.type == "phone" and each.name == "phone" for each in self.fields), "phone")
        _demand(set(self.core.fields) <= set(names), "core.fields")
        reached = [STATUSES.index(each.at) for each in self.steps]
        _demand(reached == sorted(reached), "the order of the steps")
        _demand(reached[:1] == [0] and reached[-1:] == [3], "steps from received to done")
        promised = self.step(self.promise.step)
        _demand(promised.within is not None and not promised.when, "promise.step has a limit")
        _demand(not self.steps[0].when and not self.steps[-1].when, "first and last for everyone")
        _demand_once([each.name for each in self.documents], "documents")
        self._check_when(self.joins, "joins")
        for step in self.steps:
            self._check_limits(step)
            self._check_when(step.when, step.name)
        for document in self.documents:
            self._check_when(document.when, document.name)

    def _check_limits(self, step: Step) -> None:
        if step.within is None:
            return
        if step.within.after is not None:
            before = [each.name for each in self.steps[: self.steps.index(step)]]
            _demand(step.within.after in before, f"{step.name}: after")
        if step.within.by is not None:
            values = {each.value for each in self.field(step.within.by).choices}
            _demand(set(step.within.limits) - {OTHERWISE} <= values, f"{step.name}: limits")

    def _check_when(self, when: When, what: str) -> None:
        for name, values in when.items():
            offered = {each.value for each in self.field(name).choices}
            _demand(bool(values) and set(values) <= offered, f"{what}: when")

    def route(self, values: Mapping[str, str]) -> tuple[Step, ...]:
        """The steps that are there for these values."""
        return tuple(each for each in self.steps if holds(each.when, values))

    def papers(self, values: Mapping[str, str]) -> tuple[Document, ...]:
        """The documents that are asked for with these values."""
        return tuple(each for each in self.documents if holds(each.when, values))

    def field(self, name: str) -> Field:
        """The field of that name. Raises ValueError."""
        return _named(self.fields, name)

    def step(self, name: str) -> Step:
        """The step of that name. Raises ValueError."""
        return _named(self.steps, name)

    @property
    def promise_by(self) -> Field | None:
        """The choice on which the promise of the whole depends, if there is one."""
        within = self.step(self.promise.step).within
        return self.field(within.by) if within and within.by else None

    @property
    def photos(self) -> Field | None:
        """The field for photos, if the kind wants any."""
        return next((each for each in self.fields if each.type == "photo"), None)

    @property
    def told(self) -> tuple[Field, ...]:
        """The fields with a value; photos have none."""
        return tuple(each for each in self.fields if each.type != "photo")


N = TypeVar("N", Field, Step)


def holds(when: When, values: Mapping[str, str]) -> bool:
    """Whether each field named by `when` has one of its values there."""
    return all(values.get(name) in wanted for name, wanted in when.items())


def kinds() -> tuple[Kind, ...]:
    """All kinds, in the order in which they are offered."""
    return tuple(_all().values())


def kind(name: str) -> Kind:
    """The kind of that name. Raises NotFound("request.kind_unknown")."""
    found = _all().get(name)
    if found is None:
        raise NotFound("request.kind_unknown")
    return found


@cache
def _all() -> dict[str, Kind]:
    found = [read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    _demand_once([each.prefix for each in found], "prefixes")
    found.sort(key=lambda each: (get_args(Group).index(each.group), each.position))
    return {each.name: each for each in found}


def read(path: Path) -> Kind:
    """The kind in a file. Raises ValueError with the file's name and what is wrong."""
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=Kind)
        _demand(found.name == path.stem, "the name of the file")
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    return found


def _named(each_of: Sequence[N], name: str) -> N:
    for each in each_of:
        if each.name == name:
            return each
    raise ValueError(f"nothing is called {name}")
