"""The job of low balances. Running twice tells once: the database sees to it."""

from payments.settings import PaymentSettings
from payments.thresholds.checking import check
from runtime.jobs import database, jobs
from runtime.settings import load


@jobs.periodic(cron="* * * * *")
@jobs.task(name="payments.low_balances", queue="payments", queueing_lock="payments.low_balances")
def low_balances(timestamp: int) -> None:
    """Look at the balances that the last sync has brought."""
    settings = load(PaymentSettings)
    with database().unit_of_work() as session:
        check(session, f"{settings.public_url}/pay?choose=1")
