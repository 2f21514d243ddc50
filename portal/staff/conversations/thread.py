"""`/desk/conversations/<id>`: one talk, what led to it, and the words for the customer."""

import secrets
from dataclasses import dataclass
from functools import partial

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.errors import status_of
from portal.security import asker_id
from portal.settings import current_settings
from portal.staff import trail
from portal.staff.conversations import telling
from portal.staff.conversations.room import blueprint
from portal.staff.frame import done, leads
from runtime.errors import NotFound, Refused
from service.conversations import canned, desk, mark_read, transcript
from service.conversations.desk import Case
from service.conversations.history import MessageView
from service.conversations.saying import LONGEST
from service.people import links
from service.people.links import LinkedAccount


@dataclass(frozen=True)
class Talk:
    """A handoff as the asker may see it: what was said is for who attends to it, and for leads."""

    case: Case
    messages: list[MessageView]
    last_reply: MessageView | None
    mine: bool
    newest: int

    @property
    def open(self) -> bool:
        return self.case.handoff.ended_at is None


@dataclass(frozen=True)
class Ready:
    """A ready reply in the customer's language."""

    id: int
    title: str
    text: str


@blueprint.get("/<int:handoff_id>")
def show(handoff_id: int) -> ResponseReturnValue:
    """The talk; that it was looked at stands in the trail."""
    talk = _case(handoff_id).conversation
    about = f"conversation {talk.id}"
    trail.seen(about if talk.user_id is None else f"user {talk.user_id}", "", about)
    return _page(handoff_id)


@blueprint.post("/<int:handoff_id>/reply")
def reply(handoff_id: int) -> ResponseReturnValue:
    """Send what was typed; or, where no script does it, put a ready reply into the box."""
    case, text = _case(handoff_id), request.form.get("text", "")
    if ready_id := request.form.get("ready", type=int):
        chosen = [each.text for each in _ready(case) if each.id == ready_id]
        return _page(handoff_id, "\n".join([*filter(None, [text]), *chosen]))
    try:
        desk.reply(g.session, handoff_id, asker_id(), text, request.form.get("key", ""))
    except NotFound:
        raise
    except Refused as refusal:
        return _page(handoff_id, text, words.refusal(refusal)), status_of(refusal)
    return redirect(url_for(".show", handoff_id=handoff_id, _anchor="reply"), 303)


@blueprint.post("/<int:handoff_id>/more")
def more(handoff_id: int) -> ResponseReturnValue:
    """What was said since the page looked last.

    Looking is a deed: the customer learns that it has been read, or, while the page lies behind
    others, that it has arrived.
    """
    talk = _talk(_case(handoff_id), request.form.get("after", 0, type=int))
    transcript.mark_fetched(g.session, asker_id())
    if talk.mine and request.form.get("visible") != "no":
        mark_read(g.session, talk.case.conversation, "staff", talk.newest)
    return render_template("staff/conversations/_more.html", talk=talk, tell=telling)


@blueprint.post("/<int:handoff_id>/back")
def hand_back(handoff_id: int) -> ResponseReturnValue:
    """The assistant goes on with the customer."""
    return _left(handoff_id, desk.hand_back, _("交回给助手了。"))


@blueprint.post("/<int:handoff_id>/close")
def close(handoff_id: int) -> ResponseReturnValue:
    return _left(handoff_id, desk.close, _("结束了，会请客户评一评。"))


@blueprint.post("/<int:handoff_id>/release")
def release(handoff_id: int) -> ResponseReturnValue:
    """Back into the queue: one's own, or as a lead a colleague's."""
    deed = partial(desk.release, lead=leads())
    return _left(handoff_id, deed, _("放回队列了，还在原来的位置。"))


def _left(handoff_id: int, deed: desk.Deed, said: str) -> ResponseReturnValue:
    _case(handoff_id)
    return done(
        lambda: deed(g.session, handoff_id, asker_id()),
        url_for(".index"),
        said,
        url_for(".show", handoff_id=handoff_id),
    )


def _case(handoff_id: int) -> Case:
    """The handoff, if the asker may look at it. Raises NotFound."""
    return desk.seen_by(g.session, handoff_id, asker_id(), lead=leads())


def _talk(case: Case, after: int = 0) -> Talk:
    attends = case.handoff.staff_id == asker_id()
    reads = attends or leads()
    messages = transcript.transcript(g.session, case.handoff, after) if reads else []
    return Talk(
        case,
        messages,
        transcript.last_reply(g.session, case.handoff) if reads else None,
        mine=attends and case.handoff.state == "taken",
        newest=messages[-1].id if messages else after,
    )


def _page(handoff_id: int, typed: str = "", said: str | None = None) -> str:
    case = _case(handoff_id)
    return render_template(
        "staff/conversations/thread.html",
        talk=_talk(case),
        accounts=_accounts(case),
        ready=_ready(case),
        key=secrets.token_urlsafe(12),
        typed=typed,
        said=said,
        longest=LONGEST,
        tell=telling,
        leads=leads(),
    )


def _accounts(case: Case) -> list[LinkedAccount]:
    return links.linked_accounts(g.session, case.user.id) if case.user else []


def _ready(case: Case) -> list[Ready]:
    """The ready replies in the customer's language, the hotline filled in."""
    english = case.conversation.language == "en"
    return [
        Ready(
            each.id,
            each.title,
            (each.text_en if english else each.text_zh).replace(
                "{hotline}", current_settings().hotline
            ),
        )
        for each in canned.canned_replies(g.session)
    ]
