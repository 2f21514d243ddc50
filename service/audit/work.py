"""Proving the trail once a night; the log keeps how far it went, away from the database."""

from runtime.jobs import database, jobs, nightly
from runtime.logs import get_logger
from service.audit.reading import prove

_log = get_logger(__name__)


@jobs.periodic(cron=nightly(40))
@jobs.task(name="audit.prove", queue="service", queueing_lock="audit.prove")
def prove_trail(timestamp: int) -> None:
    """Log number and hash of the newest entry, for `denghuo audit check --known`."""
    with database().reading() as session:
        proof = prove(session)
    if proof.wrong:
        _log.error("trail_broken", after=proof.number, wrong=proof.wrong)
    else:
        _log.info("trail_whole", number=proof.number, digest=proof.hash.hex())
