"""A dialogue goes on from memory as from the store; nothing of it is lost or doubled."""

import time

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)

import dialogues
from dialogues import MESSAGES, Dialogues

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [ask]
    slots:
      account_no: {type: any, mappings: [{type: custom}]}
      last_question: {type: any, mappings: [{type: custom}]}
      draft: {type: any, initial_value: none yet, mappings: [{type: custom}]}
    """
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tracker.db"


@pytest.fixture
def store(path):
    return Dialogues(domain=DOMAIN, db=str(path))


@pytest.fixture
def whole(path, run):
    """All events that are stored of c1, as Rasa's own store reads them."""
    own = SQLTrackerStore(DOMAIN, dialect="sqlite", db=str(path))
    return lambda: list(run(own.retrieve_full_tracker("c1")).events)


@pytest.fixture
def say(store, run):
    """One turn of c1, with the events that an action adds; the tracker as it was saved."""

    def say(text, *added):
        tracker = run(store.get_or_create_tracker("c1", append_action_listen=False))
        if not tracker.events:
            tracker.update_with_events([SessionStarted(), ActionExecuted("action_listen")], DOMAIN)
        events = [UserUttered(text), ActionExecuted("action_answer"), BotUttered(text * 2), *added]
        tracker.update_with_events([*events, ActionExecuted("action_listen")], DOMAIN)
        run(store.save(tracker))
        return tracker

    return say


def texts(events):
    return [event.text for event in events if isinstance(event, UserUttered)]


def states(tracker):
    """What every prediction looks at."""
    return tracker.past_states(DOMAIN)


def test_a_dialogue_goes_on_in_memory(say, store, run):
    said = say("one", SlotSet("account_no", "4200"))
    assert run(store.retrieve("c1")) is said


def test_memory_and_store_agree_after_every_turn(say, path, run):
    for number in range(3 * MESSAGES):
        kept = say(f"t{number}", SlotSet("last_question", {"number": number}))
        read = run(Dialogues(domain=DOMAIN, db=str(path)).retrieve("c1"))
        assert list(read.events) == list(kept.events)
        assert read.current_slot_values() == kept.current_slot_values()
        assert states(read) == states(kept)


def test_everything_is_stored_once_and_in_order(say, whole):
    for number in range(3 * MESSAGES):
        say(f"t{number}", SlotSet("last_question", number))
    events = whole()
    assert texts(events) == [f"t{number}" for number in range(3 * MESSAGES)]
    asked = [event.value for event in events if isinstance(event, SlotSet)]
    assert asked == list(range(3 * MESSAGES))


def test_a_long_dialogue_keeps_its_newest_messages_and_all_it_knows(say):
    say("first", SlotSet("account_no", "4200"), SlotSet("draft", None))
    for number in range(50):
        tracker = say(f"t{number}")
    assert texts(tracker.events) == [f"t{number}" for number in range(50 - MESSAGES, 50)]
    known = {"account_no": "4200", "draft": None, "last_question": None}
    assert tracker.current_slot_values().items() >= known.items()
    again = tracker.copy().current_slot_values()
    assert again.items() >= known.items()
    assert tracker.events[0] == SlotSet("account_no", "4200")
    first = next(event for event in tracker.events if not isinstance(event, SlotSet))
    assert first == ActionExecuted("action_listen")


def test_its_size_does_not_grow(say):
    sizes = []
    for number in range(60):
        sizes.append(len(say(f"t{number}", SlotSet("last_question", number)).events))
    assert set(sizes[2 * MESSAGES :]) == {sizes[2 * MESSAGES]}


def test_a_turn_that_was_cut_off_has_changed_nothing(say, store, run):
    say("one", SlotSet("account_no", "4200"))
    lent = run(store.retrieve("c1"))
    lent.update_with_events([UserUttered("two"), SlotSet("account_no", "999")], DOMAIN)
    again = run(store.retrieve("c1"))
    assert texts(again.events) == ["one"]
    assert again.get_slot("account_no") == "4200"


def test_a_first_turn_that_was_cut_off_has_begun_nothing(store, run):
    lent = run(store.get_or_create_tracker("c1", append_action_listen=False))
    lent.update_with_events([UserUttered("one"), SlotSet("account_no", "999")], DOMAIN)
    again = run(store.get_or_create_tracker("c1", append_action_listen=False))
    assert not again.events
    assert again.get_slot("account_no") is None


def test_a_turn_that_could_not_be_stored_has_changed_nothing(say, store, run):
    say("one")
    lent = run(store.retrieve("c1"))
    lent.update_with_events([UserUttered("two"), SlotSet("account_no", object())], DOMAIN)
    with pytest.raises(TypeError):
        run(store.save(lent))
    assert texts(run(store.retrieve("c1")).events) == ["one"]


def test_a_form_is_kept_from_where_it_began(say):
    for number in range(MESSAGES):
        say(f"before{number}")
    say("form", ActiveLoop("pay_form"), SlotSet("draft", {}))
    for number in range(2 * MESSAGES):
        tracker = say(f"field{number}")
    assert tracker.active_loop_name == "pay_form"
    assert tracker.copy().active_loop_name == "pay_form"
    assert any(isinstance(event, ActiveLoop) for event in tracker.events)
    say("done", ActiveLoop(None))
    for number in range(MESSAGES):
        tracker = say(f"after{number}")
    assert texts(tracker.events) == [f"after{number}" for number in range(MESSAGES)]
    assert tracker.copy().active_loop_name is None


def test_a_new_session_leaves_the_old_one_behind(say, store, run):
    say("old", SlotSet("account_no", "4200"))
    tracker = run(store.retrieve("c1"))
    begin = [SessionStarted(), SlotSet("account_no", "4200"), ActionExecuted("action_listen")]
    tracker.update_with_events(begin, DOMAIN)
    run(store.save(tracker))
    tracker = say("new")
    assert texts(tracker.events) == ["new"]
    assert tracker.get_slot("account_no") == "4200"


def test_what_has_left_memory_is_read_again(store, run, monkeypatch):
    monkeypatch.setattr(dialogues, "DIALOGUES", 2)
    for name in ("c1", "c2", "c3"):
        tracker = run(store.get_or_create_tracker(name, append_action_listen=False))
        tracker.update(UserUttered(name, timestamp=time.time()), DOMAIN)
        run(store.save(tracker))
    assert list(store._kept) == ["c2", "c3"]
    assert texts(run(store.retrieve("c1")).events) == ["c1"]
    assert run(store.retrieve("nobody")) is None
