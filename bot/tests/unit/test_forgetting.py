"""Old words are forgotten, new ones and a store that is not there yet are left alone."""

import time

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from forgetting import DAY, KEEP_DAYS, forget


def test_words_older_than_a_month_are_forgotten(tmp_path, run):
    path = tmp_path / "tracker.db"
    store = SQLTrackerStore(Domain.empty(), dialect="sqlite", db=str(path))
    now = time.time()
    said = [
        UserUttered("很久以前", timestamp=now - (KEEP_DAYS + 1) * DAY),
        UserUttered("昨天", timestamp=now - DAY),
    ]
    run(store.save(DialogueStateTracker.from_events("c1", said)))
    assert forget(path) == 1
    assert forget(path) == 0
    left = run(store.retrieve("c1")).events
    assert [event.text for event in left if isinstance(event, UserUttered)] == ["昨天"]


def test_a_store_that_is_not_there_yet_is_no_trouble(tmp_path):
    assert forget(tmp_path / "none" / "tracker.db") == 0
