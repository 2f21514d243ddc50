"""Every line code, in the order of display, and every explanation key, in one place."""

from typing import Final, Literal

Unit = Literal["kwh", "kw", "kva", "pf", "days"]
Period = Literal["sharp", "peak", "flat", "valley", "deep"]

PERIODS: Final[tuple[Period, ...]] = ("sharp", "peak", "flat", "valley", "deep")
TIERS: Final = (1, 2, 3)
COMPONENTS: Final = ("td", "line_loss", "system_op", "fund")


def _codes() -> dict[str, Unit]:
    basic: dict[str, Unit] = {"demand": "kw", "capacity": "kva"}
    energy = ["energy"]
    for tier in TIERS:
        energy += [f"energy.tier{tier}", *(f"energy.tier{tier}.{period}" for period in PERIODS)]
    energy += [f"energy.{period}" for period in PERIODS]
    rest = [f"surcharge.tier{tier}" for tier in TIERS[1:]]
    rest += ["free_kwh", *(f"free_kwh.{period}" for period in PERIODS), *COMPONENTS]
    late: dict[str, Unit] = {"late_fee": "days", "late_fee.cross_year": "days"}
    by_kwh: dict[str, Unit] = dict.fromkeys((*energy, *rest), "kwh")
    return basic | by_kwh | {"pf_adjustment": "pf", "export_credit": "kwh"} | late


CODES: Final[dict[str, Unit]] = _codes()
"""Line code -> unit of its quantity, in the order in which a statement shows its lines."""

PF_BASE: Final = frozenset({"demand", "capacity", "energy", "td", "line_loss", "system_op"})
"""First words of the codes whose fen are adjusted for the power factor (rule 7.6: not `fund`)."""

EXPLAIN_UTILISED: Final = "explain.demand.utilised"
EXPLAIN_REWARD: Final = "explain.pf_adjustment.reward"
EXPLAIN_PENALTY: Final = "explain.pf_adjustment.penalty"

EXPLAINS: Final[tuple[str, ...]] = (
    *(f"explain.{code}" for code in CODES if code != "pf_adjustment"),
    EXPLAIN_UTILISED,
    EXPLAIN_REWARD,
    EXPLAIN_PENALTY,
)
"""Every key a line may carry in `explain`; the portal has a sentence for each."""


def explain_key(code: str) -> str:
    """The explanation key of a code that has only one."""
    return f"explain.{code}"
