"""The nights of insight: learn when there is enough that is new, score all, look for falls."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime.jobs import BACKOFF, database, defer, defer_many, jobs, nightly
from service.insight import scored, training, warnings
from service.insight.rules import rules

_FIRMS = text("""
    SELECT account_no FROM (
        SELECT account_no, row_number() OVER (ORDER BY account_no) - 1 AS place
        FROM account WHERE kind = ANY (:kinds) AND closed IS NULL
    ) AS numbered WHERE place % :size = 0 ORDER BY account_no
""")


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
        defer_many(session, find_falls, firms(session))


@jobs.task(name="insight.falls_piece", queue="service", retry=BACKOFF)
def find_falls(first: str, until: str | None) -> None:
    """Look at a piece of the firms."""
    with database().unit_of_work() as session:
        warnings.find_falls(session, first, until, rules().falling)


def firms(session: Session) -> list[scored.Piece]:
    """The firms in pieces."""
    rule = rules().falling
    starts = session.scalars(_FIRMS, {"kinds": list(rule.kinds), "size": rule.chunk})
    return scored.pieces_from([str(each) for each in starts])
