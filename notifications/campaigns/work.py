"""The job of campaigns."""

from notifications.campaigns import feeding
from runtime.jobs import database, jobs


@jobs.periodic(cron="* * * * *", periodic_id="campaigns.minute")
@jobs.task(
    name="campaigns.minute",
    queue="notifications",
    lock="campaigns.minute",
    queueing_lock="campaigns.minute",
)
def minute(timestamp: int) -> None:
    """Begin what is due, and tell the next people of what runs: each campaign by itself."""
    with database().unit_of_work() as session:
        feeding.begin_due(session)
    with database().unit_of_work() as session:
        numbers = feeding.running(session)
    for each in numbers:
        with database().unit_of_work() as session:
            feeding.feed(session, each)
