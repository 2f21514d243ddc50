"""What may follow what in the course of a request: a chart made of the steps of its kind.

The chart is one of python-statemachine, made from data; docs/requests.md says why. It knows the
steps by name and nothing of clocks, people or tables: those are `moving`'s.
"""

from functools import cache
from itertools import pairwise
from typing import Any

from statemachine import StateChart
from statemachine.exceptions import TransitionNotAllowed
from statemachine.io import create_machine_class_from_definition

REJECTED, CANCELLED = "rejected", "cancelled"
DEEDS = frozenset({"complete", "pause", "resume", "reject", "cancel", "reopen"})
"""What people may do; the chart's other events are the core's."""


class Course:
    """Where a request stands among its steps; `state` is a step, or how it ended on the way.

    `paused`: the clock stands. `withdrawable`: its customer may still take it back.
    """

    def __init__(
        self, steps: tuple[str, ...], state: str, *, paused: bool, withdrawable: bool
    ) -> None:
        self.state = state
        self.paused, self.withdrawable = paused, withdrawable
        self._chart = _chart(steps)(self)

    def allowed(self) -> frozenset[str]:
        """The events that are possible now."""
        return frozenset(event.id for event in self._chart.enabled_events())

    def takes(self, event: str) -> bool:
        """Bring it on by an event; False, and nothing has changed, when it is not possible."""
        try:
            self._chart.send(event)
        except TransitionNotAllowed:
            return False
        return True


@cache
def _chart(steps: tuple[str, ...]) -> type[StateChart[Any]]:
    """The chart of a route; one that cannot be walked is refused by the engine as it is made."""
    first, last = steps[0], steps[-1]
    states: dict[str, Any] = {
        here: {"initial": here == first, "on": _on_the_way(here, onward)}
        for here, onward in pairwise(steps)
    }
    states[last] = {"on": {"reopen": [{"target": first}]}}
    states[REJECTED] = {"on": {"reopen": [{"target": first}]}}
    # The core may have finished, or refused, what the customer took back before it heard of that.
    states[CANCELLED] = {"on": {"finish": [{"target": last}], "reject": [{"target": REJECTED}]}}
    return create_machine_class_from_definition(
        "Course",
        states=states,
        allow_event_without_transition=False,
        catch_errors_as_events=False,
    )


def _on_the_way(here: str, onward: str) -> dict[str, list[dict[str, Any]]]:
    """`carry_on` and `call_off` are the core's: it does not ask whether our clock stands."""
    return {
        "complete": [{"target": onward, "cond": "!paused"}],
        "pause": [{"target": here, "internal": True, "cond": "!paused"}],
        "resume": [{"target": here, "internal": True, "cond": "paused"}],
        "reject": [{"target": REJECTED}],
        "cancel": [{"target": CANCELLED, "cond": "withdrawable"}],
        "carry_on": [{"target": onward}],
        "call_off": [{"target": CANCELLED}],
    }
