"""What people are told, in words: those that come with Denghuo, and what the desk made of them.

`in_force` gives the words of a kind on a channel; `Wording.fill` puts the figures in.
"""

from notifications.wordings.catalogue import LANGUAGES, template, templates, variables_of
from notifications.wordings.checks import CHANNELS, INBOX
from notifications.wordings.versions import Shown, Wording, in_force, named, shipped, shown

__all__ = [
    "CHANNELS",
    "INBOX",
    "LANGUAGES",
    "Shown",
    "Wording",
    "in_force",
    "named",
    "shipped",
    "shown",
    "template",
    "templates",
    "variables_of",
]
