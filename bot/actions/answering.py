"""General questions, answered from the FAQ with the source named."""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor

from actions import faq
from actions.by_words import named_by
from actions.say import Turn, button

logger = logging.getLogger(__name__)

LIMIT = 1.0
"""Seconds to search; the first search of a new installation reads all entries and takes longer."""

_searching = ThreadPoolExecutor(max_workers=1, thread_name_prefix="faq")

_GENERAL = re.compile(
    r"什么是|是什么|啥是|是啥|什么意思|啥意思|怎么算|咋算|如何|怎样|怎么办理?|流程|手续|材料|规定|标准|多久|几天|"
    r"有什么区别|\bwhat (is|are|does)\b|\bhow (do|does|is|are|long)\b",
    re.I,
)
_OWN = re.compile(r"我|俺|咱|自家|这个月|上个月|\bmy\b|\bour\b|\bmine\b", re.I)


async def warm_up(*_: object) -> None:
    """Begins to read all entries, so that nobody has to wait for it; does not wait itself."""
    asyncio.get_running_loop().run_in_executor(_searching, faq.find, "电费")


def is_general(turn: Turn) -> bool:
    """Whether a question is about how things are, not about the customer's own figures.

    So are those which words alone tell (actions.by_words), whoever asks them.
    """
    if named_by(turn.text):
        return True
    own = _OWN.search(turn.text) or turn.entity("period") or turn.entity("account_no")
    return bool(_GENERAL.search(turn.text)) and not own and not turn.text.startswith("/")


async def say_from_faq(turn: Turn) -> bool:
    """Answer from the FAQ when one entry fits; False when nothing was said."""
    found = await search(turn.text)
    if found.best:
        say_entry(turn, found.best)
    return found.best is not None


async def say_in_general(turn: Turn) -> bool:
    """Answer a question about how things are; a stranger, who can ask nothing else, may choose."""
    if not is_general(turn):
        return False
    found = await search(turn.text)
    if found.best:
        say_entry(turn, found.best)
    elif found.offered and not turn.signed_in:
        turn.say("utter_guess", [entry_button(turn, entry) for entry in found.offered])
        return True
    return found.best is not None


def say_entry(turn: Turn, entry: faq.Entry) -> None:
    turn.sentence(entry.words(turn.language, turn.slot("hotline")))


def entry_button(turn: Turn, entry: faq.Entry) -> dict[str, str]:
    """A button with the entry's question; tapped, it is answered by `say_chosen`."""
    return button(entry.title(turn.language), "out_of_scope", choice=entry.question)


async def search(question: str) -> faq.Found:
    """What the FAQ knows, within the limit; slower than that, nothing."""
    found = asyncio.get_running_loop().run_in_executor(_searching, faq.find, question)
    try:
        return await asyncio.wait_for(asyncio.shield(found), LIMIT)
    except asyncio.TimeoutError:
        logger.warning("the FAQ took longer than %s s", LIMIT)
        return faq.Found(None)
