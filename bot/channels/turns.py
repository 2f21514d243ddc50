"""A turn: a message of the portal goes through Rasa once, whatever is sent twice."""

import asyncio
import logging
import os
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.events import BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from channels.answers import Answer, Answers, collected
from channels.carried import carried
from channels.greeting import GREETS, after_greeting
from channels.language import spoken
from channels.payload import certain, understood
from channels.said import Said
from channels.tapped import agreed, meant, offered
from channels.wishes import parted, told_by_words

logger = logging.getLogger(__name__)

LIMIT = 2.2
"""Seconds for one turn; the portal waits 2.5 and would then answer by itself."""

KEPT = ("text", "intent", "entities")
GUESSES = 10
"""Intents beside the best that a message keeps."""

HALF_DONE = {"pending_wish", "requested_slot", "draft", "answer", "call_back", "callback_phone"}
"""Slots that end with a session, as its form does."""

BOUNDS = (SessionStarted, UserUttered)

DANGER = "emergency"
MOST_WISHES = 3
"""Wishes that wait and are served in one turn."""

HOTLINE = os.environ.get("DENGHUO_HOTLINE", "96000")


class Turns:
    """Answers messages, those of one conversation one after the other."""

    def __init__(self, agent: Agent, limit: float = LIMIT) -> None:
        self._agent = agent
        self._limit = limit
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, said: Said) -> dict[str, Any]:
        """{"messages", "language", "danger"}; a turn that is cut off has changed nothing.

        There is a message always, except where a person holds the conversation and there is no
        danger. `danger`: the customer has told of some, and is warned.
        """
        try:
            return await asyncio.wait_for(self._in_turn(said), self._limit)
        except asyncio.TimeoutError:
            logger.warning("a turn took longer than %s s", self._limit)
        except Exception:
            logger.exception("a turn failed")
        return await self._trouble(said)

    async def _in_turn(self, said: Said) -> dict[str, Any]:
        lock = self._locks.setdefault(said.conversation, asyncio.Lock())
        async with lock:
            return await Turn(self._agent.processor, said).answer()

    async def _trouble(self, said: Said) -> dict[str, Any]:
        """The sentence for what should not happen, from the domain, with nothing stored."""
        language = spoken(said.text, said.language)
        nothing = DialogueStateTracker.from_events(
            said.conversation, [SlotSet("language", language)]
        )
        nlg = self._agent.processor.nlg
        message = await nlg.generate("utter_trouble", nothing, said.channel, hotline=HOTLINE)
        return {"messages": collected([message]), "language": language, "danger": False}


class Turn:
    """One message on its way through Rasa."""

    def __init__(self, processor: MessageProcessor, said: Said) -> None:
        self._processor = processor
        self._said = said
        self._output = Answers(said.channel)
        self._danger = False

    async def answer(self) -> dict[str, Any]:
        """Handle the message, or tell again what was said when it came before."""
        said = self._said
        tracker = await self._processor.fetch_tracker_and_update_session(
            said.conversation, self._output
        )
        before = said_before(tracker, said.message)
        if before:
            self._danger = told_of_danger(tracker, said.message)
            return self._answer(tracker, before)
        self._situate(tracker)
        if self._said.held:
            return await self._beside_a_person(tracker)
        waiting = tracker.get_slot("pending_wish")
        message = await self._understood(tracker)
        if waiting and message.parse_data["intent"]["name"] == waiting["parse"]["intent"]["name"]:
            tracker.update(SlotSet("pending_wish", None))
        await self._handle(tracker, message)
        await self._serve_pending(tracker)
        if not self._output.messages:
            await self._utter(tracker, "utter_trouble")
        return await self._told(tracker)

    async def _beside_a_person(self, tracker: DialogueStateTracker) -> dict[str, Any]:
        """The warning, where there is danger; else nothing, and nothing is remembered."""
        message = self._message(self._said.text, await self._read(self._said.text))
        if message.parse_data["intent"]["name"] == DANGER:
            await self._handle(tracker, message)
        return await self._told(tracker)

    async def _told(self, tracker: DialogueStateTracker) -> dict[str, Any]:
        """What is answered, once it is stored."""
        if self._output.messages:
            await self._processor.save_tracker(tracker)
        return self._answer(tracker, collected(self._output.messages))

    def _answer(self, tracker: DialogueStateTracker, messages: list[Answer]) -> dict[str, Any]:
        return {
            "messages": messages,
            "language": tracker.get_slot("language"),
            "danger": self._danger,
        }

    def _situate(self, tracker: DialogueStateTracker) -> None:
        """Set what the portal tells with a message: who is asking, where, and in which language."""
        for name, value in situation(tracker, self._said).items():
            if tracker.get_slot(name) != value:
                tracker.update(SlotSet(name, value), self._processor.domain)

    async def _understood(self, tracker: DialogueStateTracker) -> UserMessage:
        """The message as a tap, as a change of the question before, as two wishes, or as it is."""
        text = self._said.text
        payload = None if self._said.payload else meant(text, offered(tracker))
        if self._said.payload or payload:
            return await self._tapped(payload or text)
        if tracker.active_loop_name:
            return self._message(text, await self._read(text))
        question, accounts = tracker.get_slot("last_question"), tracker.get_slot("accounts")
        again = carried(text, question, accounts, self._said.today)
        if again:
            return self._message(text, again, carried=True)
        return await self._first_wish(tracker, text)

    async def _tapped(self, payload: str) -> UserMessage:
        domain = self._processor.domain
        parse = understood(payload, domain.intents, domain.entities)
        return self._message(payload, parse or await self._read(payload))

    async def _first_wish(self, tracker: DialogueStateTracker, text: str) -> UserMessage:
        """What is served now; a second wish is announced and kept for when the first has ended."""
        wishes = await parted(text, self._read)
        if not wishes:
            return await self._whole(tracker, text)
        await self._utter(tracker, "utter_two_wishes", wish=wishes[0][0])
        return self._one_of(tracker, wishes)

    def _one_of(
        self, tracker: DialogueStateTracker, wishes: list[tuple[str, dict[str, Any]]]
    ) -> UserMessage:
        """The first of two wishes; the second waits."""
        (first, parse), (second, waiting) = wishes
        tracker.update(SlotSet("pending_wish", {"text": second, "parse": waiting}))
        return self._message(first, parse)

    async def _whole(self, tracker: DialogueStateTracker, text: str) -> UserMessage:
        """The message as it is; a yes counts for what was offered last."""
        parse = await self._read(text)
        if parse["intent"]["name"] != DANGER and (wish := told_by_words(text)):
            return self._message(text, certain(text, wish, parse["entities"]))
        payload = agreed(tracker) if parse["intent"]["name"] == "affirm" else None
        return await self._tapped(payload) if payload else self._message(text, parse)

    async def _serve_pending(self, tracker: DialogueStateTracker) -> None:
        """Serve the wishes that wait, once nothing is half done; what waits may be two again."""
        for _ in range(MOST_WISHES):
            wish = tracker.get_slot("pending_wish")
            if not wish or tracker.active_loop_name:
                return
            tracker.update(SlotSet("pending_wish", None))
            wishes = await parted(wish["text"], self._read)
            message = (
                self._one_of(tracker, wishes)
                if wishes
                else self._message(wish["text"], wish["parse"])
            )
            await self._utter(tracker, "utter_next_wish", wish=message.text)
            await self._handle(tracker, message)

    async def _read(self, text: str) -> dict[str, Any]:
        """What Rasa understands. The rest is dropped, for all of it is read again in every turn;
        guesses are kept where nothing else was understood."""
        parse = await self._processor.parse_message(UserMessage(text))
        asked = after_greeting(text) if parse["intent"]["name"] in GREETS else ""
        if asked:
            parse = await self._processor.parse_message(UserMessage(asked)) | {"text": text}
        lost = parse["intent"]["name"] == DEFAULT_NLU_FALLBACK_INTENT_NAME
        guesses = parse.get("intent_ranking", [])[:GUESSES] if lost else []
        return {name: parse[name] for name in KEPT} | {"intent_ranking": guesses}

    def _message(self, text: str, parse: dict[str, Any], **marks: Any) -> UserMessage:
        """Every part of a message carries the portal's id, by which it is known when sent again."""
        metadata = {"message": self._said.message, **marks}
        return UserMessage(
            text,
            self._output,
            self._said.conversation,
            parse_data=parse | {"metadata": metadata},
            input_channel=self._said.channel,
            metadata=metadata,
        )

    async def _handle(self, tracker: DialogueStateTracker, message: UserMessage) -> None:
        """What `MessageProcessor.handle_message` does between reading the tracker and saving it.

        A turn may hold two messages and must be stored whole or not at all; Rasa 3.6, the last
        of its line, offers these steps only together.
        """
        self._danger = self._danger or message.parse_data["intent"]["name"] == DANGER
        await self._processor._handle_message_with_tracker(message, tracker)
        await self._processor.run_action_extract_slots(self._output, tracker)
        await self._processor._run_prediction_loop(self._output, tracker)

    async def _utter(self, tracker: DialogueStateTracker, response: str, **words: Any) -> None:
        """Say a response of the domain without an action."""
        message = await self._processor.nlg.generate(response, tracker, self._said.channel, **words)
        rest = {name: value for name, value in message.items() if name != "text"}
        marks = {"utter_action": response, "message": self._said.message}
        tracker.update(BotUttered(message["text"], rest, marks), self._processor.domain)
        await self._output.send_response(self._said.conversation, message)


def situation(tracker: DialogueStateTracker, said: Said) -> dict[str, Any]:
    """Slots that follow from the portal's message. Another person's choices are forgotten."""
    turned = tracker.get_slot("page_language") != said.language
    language = said.language if turned else tracker.get_slot("language")
    slots = {
        "page_language": said.language,
        "language": language if said.payload else spoken(said.text, language),
        "signed_in": said.signed_in,
        "today": said.today.isoformat(),
        "channel_name": said.channel,
        "elder": said.elder,
        "hotline": HOTLINE,
    }
    if tracker.get_slot("signed_in") != said.signed_in:
        slots |= {"account_no": None, "accounts": None, "last_question": None}
    if session_begins(tracker):
        slots |= dict.fromkeys(HALF_DONE & tracker.slots.keys()) | {"accounts": None}
    return slots


def session_begins(tracker: DialogueStateTracker) -> bool:
    """Whether this message is the first after quiet hours, or the first of all."""
    marks = (each for each in reversed(tracker.events) if isinstance(each, BOUNDS))
    return isinstance(next(marks, None), SessionStarted)


def _is_of(event: Event, message: str) -> bool:
    """Whether it is this message, or was said to it before the message itself was noted."""
    return (event.metadata or {}).get("message") == message


def said_before(tracker: DialogueStateTracker, message: str) -> list[Answer]:
    """What was answered to this message, when it came before; else nothing."""
    answers: list[dict[str, Any]] = []
    ours = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            ours = _is_of(event, message)
        elif isinstance(event, BotUttered) and (ours or _is_of(event, message)):
            answers.append(event.message())
    return collected(answers)


def told_of_danger(tracker: DialogueStateTracker, message: str) -> bool:
    """Whether danger was understood of this message, when it came before."""
    return any(
        event.intent_name == DANGER and _is_of(event, message)
        for event in tracker.events
        if isinstance(event, UserUttered)
    )
