"""The job of arrangements. Running twice tells once: what is over or reminded is marked."""

from runtime.jobs import database, jobs
from service.arrangements import following

MORNING = "30 22 * * *"
"""Half past six in Beijing; crons count in UTC."""


@jobs.periodic(cron=MORNING, periodic_id="arrangements.follow")
@jobs.task(name="arrangements.follow", queue="service", queueing_lock="arrangements.follow")
def follow(timestamp: int) -> None:
    """See which arrangements are kept, broken or due soon."""
    following.follow_all(database())
