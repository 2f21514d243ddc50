"""What may follow what: the chart of a request's course."""

import pytest

from service.requests.course import Course

STEPS = ("received", "agreed", "done")


def course(state: str, *, paused: bool = False, withdrawable: bool = True) -> Course:
    return Course(STEPS, state, paused=paused, withdrawable=withdrawable)


@pytest.mark.parametrize(
    ("state", "paused", "withdrawable", "allowed"),
    [
        ("received", False, True, "complete pause reject cancel carry_on call_off"),
        ("agreed", False, False, "complete pause reject carry_on call_off"),
        ("agreed", True, False, "resume reject carry_on call_off"),
        ("done", False, False, "reopen"),
        ("rejected", False, False, "reopen"),
        ("cancelled", False, False, "finish reject"),
    ],
)
def test_what_is_possible_where(state: str, paused: bool, withdrawable: bool, allowed: str) -> None:
    here = course(state, paused=paused, withdrawable=withdrawable)
    assert here.allowed() == frozenset(allowed.split())


@pytest.mark.parametrize(
    ("state", "event", "comes_to"),
    [
        ("received", "complete", "agreed"),
        ("agreed", "carry_on", "done"),
        ("agreed", "reject", "rejected"),
        ("received", "cancel", "cancelled"),
        ("done", "reopen", "received"),
        ("rejected", "reopen", "received"),
        ("cancelled", "finish", "done"),
    ],
)
def test_where_an_event_leads(state: str, event: str, comes_to: str) -> None:
    here = course(state)
    assert here.takes(event)
    assert here.state == comes_to


@pytest.mark.parametrize(
    ("state", "event"), [("done", "complete"), ("done", "cancel"), ("cancelled", "reopen")]
)
def test_what_is_not_possible_changes_nothing(state: str, event: str) -> None:
    here = course(state)
    assert not here.takes(event)
    assert here.state == state


def test_a_clock_that_stands_holds_the_desk_but_not_the_core() -> None:
    assert not course("received", paused=True).takes("complete")
    assert course("received", paused=True).takes("carry_on")
