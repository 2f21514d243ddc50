"""General questions, answered from the FAQ with its source named."""

from actions.say import Turn


async def say_from_faq(turn: Turn, *, sure: bool) -> bool:
    """Answer from the FAQ; `sure`: only what fits without doubt. False when nothing was said."""
    return False
