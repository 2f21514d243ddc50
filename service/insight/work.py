"""The nights of insight: learn when there is enough that is new, score all, look for falls."""

from runtime.jobs import BACKOFF, database, defer, defer_many, jobs, nightly
from service.insight import scored, training, warnings
from service.insight.rules import rules


@jobs.periodic(cron=nightly(15))
@jobs.task(name="insight.learn", queue="service", queueing_lock="insight.learn", retry=BACKOFF)
def learn(timestamp: int) -> None:
    """Learn anew when it is time, then ask for every account to be scored."""
    with database().reading() as session:
        due = training.due_for_training(session, rules().learning)
    if due:
        training.train(database(), rules())
    with database().unit_of_work() as session:
        defer(session, score, queueing_lock="insight.score")


@jobs.task(name="insight.score", queue="service", queueing_lock="insight.score", retry=BACKOFF)
def score() -> None:
    """Ask for the scores of all accounts, a job for each piece."""
    with database().unit_of_work() as session:
        model = training.newest_model(session)
        if model is not None:
            pieces = scored.bounds(session, rules().chunk)
            defer_many(
                session, score_piece, [{"model_no": model.model_no, **each} for each in pieces]
            )


@jobs.task(name="insight.score_piece", queue="service", retry=BACKOFF)
def score_piece(model_no: int, first: str, until: str | None) -> None:
    """Score a piece of the accounts."""
    with database().unit_of_work() as session:
        scored.score_piece(session, model_no, first, until, rules())


@jobs.periodic(cron=nightly(35))
@jobs.task(name="insight.falls", queue="service", queueing_lock="insight.falls", retry=BACKOFF)
def falls(timestamp: int) -> None:
    """Ask for all firms to be looked at, a job for each piece."""
    with database().unit_of_work() as session:
        pieces = warnings.firms(session, rules().falling)
        defer_many(session, find_falls, [dict(each) for each in pieces])


@jobs.task(name="insight.falls_piece", queue="service", retry=BACKOFF)
def find_falls(first: str, until: str | None) -> None:
    """Look at a piece of the firms."""
    with database().unit_of_work() as session:
        warnings.find_falls(session, first, until, rules().falling)
