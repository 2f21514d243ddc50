"""Jobs of the customer service layer."""

from sqlalchemy.orm import Session

from runtime import jobs
from runtime.errors import Unavailable
from runtime.logs import get_logger
from runtime.settings import load
from service.settings import ServiceSettings
from service.sync import run
from service.sync.configured import source_from
from service.sync.status import show_in_figures, sync_status

SYNC = "service.sync"

_log = get_logger(__name__)


@jobs.jobs.periodic(cron="* * * * *", periodic_id=SYNC)
@jobs.jobs.task(name=SYNC, queue="service", lock=SYNC, queueing_lock=SYNC)
def sync(timestamp: int | None = None) -> None:
    """Bring the copy of the core up to date. A core that is down is asked again in a minute."""
    database = jobs.database()
    source = source_from(load(ServiceSettings))
    try:
        run.run(database, source)
    except Unavailable as refusal:
        _log.warning("sync_unavailable", source=source.name, code=refusal.code)
    finally:
        source.close()
    with database.unit_of_work() as session:
        show_in_figures(sync_status(session))


def sync_soon(session: Session) -> None:
    """Ask for a sync as soon as this transaction is committed; one that waits already will do."""
    jobs.defer(session, sync, lock=SYNC, queueing_lock=SYNC)
