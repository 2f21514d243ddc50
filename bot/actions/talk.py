"""Small talk that needs more than a sentence: a greeting by name, and what is not understood."""

import re
from itertools import takewhile

from rasa_sdk.events import EventType

from actions import faq
from actions.answering import entry_button, say_entry, say_from_faq, search
from actions.answers import is_question
from actions.api import Refused, Unavailable
from actions.messages import Said
from actions.say import Turn
from actions.topic import Topic

GAS = re.compile(
    r"(燃气|煤气|天然气|液化气).{0,8}(味|漏|泄|臭)|(味|漏|泄).{0,4}(燃气|煤气|天然气)|"
    r"gas (leak|smell)|smell(s|ing)? .{0,8}gas",
    re.I,
)
ANGER = re.compile(
    r"烦死|气死|生气|什么破|破玩意|垃圾|废物|没用|蠢|傻|智障|有病|滚|骗子|投诉你|忍无可忍|受够|听不懂人话|听不懂|"
    r"useless|stupid|idiot|ridiculous|fed up|angry|terrible|rubbish|garbage|damn|worst",
    re.I,
)
ASKS = re.compile(r"(.)[不没]\1|有没有|用不用|还?需不需要|\bdo i\b|\bshould i\b", re.I)
"""Questions by their own shape, without a word that asks: 要不要, 是不是, 交没交."""
TALK = {
    "nlu_fallback",
    "out_of_scope",
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "bot_challenge",
    "help",
}


class Greet(Topic):
    """Says who is there; with the name of whoever is known by a first name."""

    def name(self) -> str:
        return "action_greet"

    async def act(self, turn: Turn) -> list[EventType]:
        try:
            known = await turn.get("context")
        except (Refused, Unavailable):
            turn.say("utter_greet")  # without names is better than not at all
            return []
        if known["greeting_name"]:
            turn.say("utter_greet_named", name=known["greeting_name"], utility=known["utility"])
        else:
            turn.say("utter_greet_from", utility=known["utility"])
        return []


class OutOfScope(Topic):
    """What is not the utility's, kindly; a smell of gas is a danger all the same."""

    def name(self) -> str:
        return "action_out_of_scope"

    async def act(self, turn: Turn) -> list[EventType]:
        chosen = faq.by_question(Said.now(turn).chosen or "")
        if chosen:
            say_entry(turn, chosen)
        elif GAS.search(turn.text):
            turn.say("utter_gas")
        elif ANGER.search(turn.text):
            turn.say(offer_person(turn))
        elif not await say_from_faq(turn):
            turn.say(another(turn, "utter_out_of_scope", "utter_out_of_scope_again"))
        return []


class Fallback(Topic):
    """Not understood: an answer from the FAQ, two guesses, another way on, and then a person."""

    def name(self) -> str:
        return "action_fallback"

    async def act(self, turn: Turn) -> list[EventType]:
        failures = failures_in_a_row(turn)
        if GAS.search(turn.text):
            turn.say("utter_gas")
        elif turn.tracker.active_loop.get("name"):
            if not await say_from_faq(turn):
                turn.say(another(turn, "utter_not_here", "utter_not_here_again"))
        elif failures >= 3 or (failures == 2 and is_angry(turn)):
            turn.say(offer_person(turn))
        elif not await know_or_guess(turn, may_guess=failures == 1):
            turn.say(another(turn, "utter_rephrase", "utter_offer_person"))
        return []


class Deny(Topic):
    """A no to nothing. What only looks like one asks something: 还要不要再付一道, 有没有…"""

    def name(self) -> str:
        return "action_deny_alone"

    async def act(self, turn: Turn) -> list[EventType]:
        asks = is_question(turn.text) or ASKS.search(turn.text)
        if not asks or turn.text.startswith("/"):
            turn.say("utter_deny_alone")
        elif not await know_or_guess(turn):
            turn.say("utter_rephrase")
        return []


async def know_or_guess(turn: Turn, may_guess: bool = True) -> bool:
    """Answer from the FAQ, else offer guesses; a second time in a row they have not helped."""
    found = await search(turn.text)
    if found.best:
        say_entry(turn, found.best)
    return found.best is not None or (may_guess and guess(turn, found.offered))


def guess(turn: Turn, entries: tuple[faq.Entry, ...] = ()) -> bool:
    """Offer the two best wishes, the two best answers and the menu; False without a guess."""
    ranking = turn.tracker.latest_message.get("intent_ranking") or []
    guesses = [each["name"] for each in ranking if each["name"] not in TALK][:2]
    if not guesses and not entries:
        return False
    turn.say("utter_guess", [entry_button(turn, entry) for entry in entries[:2]])
    for intent in guesses:
        turn.say(f"utter_guess_{intent}")
    turn.say("utter_guess_help")
    return True


def offer_person(turn: Turn) -> str:
    """The offer of a person; beside the question of a form no second question is asked."""
    if turn.tracker.active_loop.get("name"):
        return "utter_not_here_again"
    return another(turn, "utter_offer_person", "utter_offer_person_again")


def failures_in_a_row(turn: Turn) -> int:
    """How many of the newest messages, this one with them, were not understood."""
    newest_first = reversed(turn.intents)
    return sum(1 for _ in takewhile(lambda intent: intent == "nlu_fallback", newest_first))


def is_angry(turn: Turn) -> bool:
    """Whether the words of this message or the two before are angry."""
    return any(ANGER.search(event.get("text") or "") for event in turn.heard[-3:])


def another(turn: Turn, *responses: str) -> str:
    """The first of these responses that was not said last: nothing is said twice running."""
    said = last_said(turn)
    return next((each for each in responses if each not in said), responses[-1])


def last_said(turn: Turn) -> set[str]:
    """The responses said to the message before this one."""
    users = [place for place, event in enumerate(turn.tracker.events) if event["event"] == "user"]
    if len(users) < 2:
        return set()
    between = turn.tracker.events[users[-2] : users[-1]]
    bots = (event for event in between if event["event"] == "bot")
    return {(event.get("metadata") or {}).get("utter_action", "") for event in bots}
