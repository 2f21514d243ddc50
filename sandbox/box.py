"""The sandbox as its parts see it: papers, memory and faults."""

from dataclasses import dataclass

from flask import current_app

from sandbox.faults import Faults
from sandbox.notices import Schedule
from sandbox.papers import Papers
from sandbox.store import Store


@dataclass(frozen=True)
class Box:
    """What every part of one running sandbox shares."""

    papers: Papers
    store: Store
    faults: Faults
    schedule: Schedule
    refund_seconds: float


def current() -> Box:
    """The box of the application that serves this request."""
    box: Box = current_app.extensions["sandbox"]
    return box
