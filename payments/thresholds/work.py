"""The job of low balances. Running twice tells once: the database sees to it."""

from payments.settings import of_process
from payments.thresholds.checking import check
from runtime.jobs import database, jobs


@jobs.periodic(cron="* * * * *")
@jobs.task(name="payments.low_balances", queue="payments", queueing_lock="payments.low_balances")
def low_balances(timestamp: int) -> None:
    """Look at the balances that the last sync has brought."""
    with database().unit_of_work() as session:
        check(session, f"{of_process().public_url}/pay?choose=1")
