"""Power factor and its adjustment (rule 7.6), (83) 水电财字第215号."""

from decimal import Decimal
from math import isqrt
from typing import Annotated

from pydantic import Field, model_validator

from rating.schema import Number, Strict

STEP = Decimal("0.01")
Percent = Annotated[Number, Field(gt=-10, lt=100, decimal_places=2)]
Factor = Annotated[Number, Field(gt=0, lt=1, decimal_places=2)]


class Table(Strict):
    """Percent by power factor: the printed steps, and how it goes on below the last of them."""

    source: str
    percent: dict[Factor, Percent] = Field(min_length=1)
    percent_per_step: Percent

    @model_validator(mode="after")
    def _without_gap(self) -> "Table":
        steps = list(self.percent)
        if steps != [steps[0] - STEP * place for place in range(len(steps))]:
            raise ValueError("must go down from the best power factor by steps of 0.01")
        return self

    def rates(self) -> tuple[Decimal, ...]:
        """The signed fraction of the base for each power factor 0.00, 0.01 .. 1.00."""
        return tuple(self._percent(STEP * place) / 100 for place in range(101))

    def _percent(self, factor: Decimal) -> Decimal:
        best, worst = max(self.percent), min(self.percent)
        if factor >= worst:
            return self.percent[min(factor, best)]
        return self.percent[worst] + self.percent_per_step * (worst - factor) / STEP


def power_factor_hundredths(active: int, reactive: int) -> int:
    """P / sqrt(P² + Q²) in hundredths, half up, exact; P > 0, both in the same unit."""
    doubled = isqrt((200 * active) ** 2 // (active**2 + reactive**2))
    return (doubled + 1) // 2
