"""The jobs of invoices; they are asked for in `payments.invoices.soon`."""

from functools import cache

from sqlalchemy import select

from payments.invoices import issuing, reversing, soon
from payments.invoices.models import Invoice
from payments.invoices.platform import InvoicePlatform, from_settings
from payments.settings import of_process
from payments.work import FOR_EVER
from runtime.jobs import database, jobs

AT_ONCE = 200


@cache
def _platform() -> InvoicePlatform | None:
    return from_settings(of_process())


@jobs.task(name=soon.ISSUE.name, queue=soon.ISSUE.queue, retry=FOR_EVER)
def issue(request_no: str) -> None:
    """Bring an invoice to its end; without a platform it waits until there is one."""
    platform = _platform()
    if platform is not None:
        issuing.bring_on(database(), platform, request_no, seller=of_process().seller_name)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(
    name="payments.invoices.sweep", queue="payments", queueing_lock="payments.invoices.sweep"
)
def sweep(timestamp: int) -> None:
    """Take back what is no longer true, and pick up what lies about."""
    with database().unit_of_work() as session:
        reversing.take_back(session)
        lying = select(Invoice.request_no).where(Invoice.state.in_(issuing.OPEN))
        for request_no in session.scalars(lying.order_by(Invoice.created_at).limit(AT_ONCE)):
            soon.issue(session, request_no)
