"""The rules of paying later: data (`rules.yaml`), checked as they are read."""

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.requests.kinds import Data

FILE = Path(__file__).parent / "rules.yaml"
MOST_PARTS = 24
KINDS = {"residential", "commercial", "industrial", "agriculture"}
"""The classes of accounts, as the core names them."""
Days = Annotated[int, Meta(ge=0, le=365)]
Fen = Annotated[int, Meta(ge=1)]
Source = Annotated[str, Meta(min_length=1)]


class PromiseRules(Data, frozen=True):
    """A promise to pay; a comment in the file explains each."""

    source: Source
    days: Annotated[int, Meta(ge=1, le=90)]
    grace_days: Days


class Parts(Data, frozen=True):
    """From how many to how many parts."""

    least: Annotated[int, Meta(ge=2, le=MOST_PARTS)]
    most: Annotated[int, Meta(ge=2, le=MOST_PARTS)]

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("`most` parts must not be fewer than `least`")

    @property
    def offered(self) -> range:
        return range(self.least, self.most + 1)


class InstalmentRules(Data, frozen=True):
    """Instalments; a comment in the file explains each."""

    source: Source
    parts: dict[str, Parts]
    first_within_days: Annotated[int, Meta(ge=1, le=90)]
    least_part_fen: Fen
    working_days: bool
    two_people_above_fen: Annotated[int, Meta(ge=0)]
    decide_days: Days
    again_days: Days
    broken_months: Annotated[int, Meta(ge=0, le=120)]
    grace_days: Days

    def __post_init__(self) -> None:
        if self.parts.keys() != KINDS:
            raise ValueError(f"`parts` must name {', '.join(sorted(KINDS))}")


class Rules(Data, frozen=True):
    """What `rules.yaml` says."""

    promise: PromiseRules
    instalments: InstalmentRules
    remind_days: Days

    def grace_days(self, kind: str) -> int:
        """After so many days a missed part breaks an arrangement of this kind."""
        return self.promise.grace_days if kind == "promise" else self.instalments.grace_days


@cache
def rules() -> Rules:
    """The rules in the file. Raises ValueError with what is wrong."""
    return read(FILE)


def read(path: Path) -> Rules:
    """The rules in a file. Raises ValueError with the file's name and what is wrong."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Rules)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error
