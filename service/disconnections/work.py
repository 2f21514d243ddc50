"""The job of disconnections. Running twice tells once: what was told is a row."""

from runtime.jobs import database, jobs
from service.disconnections import watching


@jobs.periodic(cron="* * * * *", periodic_id="disconnections.watch")
@jobs.task(name="disconnections.watch", queue="service", queueing_lock="disconnections.watch")
def watch(timestamp: int) -> None:
    """Warn, let the hour come, and call off what the rules do not allow any more."""
    watching.watch(database())
