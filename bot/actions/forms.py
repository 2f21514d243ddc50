"""Forms that ask whatever is still missing: one draft, one answer at a time.

A form of the domain requires one slot, `answer`, and keeps what it knows in another, `draft`. As
long as something is missing `answer` stays empty and the form asks again; it is `yes` once what was
shown has been agreed to. What is asked, and what an answer means, an errand knows; the four
actions of a form are made of it and have their names from the form, here `payment_form`:

    action_open_payment            the first words begin a draft
    validate_payment_form          reads an answer; what is none is left to the rules
    action_ask_payment_form_answer asks for the next thing
    action_submit_payment          does what was agreed, or nothing when the form was left
"""

import re
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import after_stop, is_no, is_question, is_stop
from actions.api import Refused, SignInNeeded, Unavailable
from actions.messages import QUESTIONS, SURE, WISHES, Said
from actions.say import Turn
from actions.topic import Topic

Draft = dict[str, Any]
"""What a form knows: `form`, `step` (what was asked last), `tries`, and what its errand keeps."""

SIGN_IN = "sign_in"
STOP = "stop"
"""What the button stands for that leaves a form."""
TRIES = 2
"""Answers that cannot be used before a person is offered."""
ASKS = 4
"""Letters that may ask something."""

PARTING = frozenset({"human_handoff", "goodbye"})
"""Intents after which a form does not come back."""
OUTAGE = "report_outage"
MAY_BE_CUT = re.compile(r"(?:会不?会?|要不要|如果|再不|不[交缴付]).{0,8}(?:停|断|掐)")
"""Who asks whether the power will be cut off has it."""
PERSON_WORDS = re.compile(
    r"人工|真人|活人|客服|专员|转接|经理|human|agent|operator|real person|representative", re.I
)
GOODBYE_WORDS = re.compile(
    r"再见|再会|拜|回见|回聊|晚安|走了|我走|先走|下线|挂了|溜了|闪了|告辞|结束|关了|不聊|"
    r"\bbye\b|goodbye|see you|cya|good ?night|leaving",
    re.I,
)


class Unusable(Exception):  # noqa: N818
    """An answer that cannot be used: the response that says what to do, and its words."""

    def __init__(self, response: str, **words: Any) -> None:
        self.response, self.words = response, words
        super().__init__(response)


@dataclass(frozen=True)
class Taken:
    """An answer that was understood: the draft as it is now, and whether all was agreed to."""

    draft: Draft
    agreed: bool = False


class Errand(ABC):
    """What a form is about."""

    form: ClassVar[str]
    personal: ClassVar[bool] = True
    """Only for who is signed in. What is not may still turn out so when the portal is asked."""
    optional: ClassVar[frozenset[str]] = frozenset()
    """Steps at which a no leaves the form."""

    def wishes(self, draft: Draft) -> frozenset[str]:
        """Intents that mean this very errand."""
        return frozenset()

    def is_free_text(self, draft: Draft) -> bool:
        """Whether the question that is open is answered in words of one's own."""
        return False

    def changes(self, said: Said, draft: Draft) -> Draft:
        """What a message changes in the draft, whatever was asked."""
        return {}

    @abstractmethod
    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        """A draft of what was said first; None when nothing can be done and that has been said."""

    @abstractmethod
    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        """Ask for the next thing and note it as `step`; None as in `begin`."""

    @abstractmethod
    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        """What a message means as an answer; None when it is none. Raises `Unusable`."""

    @abstractmethod
    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        """Do what was agreed to. Raises `Refused` and `Unavailable`."""


async def _begun(errand: Errand, turn: Turn, said: Said) -> Draft | None:
    try:
        if errand.personal and not turn.signed_in:
            raise SignInNeeded(403, {"code": SIGN_IN})
        draft = await errand.begin(turn, said)
    except SignInNeeded:
        return {"form": errand.form, "step": SIGN_IN, "said": asdict(said)}
    return None if draft is None else {"form": errand.form, "step": None, "tries": 0, **draft}


def leave() -> list[EventType]:
    """Events that end a form with nothing done."""
    return [SlotSet("draft", None), SlotSet("answer", None), SlotSet("requested_slot", None)]


def _once_more(draft: Draft) -> Draft:
    """The draft after an answer that could not be used."""
    return {**draft, "tries": draft.get("tries", 0) + 1}


def reopen(draft: Draft) -> list[EventType]:
    """Events that bring a form back after it was agreed to."""
    again = {**_once_more(draft), "step": None}
    return [SlotSet("draft", again), SlotSet("answer", None), FollowupAction(draft["form"])]


class Step(Topic):
    """One of the four actions of a form. Subclasses say which errand it serves."""

    @property
    @abstractmethod
    def errand(self) -> Errand: ...


class Open(Step):
    """Begins a draft; when that fails the form that follows ends at once."""

    def name(self) -> str:
        return f"action_open_{self.errand.form.removesuffix('_form')}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        events = await super().run(dispatcher, tracker, domain)
        return [SlotSet("draft", None), SlotSet("answer", None), *events]

    async def act(self, turn: Turn) -> list[EventType]:
        return [SlotSet("draft", await _begun(self.errand, turn, Said.now(turn)))]


class Ask(Step):
    """Asks the next question; when that fails the form is left."""

    def name(self) -> str:
        return f"action_ask_{self.errand.form}_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        events = await super().run(dispatcher, tracker, domain)
        asked = any(event.get("name") == "draft" and event.get("value") for event in events)
        return events if asked else [*events, *leave(), ActiveLoop(None)]

    async def act(self, turn: Turn) -> list[EventType]:
        draft = turn.slot("draft")
        if draft["step"] == SIGN_IN:
            draft = await self._signed_in(turn, draft)
        elif draft.get("tries", 0) >= TRIES:
            turn.say("utter_form_offer_person")
        asked = draft and (
            draft if draft["step"] == SIGN_IN else await self.errand.ask(turn, dict(draft))
        )
        return [SlotSet("draft", asked)] if asked else []

    async def _signed_in(self, turn: Turn, draft: Draft) -> Draft | None:
        """The draft that waited until the customer is signed in, or once more the way there."""
        if turn.signed_in:
            return await _begun(self.errand, turn, Said(**draft["said"]))
        turn.say("utter_form_sign_in")
        turn.card("link", to="sign_in")
        return draft


class Check(Step):
    """Reads a message as an answer. No event at all means that it is none."""

    def name(self) -> str:
        return f"validate_{self.errand.form}"

    async def act(self, turn: Turn) -> list[EventType]:
        draft = turn.slot("draft")
        if not draft or draft.get("form") != self.errand.form:
            return leave()
        if not _is_new(turn.tracker, self.errand.form):
            return leave() if turn.intent in PARTING else []
        said = Said.now(turn)
        if (
            said.intent == "emergency"
            or self._is_dark(said, draft)
            or (said.intent in PARTING and not self._is_told(said, draft))
        ):
            return []
        if self._leaves(said, draft):
            turn.say("utter_form_left")
            return [*leave(), *_asked_after(turn, said)]
        return (
            _waits_for_sign_in(turn, said)
            if draft["step"] == SIGN_IN
            else await self._take(turn, said, draft)
        )

    def _is_dark(self, said: Said, draft: Draft) -> bool:
        """Whether the power is off, which goes before any other matter; a story may tell of it."""
        return (
            said.intent == OUTAGE
            and said.confidence >= SURE
            and OUTAGE not in self.errand.wishes(draft)
            and not (said.typed and self.errand.is_free_text(draft))
            and not MAY_BE_CUT.search(said.typed)
        )

    def _is_told(self, said: Said, draft: Draft) -> bool:
        """Whether what was taken for a parting is rather an answer: 微信吧, 88, or a story."""
        if said.intent == "goodbye":
            return not GOODBYE_WORDS.search(said.text)
        return self.errand.is_free_text(draft) and not PERSON_WORDS.search(said.text)

    def _leaves(self, said: Said, draft: Draft) -> bool:
        if said.chosen == STOP or (
            draft["step"] in self.errand.optional and is_no(said.intent, said.typed)
        ):
            return True
        if not is_stop(said.intent, said.text) or self.errand.changes(said, draft):
            return False
        return not self.errand.is_free_text(draft) or len(said.text) <= 8

    async def _take(self, turn: Turn, said: Said, draft: Draft) -> list[EventType]:
        if said.is_foreign_button and said.intent not in self.errand.wishes(draft):
            return self._elsewhere(turn, said, draft)
        try:
            taken = await self.errand.take(turn, said, dict(draft))
        except Unusable as problem:
            turn.say(problem.response, **problem.words)
            return _kept(_once_more(draft))
        except Refused as refusal:
            turn.sentence(refusal.sentence)
            return _kept(_once_more(draft))
        if taken is None:
            return self._elsewhere(turn, said, draft)
        return _kept({**taken.draft, "tries": 0}, "yes" if taken.agreed else None)

    def _elsewhere(self, turn: Turn, said: Said, draft: Draft) -> list[EventType]:
        """Another wish is kept for afterwards; everything else is answered by the rules."""
        if said.intent in self.errand.wishes(draft):
            return _kept(draft)
        if said.intent not in WISHES:
            return []
        if said.confidence < SURE:
            turn.say("utter_form_yes_or_no")
            return _kept(draft)
        turn.say("utter_form_next_wish")
        return [
            SlotSet("pending_wish", {"text": said.text, "parse": turn.tracker.latest_message}),
            *_kept(draft),
        ]


def _asked_after(turn: Turn, said: Said) -> list[EventType]:
    """A question in the words that leave a form is answered when it has ended."""
    rest = after_stop(said.typed)
    if len(rest) < ASKS or said.intent not in QUESTIONS or said.confidence < SURE:
        return []
    return [SlotSet("pending_wish", {"text": rest, "parse": turn.tracker.latest_message})]


def _kept(draft: Draft, answer: str | None = None) -> list[EventType]:
    return [SlotSet("draft", draft), SlotSet("answer", answer)]


def _waits_for_sign_in(turn: Turn, said: Said) -> list[EventType]:
    """Any other matter goes first; a word that one has signed in when it is not so is answered."""
    if said.intent in QUESTIONS | WISHES or is_question(said.typed):
        return []
    if not turn.signed_in:
        turn.say("utter_form_not_signed_in")
    return [SlotSet("answer", None)]


def _is_new(tracker: Tracker, form: str) -> bool:
    """Whether the form runs first after a message, not after an action that has answered it."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return True
        if event["event"] == "action" and event["name"] != form:
            return False
    return False


class Submit(Step):
    """Does what was agreed to. When the portal is silent the form comes back with the same key."""

    def name(self) -> str:
        return f"action_submit_{self.errand.form.removesuffix('_form')}"

    async def act(self, turn: Turn) -> list[EventType]:
        draft, agreed = turn.slot("draft"), turn.slot("answer") == "yes"
        if not draft or not agreed:
            return leave()
        try:
            return [*leave(), *await self.errand.submit(turn, dict(draft))]
        except Unavailable:
            if draft.get("tries", 0) >= TRIES:
                raise
            turn.say("utter_form_no_echo")
            return reopen(draft)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await super().run(dispatcher, tracker, domain) or leave()
