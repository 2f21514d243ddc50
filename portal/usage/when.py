"""What stands in the address of a page of use: a year, a month or a day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from runtime import clock
from runtime.errors import NotFound
from service.bills import month_before

FIRST_YEAR = 2000
_FORM = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)


@dataclass(frozen=True)
class When:
    """A civil year, month or day that has begun; `kind` is year, month or day."""

    kind: str
    first: date

    @property
    def text(self) -> str:
        """As it stands in the address."""
        return self.first.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.kind]]

    @property
    def period(self) -> str:
        """The month it is in."""
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> "When":
        """The one before it."""
        if self.kind == "day":
            return When("day", self.first - timedelta(days=1))
        months = 1 if self.kind == "month" else 12
        return When(self.kind, date.fromisoformat(f"{month_before(self.period, months)}-01"))

    @property
    def after(self) -> "When | None":
        """The one after it, when it has begun."""
        if self.kind == "day":
            following = When("day", self.first + timedelta(days=1))
        else:
            months = -1 if self.kind == "month" else -12
            period = month_before(self.period, months)
            following = When(self.kind, date.fromisoformat(f"{period}-01"))
        return following if following.first <= clock.today() else None


def when(text: str) -> When:
    """`2026`, `2026-11` or `2026-11-20`. Raises NotFound for anything else and for the future."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise NotFound("period.unknown")
    year, month, day = parts.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise NotFound("period.unknown") from error
    if first > clock.today() or first.year < FIRST_YEAR:
        raise NotFound("period.unknown")
    return When("day" if day else "month" if month else "year", first)
