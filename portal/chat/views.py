"""The chat: a page, a panel beside any page, and the same by form without a script.

A script asks for JSON: the new messages as they stand on the page, and what stands below them.
"""

import secrets
from datetime import timedelta
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from notifications import inbox
from notifications.requests import TALK
from portal import words
from portal.access import public
from portal.chat import own_words, turn, whose
from portal.chat.assistant import assistant, install
from portal.chat.entries import Entry, entries
from portal.chat.turn import Spoken
from portal.chat.under import Told, Under, opens, under
from portal.current import visitor
from portal.display import forget_view, view
from portal.i18n import language
from portal.requests import receiving
from portal.requests.who import MOST_BYTES
from portal.unit import commit, database
from runtime import clock
from runtime.errors import Refused
from service.conversations import (
    Conversation,
    MessageView,
    ask_for_person,
    give_up,
    history,
    mark_delivered,
    mark_read,
    rate,
)
from service.conversations.models import EMERGENCY
from service.requests import files
from service.requests.files import Owner

blueprint = public(Blueprint("chat", __name__, url_prefix="/chat"))
blueprint.after_request(whose.keep)

PAGE = 30
"""Messages that a page begins with, and that are added with each step back."""

RECENT = timedelta(hours=1)
"""So long a danger that was told makes asking for a person urgent."""
MOST_DIGITS = 18


@blueprint.record_once
def _install(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    install(app)
    app.jinja_env.globals["chat_invites"] = invites


def invites() -> bool:
    """Whether a page offers the chat: to customers, and not where they are in it already."""
    person = visitor()
    return request.blueprint != "chat" and not (person and person.staff_role)


@blueprint.before_request
def _customers_alone() -> ResponseReturnValue | None:
    """The utility's own people ask nothing here; what was said before sign-in comes along."""
    person = visitor()
    if person is not None and person.staff_role:
        return render_template("sign_in/staff.html"), 403
    whose.take_along()
    return None


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The conversation on a page of its own; with `before` what was said earlier."""
    return render_template("chat/index.html", **_talk(_number("before")))


@blueprint.get("/panel")
def panel() -> ResponseReturnValue:
    """The conversation for a panel beside another page."""
    return render_template("chat/panel.html", **_talk(None))


@blueprint.get("/older")
def older() -> ResponseReturnValue:
    """What was said before a message, and whether there is more."""
    messages = _messages(whose.known(g.session), _number("before"))
    begin = _begin(messages)
    return jsonify(items=_items(entries(g.session, messages, begin, newest=False)), more=begin > 0)


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """What was said since; nothing when all stands as the page has it."""
    found = whose.known(g.session)
    if found is None:
        return "", 204
    messages = _messages(found)
    begin = _begin(messages, _number("after"))
    below = under(g.session, found, messages)
    if begin == len(messages) and request.args.get("tag") == below.tag:
        return "", 204
    return _update(found, entries(g.session, messages, begin), below)


@blueprint.post("/say")
def speak() -> ResponseReturnValue:
    """One message: stored, answered, and shown; the same key again shows what there is."""
    form = request.form
    spoken = Spoken(
        text=form.get("text", ""),
        key=form.get("key", "") or secrets.token_urlsafe(16),
        language=language(),
        payload=form.get("payload") or None,
        elder=view() == "elder",
    )
    try:
        turn.take(database(), assistant(), whose.opened, spoken)
    except Refused as refusal:
        return _answer(Told(said=words.refusal(refusal)), typed=spoken.text)
    return _answer()


@blueprint.post("/person")
def person() -> ResponseReturnValue:
    """Ask for a person, or for a call when nobody is there."""
    phone = request.form.get("phone", "")[:40]
    try:
        with database().unit_of_work() as session:
            mine = whose.opened(session)
            reason, summary = _why(session, mine)
            ask_for_person(session, mine, reason, summary, phone or None)
    except Refused as refusal:
        if not refusal.code.startswith(("handoff.phone", "user.number")):
            return _answer(Told(said=words.refusal(refusal)))
        error = words.refusal(refusal) if phone else ""
        return _answer(Told(asks_phone=True, phone=phone, phone_error=error, opens=opens()))
    return _answer()


@blueprint.post("/leave")
def leave() -> ResponseReturnValue:
    """No person after all: the assistant listens again."""
    if mine := whose.known(g.session):
        give_up(g.session, mine)
    commit()
    return _answer()


@blueprint.post("/rate")
def rate_talk() -> ResponseReturnValue:
    """What the talk with a person was like."""
    stars = request.form.get("stars", "")
    mine = whose.known(g.session)
    try:
        if mine is not None:
            rate(g.session, mine, int(stars) if stars in "12345" and stars else 0, _comment())
    except Refused as refusal:
        return _answer(Told(said=words.refusal(refusal)))
    commit()
    return _answer(Told(said=_("记下了，谢谢您。"), kind="good"))


@blueprint.post("/photo")
def add_photo() -> ResponseReturnValue:
    """Photos for a request that is being made, by the card that asks for them."""
    draft = request.form.get("draft", "")[:64]
    who, sent = whose.asker(g.session), receiving.uploads()
    try:
        if not draft or not sent:
            raise Refused("photo.not_one")
        for each in sent:
            receiving.receive(who, Owner(who.name, draft), each)
    except Refused as refusal:
        return _answer(Told(said=words.refusal(refusal)))
    commit()
    count = len(files.of_draft(g.session, who, draft))
    said = ngettext("收到 %(num)s 张照片。", "收到 %(num)s 张照片。", count)
    return _answer(Told(said=said, kind="good"))


@blueprint.url_value_preprocessor
def _let_photos_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Said before anything is read: photos are larger than a form may be."""
    if endpoint == "chat.add_photo":
        request.max_content_length = MOST_BYTES


@blueprint.post("/seen")
def seen() -> ResponseReturnValue:
    """The page has messages up to one; `read` says that somebody is looking."""
    mine, up_to = whose.known(g.session), _number("up_to")
    if mine is not None and up_to:
        mark = mark_read if request.values.get("read") else mark_delivered
        mark(g.session, mine, "customer", up_to=up_to)
        if request.values.get("read") and mine.user_id is not None:
            inbox.mark_kind(g.session, mine.user_id, TALK)
    return "", 204


def _talk(before: int | None, told: Told | None = None) -> dict[str, object]:
    found = whose.known(g.session)
    newest = _messages(found)
    messages = newest if before is None else _messages(found, before)
    begin = _begin(messages)
    shown = entries(g.session, messages, begin, newest=before is None)
    return {
        "held_by": found.held_by if found else "assistant",
        "entries": shown,
        "before": shown[0].id if begin else None,
        "earlier": before is not None,
        "greeting": "" if shown else own_words.greeting(),
        "under": under(g.session, found, newest, told),
        "key": secrets.token_urlsafe(16),
        "typed": "",
    }


def _messages(found: Conversation | None, before: int | None = None) -> list[MessageView]:
    """A page of messages and the one before it."""
    return history(g.session, found, before=before, limit=PAGE + 1) if found else []


def _begin(messages: list[MessageView], after: int | None = None) -> int:
    """Where what is to be shown begins: after what the page has as its last, a page at most."""
    fresh = sum(each.id > (after or 0) for each in messages)
    return len(messages) - min(fresh, PAGE)


def _answer(told: Told | None = None, typed: str = "") -> ResponseReturnValue:
    """After a form: to a script what is new, without one the page again."""
    status = 200 if told is None or told.kind == "good" else 422
    if not wants_json():
        if told is None:
            return redirect(url_for("chat.index", _anchor="latest"), 303)
        page = _talk(None, told) | {"typed": typed}
        return render_template("chat/index.html", **page), status
    found = whose.known(g.session)
    messages = _messages(found)
    begin = _begin(messages, _number("after"))
    shown = entries(g.session, messages, begin)
    response = _update(found, shown, under(g.session, found, messages, told))
    if visitor() and any(_is_about_letters(each) for each in messages[begin:]):
        forget_view(response)
    return response, status


def _is_about_letters(message: MessageView) -> bool:
    """Whether the assistant has just changed the size of letters in the profile."""
    return (message.card or {}).get("to") == "elder"


def _update(found: Conversation | None, shown: list[Entry], below: Under) -> Response:
    return jsonify(
        items=_items(shown),
        under=render_template("chat/_under.html", under=below),
        tag=below.tag,
        held=found.held_by if found else "assistant",
        refused=below.told.said if below.told.kind == "bad" else "",
    )


def _items(shown: list[Entry]) -> list[dict[str, object]]:
    return [
        {
            "id": each.id,
            "author": each.author,
            "key": each.key,
            "html": render_template("chat/_said.html", each=each),
        }
        for each in shown
    ]


def _why(session: Session, mine: Conversation) -> tuple[str, str]:
    """The reason for a person and a summary for the desk, from what was said of late."""
    said = [each for each in history(session, mine, limit=10) if each.author == "customer"]
    danger = [each.text for each in said if each.danger and clock.now() - each.created_at < RECENT]
    if danger:
        return EMERGENCY, own_words.in_danger(danger[-1])
    return "asked", own_words.asked_here(said[-1].text if said else "")


def wants_json() -> bool:
    """Whether a script asks."""
    return request.accept_mimetypes.best == "application/json"


def _comment() -> str:
    return request.form.get("comment", "")[:500]


def _number(name: str) -> int | None:
    """An id out of the request; None for what is none."""
    text = request.values.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
