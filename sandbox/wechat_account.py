"""WeChat around a service account: its interface, who opens a link, and a phone to write from."""

import hmac
import json
import secrets
from sqlite3 import Connection
from typing import Any
from urllib.parse import urlencode

import httpx
from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import box, clock, conditions
from sandbox.hooks import AskedWronglyError, asked_for, explain
from sandbox.json_answers import in_json
from sandbox.messages import latest
from sandbox.wechat_letters import LetterError, open_answer, seal, text_xml

account = Blueprint("account", __name__)
account.register_error_handler(AskedWronglyError, explain)

PEOPLE = {
    "oSandbox-first-of-the-people": "小满 Xiaoman",
    "oSandbox-second-of-the-peopl": "阿远 Ayuan",
}
"""Who has a WeChat here: openid and name."""

PATIENCE = 5.0
"""Seconds that an account has for an answer."""
SILENCE = 48 * 3600.0
"""So long after somebody's last words an account may say something of its own accord."""
TOKEN = "wechat_account_token"  # noqa: S105 - the name of a condition


@account.get("/cgi-bin/token")
def token() -> Response:
    """A new access token; it voids the one before."""
    papers = box.current().papers.account
    given = request.args
    if given.get("appid") != papers.appid or not same(given.get("secret", ""), papers.secret):
        return error(40125, "invalid appsecret")
    fresh = secrets.token_urlsafe(48)
    with box.current().store.transaction() as db:
        conditions.put(db, TOKEN, fresh)
    return in_json({"access_token": fresh, "expires_in": 7200})


@account.post("/cgi-bin/message/custom/send")
def custom_send() -> Response:
    """The account says something of its own accord."""
    if box.current().faults.refuses("account"):
        return Response(status=500)
    said = json.loads(request.get_data() or b"{}")
    with box.current().store.transaction() as db:
        if not same(request.args.get("access_token", ""), conditions.get(db, TOKEN) or "-"):
            return error(40001, "invalid credential, access_token is invalid or not latest")
        openid = said.get("touser", "")
        if openid not in PEOPLE:
            return error(40003, "invalid openid")
        if not _has_written(db, openid):
            return error(45015, "response out of time limit or subscription is canceled")
        _keep(db, openid, "account", str(said.get("text", {}).get("content", "")))
    return error(0, "ok")


@account.get("/connect/oauth2/authorize")
def authorize() -> AnyResponse | str:
    """In WeChat this is silent; here the tester says whose WeChat it is."""
    back, state = request.args.get("redirect_uri", ""), request.args.get("state", "")
    openid = request.args.get("openid", "")
    if request.args.get("appid") != box.current().papers.account.appid or not back:
        raise AskedWronglyError("appid or redirect_uri is wrong.")
    if openid not in PEOPLE:
        return render_template("wechat_who.html", people=PEOPLE, given=request.args)
    code = secrets.token_urlsafe(24)
    with box.current().store.transaction() as db:
        conditions.put(db, f"wechat_code:{code}", openid)
    return redirect(f"{back}?{urlencode({'code': code, 'state': state})}")


@account.get("/sns/oauth2/access_token")
def who() -> Response:
    """Who that was; a code says it once."""
    papers, given = box.current().papers.account, request.args
    if given.get("appid") != papers.appid or not same(given.get("secret", ""), papers.secret):
        return error(40125, "invalid appsecret")
    name = f"wechat_code:{given.get('code', '')}"
    with box.current().store.transaction() as db:
        openid = conditions.get(db, name)
        if openid is None:
            return error(40163, "code been used")
        conditions.clear(db, name)
    return in_json(
        {
            "access_token": secrets.token_urlsafe(24),
            "expires_in": 7200,
            "refresh_token": secrets.token_urlsafe(24),
            "openid": openid,
            "scope": "snsapi_base",
        }
    )


@account.get("/phone")
def phone() -> str:
    """Somebody's WeChat, open at the service account."""
    openid = request.args.get("who", "")
    openid = openid if openid in PEOPLE else next(iter(PEOPLE))
    with box.current().store.reading() as db:
        lines = [dict(line) for line in _lines(db, openid)]
        cards = [{"author": "card", **each.shown()} for each in latest(db, "wechat", openid)]
    said = sorted([*lines, *cards], key=lambda each: each["created_at"])
    return render_template("phone.html", people=PEOPLE, openid=openid, lines=said)


@account.post("/phone")
def write() -> AnyResponse:
    """Write something there."""
    openid, text = request.form.get("who", ""), request.form.get("text", "").strip()
    if openid not in PEOPLE or not text:
        raise AskedWronglyError("who and text are needed.")
    bring(openid, {"MsgType": "text", "Content": text, "MsgId": str(secrets.randbits(62))})
    return redirect(f"/phone?{urlencode({'who': openid})}#last", 303)


@account.post("/test/wechat")
def bring_one() -> Response:
    """`openid` and `fields` of the XML, such as MsgType, Content, MsgId, Event."""
    asked = asked_for()
    openid, fields = asked.get("openid", next(iter(PEOPLE))), asked.get("fields")
    if not isinstance(fields, dict) or not all(isinstance(each, str) for each in fields.values()):
        raise AskedWronglyError("fields must be an object of strings.")
    return in_json(bring(openid, fields))


@account.get("/test/wechat/<openid>")
def read(openid: str) -> Response:
    """What was said to somebody and by them, the oldest first."""
    with box.current().store.reading() as db:
        return in_json({"lines": [dict(line) for line in _lines(db, openid)]})


def bring(openid: str, fields: dict[str, str]) -> dict[str, Any]:
    """Bring what somebody did to the account, and keep its answer."""
    with box.current().store.transaction() as db:
        _keep(db, openid, "person", fields.get("Content") or fields.get("Event", fields["MsgType"]))
    text, problem = carry(openid, fields)
    with box.current().store.transaction() as db:
        if text or problem:
            _keep(db, openid, "account" if text else "trouble", text or problem)
    return {"answer": text, "problem": problem}


def carry(openid: str, fields: dict[str, str]) -> tuple[str, str]:
    """Post it to the account, sealed; its answer, and what went wrong."""
    papers = box.current().papers.account
    sealed = seal(papers, text_xml("gh_sandbox", openid, fields))
    try:
        answer = httpx.post(
            current_app.config["WECHAT_CALLBACK"],
            params={**sealed.query, "openid": openid},
            content=sealed.body.encode(),
            headers={"Content-Type": "text/xml"},
            timeout=PATIENCE,
            trust_env=False,
        )
        if not answer.is_success:
            return "", f"HTTP {answer.status_code}"
        return open_answer(papers, answer.text), ""
    except (httpx.HTTPError, LetterError) as trouble:
        return "", f"{type(trouble).__name__}: {trouble}"


def _lines(db: Connection, openid: str) -> list[Any]:
    rows = db.execute(
        "select * from (select * from chat_line where openid = ? order by id desc limit 200)"
        " order by id",
        (openid,),
    )
    return rows.fetchall()


def _keep(db: Connection, openid: str, author: str, text: str) -> None:
    db.execute(
        "insert into chat_line (openid, author, text, created_at) values (?, ?, ?, ?)",
        (openid, author, text, clock.now()),
    )


def _has_written(db: Connection, openid: str) -> bool:
    row = db.execute(
        "select max(created_at) as at from chat_line where openid = ? and author = 'person'",
        (openid,),
    ).fetchone()
    return row["at"] is not None and row["at"] > clock.now() - SILENCE


def same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def error(code: int, words: str) -> Response:
    return in_json({"errcode": code, "errmsg": words})
