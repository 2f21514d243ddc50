"""The rules of disconnecting for arrears: data (`rules.yaml`), checked as they are read."""

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.models import Account
from service.requests.kinds import Data

FILE = Path(__file__).parent / "rules.yaml"
Source = Annotated[str, Meta(min_length=1)]
Days = Annotated[int, Meta(ge=1, le=365)]
Minutes = Annotated[int, Meta(ge=1, le=1440)]
Hour = Annotated[int, Meta(ge=8, le=18)]
Month = Annotated[int, Meta(ge=1, le=12)]


class ClassRules(Data, frozen=True):
    """What holds for a class of accounts."""

    source: Source
    overdue_days: Days
    notice_days: Days
    warn_minutes: Annotated[tuple[Minutes, ...], Meta(min_length=1)]


class Classes(Data, frozen=True):
    """Residents, and all others."""

    residential: ClassRules
    other: ClassRules


class Hours(Data, frozen=True):
    """When on a day, and how near to days off."""

    source: Source
    at: Annotated[tuple[Hour, ...], Meta(min_length=1)]
    working_days_after: Annotated[int, Meta(ge=0, le=10)]
    plan_days: Annotated[int, Meta(ge=8, le=90)]


class Protection(Data, frozen=True):
    """Months in which nobody of these kinds is disconnected."""

    source: Source
    months: tuple[Month, ...]
    kinds: tuple[str, ...]


class LowIncome(Data, frozen=True):
    """Whether the low-income mark protects."""

    source: Source
    protected: bool


class Disputes(Data, frozen=True):
    """Requests that keep supply on while they are open."""

    source: Source
    kinds: tuple[str, ...]


class AtTheHour(Data, frozen=True):
    """What is looked at last."""

    source: Source
    late_minutes: Minutes
    warn_late_minutes: Minutes
    fresh_hours: Annotated[int, Meta(ge=1, le=72)]


class Rules(Data, frozen=True):
    """What `rules.yaml` says; a comment there explains each."""

    classes: Classes
    hours: Hours
    protection: tuple[Protection, ...]
    low_income: LowIncome
    disputes: Disputes
    at_the_hour: AtTheHour

    def of(self, account: Account) -> ClassRules:
        """The rules of an account's class."""
        is_home = account.kind == "residential"
        return self.classes.residential if is_home else self.classes.other

    def protects(self, account: Account, month: int) -> bool:
        """Whether an account is kept on supply in a month, for the weather."""
        return any(month in each.months and account.kind in each.kinds for each in self.protection)


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
