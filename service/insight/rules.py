"""The thresholds of insight: data (`insight.yaml`), checked as they are read."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.requests.kinds import Data

FILE = Path(__file__).parent / "insight.yaml"
Share = Annotated[float, Meta(gt=0, lt=1)]
Some = Annotated[int, Meta(ge=1)]
MonthDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")]


class Bands(Data, frozen=True):
    """From which probability a score is in the middle or the high band."""

    middle: Share
    high: Share

    def __post_init__(self) -> None:
        if self.middle >= self.high:
            raise ValueError("the middle band begins below the high one")

    def of(self, score: float) -> str:
        """low, middle or high."""
        if score >= self.high:
            return "high"
        return "middle" if score >= self.middle else "low"


class Learning(Data, frozen=True):
    """When a model is learned and from what; comments in the file explain each."""

    days: Some
    new_bills: Some
    months: Some
    test_days: Some
    settles_days: Some
    most_bills: Some
    least_bills: Some
    least_late: Some
    least_tested: Some
    least_tested_late: Some
    prior_bills: Some
    supposed: Share


class Falling(Data, frozen=True):
    """What a sudden fall of usage is; comments in the file explain each."""

    kinds: tuple[str, ...]
    days: Annotated[int, Meta(ge=1, le=28)]
    weeks: Annotated[int, Meta(ge=1, le=26)]
    newest_days: Some
    least_days: Some
    least_weeks: Some
    fall: Share
    spreads: Annotated[float, Meta(ge=0)]
    least_wh: Some
    fall_on_year: Share
    quiet_days: Some
    new_year_before: Annotated[int, Meta(ge=0, le=30)]
    new_year_after: Annotated[int, Meta(ge=0, le=30)]
    new_years: tuple[date, ...]
    holidays: tuple[tuple[MonthDay, MonthDay], ...]
    chunk: Some


class Rules(Data, frozen=True):
    """What `insight.yaml` says."""

    bands: Bands
    learning: Learning
    debit_channels: tuple[str, ...]
    chunk: Some
    falling: Falling


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
