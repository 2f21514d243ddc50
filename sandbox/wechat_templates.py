"""Template messages: cards that a service account sends to those who follow it.

`/cgi-bin/message/template/send` and the list of templates; each message is told to have arrived,
or not, by the event TEMPLATESENDJOBFINISH.
"""

import json
import re
import secrets
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, request

from sandbox import box, conditions, messages, reports
from sandbox.hooks import AskedWronglyError, asked_for, explain
from sandbox.json_answers import in_json
from sandbox.messages import Message
from sandbox.wechat_account import PEOPLE, TOKEN, carry, error, same

templates = Blueprint("wechat_templates", __name__)
templates.register_error_handler(AskedWronglyError, explain)

KEY = re.compile(r"\{\{\s*(([a-z_]+?)\d{1,2})\.DATA\s*\}\}")
TIME = r"\d{1,2}:\d{2}(:\d{2})?"
DATE = rf"\d{{4}}年\d{{1,2}}月\d{{1,2}}日( {TIME})?"
FORMS = {
    "thing": r"[^\n]{1,20}",
    "number": r"-?[\d.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"\W{1,5}",
    "character_string": r"[\x21-\x7e]{1,32}",
    "time": rf"({DATE}|{TIME})(~({DATE}|{TIME}))?",
    "date": rf"{DATE}(~({DATE}|{TIME}))?",
    "amount": r"[¥￥$€£]?-?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+\-() *]{1,17}",
    "car_number": r"[\u4e00-\u9fffA-Z0-9]{3,8}",
    "name": r"[\u4e00-\u9fff*·]{1,10}|[\x20-\x7e]{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
    "const": r"[^\n]{1,20}",
}
"""What WeChat lets each type of key hold."""
MOODS = ("follows", "left", "blocks")
"""How somebody stands to the account: `blocks` follows, and wants no messages."""
STATUSES = {"follows": "success", "blocks": "failed:user block"}


@templates.post("/cgi-bin/message/template/send")
def send() -> Response:
    """A card for somebody; the same `client_msg_id` to the same person is one card."""
    if box.current().faults.refuses("account"):
        return Response(status=500)
    card = json.loads(request.get_data() or b"{}")
    with box.current().store.transaction() as db:
        if not same(request.args.get("access_token", ""), conditions.get(db, TOKEN) or "-"):
            return error(40001, "invalid credential, access_token is invalid or not latest")
        if refusal := _refusal(db, card):
            return refusal
        number = _keep(db, card)
    box.current().faults.lose("account")
    return in_json({"errcode": 0, "errmsg": "ok", "msgid": int(number)})


@templates.get("/cgi-bin/template/get_all_private_template")
def known() -> Response:
    """The templates that the account has taken from the library."""
    with box.current().store.transaction() as db:
        if not same(request.args.get("access_token", ""), conditions.get(db, TOKEN) or "-"):
            return error(40001, "invalid credential, access_token is invalid or not latest")
        found = db.execute("select name, value from condition where name like 'wechat_template:%'")
        listed = [
            {"template_id": row["name"].partition(":")[2], "content": row["value"]} for row in found
        ]
    return in_json({"template_list": listed})


@templates.post("/test/wechat/templates")
def register() -> Response:
    """`template_id` and its `content`, such as `{{thing1.DATA}}`, `{{amount2.DATA}}`."""
    asked = asked_for()
    number, content = asked.get("template_id"), asked.get("content")
    if not isinstance(number, str) or not isinstance(content, str) or not KEY.search(content):
        raise AskedWronglyError("template_id and content with keys are needed.")
    with box.current().store.transaction() as db:
        conditions.put(db, f"wechat_template:{number}", content)
    return in_json({"template_id": number})


@templates.post("/test/wechat/people")
def set_mood() -> Response:
    """`openid` and `mood`: follows, left, blocks."""
    asked = asked_for()
    openid, mood = asked.get("openid"), asked.get("mood")
    if openid not in PEOPLE or mood not in MOODS:
        raise AskedWronglyError(f"openid must be known, mood one of {', '.join(MOODS)}.")
    with box.current().store.transaction() as db:
        conditions.put(db, f"wechat_mood:{openid}", mood)
    return in_json({"openid": openid, "mood": mood})


@templates.get("/test/wechat-cards")
def cards() -> Response:
    """Cards that were sent, newest first; `openid` narrows."""
    with box.current().store.reading() as db:
        found = messages.latest(db, "wechat", request.args.get("openid"))
    return in_json({"messages": [each.shown() for each in found]})


def tell(message: Message) -> bool:
    """Tell the account what became of a card; whether it has heard it."""
    event = {
        "MsgType": "event",
        "Event": "TEMPLATESENDJOBFINISH",
        "MsgID": message.message_id,
        "Status": message.content["status"],
    }
    _, problem = carry(message.recipient, event)
    return not problem


def _refusal(db: Connection, card: dict[str, Any]) -> Response | None:
    openid, template = card.get("touser"), str(card.get("template_id", ""))
    if openid not in PEOPLE:
        return error(40003, "invalid openid")
    if _mood(db, openid) == "left":
        return error(43004, "require subscribe")
    content = conditions.get(db, f"wechat_template:{template}")
    if content is None:
        return error(40037, "invalid template_id")
    for key, kind in KEY.findall(content):
        value = card.get("data", {}).get(key, {}).get("value")
        if not isinstance(value, str) or not re.fullmatch(FORMS[kind], value):
            return error(47003, f"argument invalid! data.{key}.value invalid")
    if len(str(card.get("client_msg_id", ""))) > 32:
        return error(47003, "argument invalid! client_msg_id too long")
    return None


def _keep(db: Connection, card: dict[str, Any]) -> str:
    """Its number; a card that is there already keeps its own."""
    openid = card["touser"]
    content = {
        "template_id": card["template_id"],
        "data": {key: each["value"] for key, each in card["data"].items()},
        "url": card.get("url", ""),
        "client_msg_id": card.get("client_msg_id", ""),
        "status": STATUSES[_mood(db, openid)],
    }
    number = str(secrets.randbits(52))
    client_id = f"{openid} {content['client_msg_id'] or number}"
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    row = messages.keep(db, "wechat", openid, client_id, text, number=number)
    reports.owe(db, row["id"])
    return str(row["message_id"])


def _mood(db: Connection, openid: str) -> str:
    return conditions.get(db, f"wechat_mood:{openid}") or "follows"
