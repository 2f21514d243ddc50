"""Where dialogues are kept: Rasa's own store, without reading all of a dialogue in every turn.

Rasa reads the whole session back from its store for each message, counts it to find what is new,
and goes through all of it for every prediction and every action. Here a dialogue stays in memory
between two messages, with the newest messages and what was known before them.
"""

import json
from collections import OrderedDict
from itertools import islice
from typing import Any

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

MESSAGES = 6
"""The customer's newest ones, which a dialogue keeps; nobody looks further back."""

DIALOGUES = 500
"""The newest ones, kept in memory; the others are read when they go on."""


EVENTS = SQLTrackerStore.SQLEvent.__table__


class Dialogues(SQLTrackerStore):
    """A store in SQLite. A dialogue lent for a turn that is not saved is read anew for the next."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(dialect="sqlite", **settings)
        self._database = self.engine.connect()
        self._database.exec_driver_sql("PRAGMA journal_mode=WAL")
        # What is stored outlives the process at once, and the machine a moment later.
        self._database.exec_driver_sql("PRAGMA synchronous=NORMAL")
        self._kept: OrderedDict[str, DialogueStateTracker] = OrderedDict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The newest session; None when nothing was ever said."""
        if sender_id in self._kept:
            return self._kept.pop(sender_id)
        found = await super().retrieve(sender_id)
        if found is not None:
            shorten(found)
        return found

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new, then keep it in memory. Raises what SQLAlchemy raises."""
        new = islice(tracker.events, stored(tracker), None)
        rows = [_row(tracker.sender_id, each) for each in new]
        if not rows:
            return  # of a dialogue that has just begun, which is lent already
        with self._database.begin():
            self._database.execute(EVENTS.insert(), rows)
        shorten(tracker)
        self._kept[tracker.sender_id] = tracker
        if len(self._kept) > DIALOGUES:
            self._kept.popitem(last=False)


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    """An event in the columns of Rasa's table."""
    told = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": told.get("timestamp"),
        "intent_name": told.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": told.get("name"),
        "data": json.dumps(told),
    }


def stored(dialogue: DialogueStateTracker) -> int:
    """How many of its events are in the store; none of one that has just begun."""
    return getattr(dialogue, "stored", 0)


def shorten(dialogue: DialogueStateTracker) -> None:
    """Leave the newest messages, with the slots of before in front; all of it is stored.

    Nothing is cut in the middle of a form: Rasa follows a form from where it began.
    """
    events = list(dialogue.events)
    begin = _begin(events)
    before = DialogueStateTracker.from_events(
        dialogue.sender_id, events[:begin], dialogue.slots.values()
    )
    if not before.active_loop:
        dialogue.events = dialogue._create_events([*_known(before), *events[begin:]])
    dialogue.stored = len(dialogue.events)


def _begin(events: list[Event]) -> int:
    """Where the newest messages begin: with the listening before them, and in this session."""
    said = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    oldest = said[-MESSAGES] if len(said) > MESSAGES else 0
    listened = (place for place in range(oldest, 0, -1) if _listens(events[place]))
    session = (
        place
        for place in range(len(events) - 1, 0, -1)
        if isinstance(events[place], SessionStarted)
    )
    return max(next(listened, 0), next(session, 0))


def _listens(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def _known(dialogue: DialogueStateTracker) -> list[Event]:
    return [SlotSet(slot.name, slot.value) for slot in dialogue.slots.values() if slot.has_been_set]
