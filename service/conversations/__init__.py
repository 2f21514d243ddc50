"""Conversations: one thread of one person with the assistant and with people at the desk.

What is said is stored once, by a key of whoever says it. The assistant answers until a person is
asked for (`handoff`); whoever takes that (`desk`) answers until it is closed or handed back.
Every writer locks its conversation first, so that messages stand in the order of their commits.
"""

from service.conversations.answering import (
    Reply,
    answer,
    answers,
    offered,
    offered_by,
    unanswered,
    warn,
)
from service.conversations.handoff import (
    Asked,
    ask_for_person,
    give_up,
    open_handoff,
    place,
    rate,
    to_rate,
)
from service.conversations.history import (
    MessageView,
    history,
    is_unread,
    mark_delivered,
    mark_read,
    since,
    view,
)
from service.conversations.models import Conversation, Handoff, Message
from service.conversations.opening import (
    adopt,
    by_ref,
    find_for_browser,
    find_for_user,
    open_for_browser,
    open_for_user,
)
from service.conversations.saying import say

__all__ = [
    "Asked",
    "Conversation",
    "Handoff",
    "Message",
    "MessageView",
    "Reply",
    "adopt",
    "answer",
    "answers",
    "ask_for_person",
    "by_ref",
    "find_for_browser",
    "find_for_user",
    "give_up",
    "history",
    "is_unread",
    "mark_delivered",
    "mark_read",
    "offered",
    "offered_by",
    "open_for_browser",
    "open_for_user",
    "open_handoff",
    "place",
    "rate",
    "say",
    "since",
    "to_rate",
    "unanswered",
    "view",
    "warn",
]
