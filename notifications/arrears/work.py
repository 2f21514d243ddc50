"""The job of the reminders; killed anywhere, it is gone on with in the next hour."""

from notifications.arrears import foreseeing, running
from runtime import clock
from runtime.jobs import BACKOFF, database, jobs

MORNINGS = "5 22,23,0-12 * * *"
"""Five past each hour from six in the morning to eight in the evening, Beijing time."""


@jobs.periodic(cron=MORNINGS)
@jobs.task(
    name="notifications.arrears",
    queue="notifications",
    lock="notifications.arrears",
    queueing_lock="notifications.arrears",
    retry=BACKOFF,
)
def remind(timestamp: int) -> None:
    """Make the reminders of today; one hour of the day does, the others find them made."""
    day = clock.today()
    running.run(database(), day)
    foreseeing.foresee(database(), day)
