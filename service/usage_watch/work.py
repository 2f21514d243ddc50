"""Each morning, when the readings of the night are there: is there anything to say?"""

from runtime import clock
from runtime.jobs import BACKOFF, database, defer_many, jobs
from service.usage_watch import looking

MORNING = "40 23 * * *"
"""07:40 in Beijing; crons count in UTC."""


@jobs.periodic(cron=MORNING, periodic_id="usage_watch.start")
@jobs.task(name="usage_watch.start", queue="service", queueing_lock="usage_watch.start")
def start(timestamp: int) -> None:
    """Ask for one job for each chunk of accounts."""
    with database().unit_of_work() as session:
        defer_many(session, look, [{"first": each} for each in looking.starts(session)])


@jobs.task(name="usage_watch.look", queue="service", retry=BACKOFF)
def look(first: str) -> None:
    """Look over one chunk."""
    with database().unit_of_work() as session:
        looking.look(session, first, clock.today())
