"""Why a score is what it is: a few codes with their figures, put into words where they are read.

Each code gathers features that say one thing, with what they together add to the log odds
(`weight`, above 0: rather late). Only what matters is said, the weightiest first.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from service.insight.features import FEATURES, MOST_CHANGE, Known
from service.insight.history import Numbers
from service.insight.scoring import Model, contributions

GROUPS: dict[str, tuple[str, ...]] = {
    "history": ("late_share", "late_lately", "late_last", "days_late", "new"),
    "unpaid": ("unpaid",),
    "margin": ("margin",),
    "reversals": ("reversals",),
    "debit": ("debit",),
    "use_year": ("use_year",),
    "use_lately": ("use_lately",),
    "season": ("summer", "winter"),
}
"""The features by what they are told as."""

MOST, LEAST_WEIGHT = 4, 0.05
Reason = dict[str, Any]


def reasons(model: Model, known: Known) -> list[list[Reason]]:
    """The reasons of each sample."""
    history = _history(known)
    if model.method == "counted":
        return [[each] for each in history]
    weights = _weights(model, known)
    names = list(GROUPS)
    order = np.argsort(-np.abs(weights), axis=1, kind="stable")
    return [
        _told(
            [(names[at], float(weights[row, at])) for at in order[row]],
            known.features[row],
            history[row],
        )
        for row in range(len(history))
    ]


def _weights(model: Model, known: Known) -> Numbers:
    added = contributions(model, known)
    places = [[FEATURES.index(name) for name in names] for names in GROUPS.values()]
    return np.column_stack([added[:, some].sum(axis=1) for some in places])


def _told(weighed: list[tuple[str, float]], values: Numbers, history: Reason) -> list[Reason]:
    """What is said of one sample. How bills were paid is always said, last if it adds little."""
    told: list[Reason] = []
    for code, weight in weighed:
        figures = history if code == "history" else _FIGURES[code](values)
        if figures is not None and (abs(weight) >= LEAST_WEIGHT or code == "history"):
            told.append({"code": code, **figures, "weight": round(weight, 3)})
    first = told[:MOST]
    return (
        first
        if any(each["code"] == history["code"] for each in first)
        else [
            *first[: MOST - 1],
            *(each for each in told if each["code"] == history["code"]),
        ]
    )


def _history(known: Known) -> list[Reason]:
    """How the last bills were paid: late ones of all, and how many days in the mean."""
    told: list[Reason] = []
    for bills, late, days in zip(known.bills, known.late, known.days, strict=True):
        figures = {"bills": int(bills), "late": int(late)}
        mean = {"days": max(1, round(float(days) / int(late)))} if late else {}
        told.append({"code": "history", **figures, **mean})
    return told


def _of(values: Numbers, name: str) -> float | None:
    value = float(values[FEATURES.index(name)])
    return None if np.isnan(value) else value


def _count(name: str) -> Callable[[Numbers], Reason | None]:
    def figures(values: Numbers) -> Reason | None:
        value = _of(values, name)
        return {"count": int(value)} if value else None

    return figures


def _margin(values: Numbers) -> Reason | None:
    value = _of(values, "margin")
    return None if value is None else {"days": round(value)}


def _debit(values: Numbers) -> Reason | None:
    value = _of(values, "debit")
    return None if value is None else {"percent": round(100 * value)}


def _change(name: str) -> Callable[[Numbers], Reason | None]:
    """By how many percent the use is above, below 0 below, what it is compared with.

    `beyond`: it is at least that, for more is not told apart.
    """

    def figures(values: Numbers) -> Reason | None:
        value = _of(values, name)
        percent = 0 if value is None else round(100 * (float(np.exp(value)) - 1))
        beyond = value is not None and abs(value) >= MOST_CHANGE
        return {"percent": percent} | ({"beyond": True} if beyond else {}) if percent else None

    return figures


def _season(values: Numbers) -> Reason | None:
    season = next((name for name in ("summer", "winter") if _of(values, name)), None)
    return {"season": season} if season else None


_FIGURES: dict[str, Callable[[Numbers], Reason | None]] = {
    "unpaid": _count("unpaid"),
    "margin": _margin,
    "reversals": _count("reversals"),
    "debit": _debit,
    "use_year": _change("use_year"),
    "use_lately": _change("use_lately"),
    "season": _season,
}
