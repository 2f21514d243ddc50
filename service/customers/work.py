"""The jobs of the desk's customers."""

from runtime.jobs import database, jobs
from service.customers import indexing


@jobs.periodic(cron="*/10 * * * *", periodic_id="customers.index")
@jobs.task(name="customers.index", queue="service", queueing_lock="customers.index")
def index(timestamp: int) -> None:
    """Make accounts findable that came before there were indexes."""
    indexing.fill(database())
