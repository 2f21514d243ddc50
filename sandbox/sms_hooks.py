"""The providers' one entrance, somebody's phone, and what a tester can order of text messages."""

from dataclasses import asdict
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import aliyun_sms, box, conditions, sms, sms_pushes, tencent_sms
from sandbox.hooks import AskedWronglyError, asked_for, explain
from sandbox.json_answers import in_json
from sandbox.sms import Template

sms_hooks = Blueprint("sms_hooks", __name__)
sms_hooks.register_error_handler(AskedWronglyError, explain)


@sms_hooks.post("/")
def call() -> Response:
    """Both providers are called at the root of their hosts; a header says whom it is for."""
    if "x-acs-action" in request.headers:
        return aliyun_sms.answer()
    if "x-tc-action" in request.headers:
        return tencent_sms.answer()
    return in_json({"error": "Neither x-acs-action nor X-TC-Action is there."}, 400)


@sms_hooks.post("/sms")
def answer() -> AnyResponse:
    """Somebody answers to the last message on a phone."""
    phone = request.form.get("phone", "")
    with box.current().store.transaction() as db:
        _reply(db, phone, request.form.get("text", ""), None)
    return redirect(f"/sms?phone={phone}", 303)


@sms_hooks.post("/test/sms/reply")
def reply() -> Response:
    """`phone`, `text`, and perhaps `provider` where the phone has had no message yet."""
    asked = asked_for()
    phone, words = str(asked.get("phone", "")), str(asked.get("text", ""))
    with box.current().store.transaction() as db:
        return in_json({"push": _reply(db, phone, words, asked.get("provider"))})


def _reply(db: Connection, phone: str, words: str, provider: Any) -> int:
    last = sms.last_provider(db, phone)
    if provider is not None:
        last = (str(provider), last[1] if last else "")
    if last is None or last[0] not in sms_pushes.PROVIDERS or sms.phone(phone) is None:
        raise AskedWronglyError("This phone has no message that it could answer.")
    if not 0 < len(words) <= 500:
        raise AskedWronglyError("text must have 1 to 500 characters.")
    return sms_pushes.owe_reply(db, last[0], sms_pushes.reply(last[0], phone, last[1], words))


@sms_hooks.get("/test/sms/pushes")
def pushes() -> Response:
    """Reports and replies that were pushed or wait, the newest first."""
    with box.current().store.reading() as db:
        return in_json({"pushes": [asdict(each) for each in sms_pushes.latest(db)]})


@sms_hooks.post("/test/sms/pushes/<int:push_id>/resend")
def resend(push_id: int) -> Response:
    """Push it once more, heard or given up."""
    with box.current().store.transaction() as db:
        if not sms_pushes.resend(db, push_id):
            raise AskedWronglyError(f"There is no push {push_id}.", 404)
    return in_json({"resent": push_id})


@sms_hooks.post("/test/sms/callback")
def register_callback() -> Response:
    """`url`: where both providers push to from now on (they add their name and the secret)."""
    url = asked_for().get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise AskedWronglyError("url must be an address.")
    with box.current().store.transaction() as db:
        conditions.put(db, sms_pushes.ADDRESS, url)
    return in_json({"url": url})


@sms_hooks.post("/test/sms/limit")
def limit() -> Response:
    """`per_minute`: messages that a phone may get of one provider; 0 for as many as there are."""
    most = asked_for().get("per_minute")
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise AskedWronglyError("per_minute must be a whole number.")
    with box.current().store.transaction() as db:
        conditions.put(db, sms.LIMIT, str(most))
    return in_json({"per_minute": most})


@sms_hooks.post("/test/sms/templates")
def register() -> Response:
    """`templates`: each with `provider`, `code`, `name`, `text`, `variables` in order."""
    given = asked_for().get("templates")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise AskedWronglyError("templates must be a list of objects.")
    with box.current().store.transaction() as db:
        for each in given:
            sms.register(db, *_template(each))
    return in_json({"registered": len(given)})


def _template(given: dict[str, Any]) -> tuple[str, Template]:
    fields = [given.get(name) for name in ("provider", "code", "name", "text")]
    names = given.get("variables")
    if not all(isinstance(each, str) and each for each in fields) or not isinstance(names, list):
        raise AskedWronglyError("A template needs provider, code, name, text and variables.")
    provider, code, name, text = map(str, fields)
    if provider not in sms_pushes.PROVIDERS:
        raise AskedWronglyError(f"provider must be one of {', '.join(sms_pushes.PROVIDERS)}.")
    return provider, Template(code, name, text, tuple(map(str, names)))
