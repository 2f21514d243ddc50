"""Who listens to whom: the subscriptions between rooms that must not import each other.

Written once, here, and called by every process that may publish an event.
"""

from notifications import sms
from runtime import events
from service.people.events import CodeIssued


def wire() -> None:
    """Connect the rooms; a second call changes nothing."""
    events.subscribe(CodeIssued, sms.queue_code)
