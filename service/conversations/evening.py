"""When the desk closes: nobody is left in a queue that nobody looks at."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.jobs import database, jobs
from service.conversations import hours, notices
from service.conversations.handoff import end, handoff_of
from service.conversations.models import Conversation, Handoff


def send_home(session: Session) -> int:
    """Who still waits after hours is called back where a number is known, else told so; how many.

    The assistant listens to them again. While the desk is open nothing happens.
    """
    if hours.is_open():
        return 0
    waiting = session.scalars(select(Handoff.id).where(Handoff.state == "waiting")).all()
    return sum(_sent_home(session, *handoff_of(session, each)) for each in waiting)


def _sent_home(session: Session, conversation: Conversation, handoff: Handoff) -> bool:
    if handoff.state != "waiting":
        return False
    if handoff.phone is None:
        end(session, conversation, handoff, "given_up")
        notices.note(session, conversation, notices.DESK_CLOSED)
    else:
        handoff.state, conversation.held_by = "callback", "assistant"
        notices.note(session, conversation, notices.CALL_BACK)
    return True


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="conversations.evening", queue="service", queueing_lock="conversations.evening")
def evening(timestamp: int) -> None:
    """Look every ten minutes whether the desk has closed."""
    with database().unit_of_work() as session:
        send_home(session)
