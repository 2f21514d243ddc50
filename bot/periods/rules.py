"""Rules: a pattern for whole words, and what period they mean on a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from periods.spans import BillPeriod, Period

Found = Period | BillPeriod
Rule = Callable[[re.Match[str], date], Found]
Rules = list[tuple[re.Pattern[str], Rule]]


def rules_of() -> tuple[Rules, Callable[[str], Callable[[Rule], Rule]]]:
    """An empty list of rules and the decorator that puts one into it."""
    rules: Rules = []

    def rule(pattern: str) -> Callable[[Rule], Rule]:
        def put(made: Rule) -> Rule:
            rules.append((re.compile(pattern), made))
            return made

        return put

    return rules, rule
