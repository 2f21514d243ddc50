"""A provider of voice calls: nobody's phone rings, and the box shows what would have been said.

`POST /voice/v1/calls` with a bearer token, one call for each `client_id`; `GET` with `client_id`
says what became of it, and so does a report, pushed until it was heard. A number that ends in
0404 is not answered, one that ends in 0486 is busy.
"""

from typing import Any

import httpx
from flask import Blueprint, Response, current_app, render_template, request

from sandbox import box, messages, reports
from sandbox.json_answers import in_json
from sandbox.messages import PHONE, Message, RejectedError, authorised, check_token, reject, text_of

voice = Blueprint("voice", __name__)
voice.register_error_handler(RejectedError, reject)

BUSY_ENDING = "0486"
LANGUAGES = ("zh", "en")
PATIENCE = 5.0


@voice.post("/voice/v1/calls")
def call() -> Response:
    """Read a text to somebody."""
    asked = authorised("voice", box.current().papers.voice_token)
    to, language = text_of(asked, "to", 16), text_of(asked, "language", 2)
    if not PHONE.fullmatch(to):
        raise RejectedError(400, "invalid_to", "to is not a mobile number.")
    if language not in LANGUAGES or asked.get("audio_url") not in (None, ""):
        raise RejectedError(400, "invalid_language", "language must be zh or en, audio_url null.")
    content = {"to": to, "language": language, "text": text_of(asked, "text", 2000)}
    with box.current().store.transaction() as db:
        client_id = text_of(asked, "client_id", 64)
        row = messages.keep(db, "voice", to, client_id, messages.as_json(content))
        if current_app.config["VOICE_CALLBACK"]:
            reports.owe(db, row["id"])
    box.current().faults.lose("voice")
    return in_json({"call_id": row["message_id"], "status": "calling"}, 202)


@voice.get("/voice/v1/calls")
def became() -> Response:
    """What became of the call of a `client_id`."""
    check_token(box.current().papers.voice_token)
    with box.current().store.reading() as db:
        row = db.execute(
            "select * from message where medium = 'voice' and client_id = ?",
            (request.args.get("client_id", ""),),
        ).fetchone()
    if row is None:
        raise RejectedError(404, "unknown_call", "There is no such call.")
    return in_json(_told(messages.message(row)))


@voice.get("/calls")
def calls() -> str:
    """The box."""
    with box.current().store.reading() as db:
        found = messages.latest(db, "voice", request.args.get("to"))
    shown = [(each, _status(each)) for each in found]
    return render_template("calls.html", calls=shown)


@voice.get("/test/calls")
def listed() -> Response:
    """The same as JSON; `to` narrows."""
    with box.current().store.reading() as db:
        found = messages.latest(db, "voice", request.args.get("to"))
    return in_json({"calls": [each.shown() | {"status": _status(each)} for each in found]})


def tell(message: Message) -> bool:
    """Report a call; whether it was heard."""
    secret = box.current().papers.sms.push_secret
    try:
        answer = httpx.post(
            f"{current_app.config['VOICE_CALLBACK']}/{secret}",
            json=_told(message),
            timeout=PATIENCE,
            trust_env=False,
        )
    except httpx.HTTPError:
        return False
    return answer.is_success


def _told(message: Message) -> dict[str, Any]:
    return {
        "call_id": message.message_id,
        "client_id": message.client_id,
        "status": _status(message),
    }


def _status(message: Message) -> str:
    if not message.is_due:
        return "calling"
    if message.recipient.endswith(BUSY_ENDING):
        return "busy"
    return "no_answer" if message.is_dead else "answered"
