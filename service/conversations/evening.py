"""When the desk closes: nobody is left in a queue that nobody looks at."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.jobs import database, jobs
from service.conversations import hours, notices
from service.conversations.handoff import end, handoff_of
from service.conversations.models import Handoff


def still_waiting(session: Session) -> list[int]:
    """Handoffs whose people wait although the desk has closed; none while it is open."""
    if hours.is_open():
        return []
    return list(session.scalars(select(Handoff.id).where(Handoff.state == "waiting")))


def send_home(session: Session, handoff_id: int) -> None:
    """Who waits is called back where a number is known, else told that the desk has closed.

    The assistant listens to them again. Whoever waits no more is left as they are.
    """
    conversation, handoff = handoff_of(session, handoff_id)
    if handoff.state != "waiting":
        return
    if handoff.phone is None:
        end(session, conversation, handoff, "given_up")
        notices.note(session, conversation, notices.DESK_CLOSED)
    else:
        handoff.state, conversation.held_by = "callback", "assistant"
        notices.note(session, conversation, notices.CALL_BACK)


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="conversations.evening", queue="service", queueing_lock="conversations.evening")
def evening(timestamp: int) -> None:
    """Look every ten minutes whether the desk has closed; one conversation at a time."""
    with database().unit_of_work() as session:
        found = still_waiting(session)
    for handoff_id in found:
        with database().unit_of_work() as session:
            send_home(session, handoff_id)
