"""The work of the nights without jobs: for a demo, and for whoever cannot wait for the night."""

from runtime.database import Database
from service.insight import scored, training, warnings
from service.insight.rules import Rules


def learn_and_score(database: Database, rules: Rules) -> int:
    """Learn when it is time, and score all accounts; returns how many have a score."""
    with database.reading() as session:
        due = training.due_for_training(session, rules.learning)
        newest = training.newest_model(session)
        pieces = scored.bounds(session, rules.chunk)
    known = newest.model_no if newest else 0
    model_no = training.train(database, rules) if due else known
    count = 0
    for piece in pieces:
        with database.unit_of_work() as session:
            count += scored.score_piece(session, model_no, **piece, rules=rules)
    return count


def find_falls(database: Database, rules: Rules) -> int:
    """Look at all firms; returns how many warnings are new."""
    with database.reading() as session:
        pieces = warnings.firms(session, rules.falling)
    count = 0
    for piece in pieces:
        with database.unit_of_work() as session:
            count += warnings.find_falls(session, **piece, rules=rules.falling)
    return count
