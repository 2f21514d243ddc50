"""Aliyun's SMS (Dysmsapi 2017-05-25): SendSms and QuerySendDetails, signed by ACS3-HMAC-SHA256.

Every refusal has the form and the code that Aliyun documents: what is wrong with the call itself
is a status of 4xx, what is wrong with the message is 200 and a code that is not OK.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection, IntegrityError
from typing import Any
from urllib.parse import parse_qsl, quote

from flask import Response, request

from sandbox import box, clock, sms
from sandbox.json_answers import in_json
from sandbox.messages import Message
from sandbox.numbers import digits
from sandbox.papers import SmsPapers

NAME, VERSION, ALGORITHM = "aliyun", "2017-05-25", "ACS3-HMAC-SHA256"
STALE = 900.0
"""Seconds by which a stamp may be off."""
SIGNED = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce")
"""Headers that a signature must cover."""
LONGEST_REFERENCE, LARGEST_PAGE, KEPT_DAYS = 256, 50, 30


class AliyunError(Exception):
    """A call is refused: status and code."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Call:
    """One call as it came."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


def answer() -> Response:
    """What Aliyun says to the request at hand."""
    if sms.is_out_of_order(NAME):
        return Response(status=500)
    query = parse_qsl(request.query_string.decode(), keep_blank_values=True)
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = Call(request.method, request.path, query, headers, request.get_data())
    try:
        said = _answer(call)
    except AliyunError as error:
        return in_json(_refusal(error, headers.get("host", "")), error.status)
    sms.before_answering(NAME)
    return in_json({"RequestId": _request_id(), "Message": "OK", "Code": "OK"} | said)


def _answer(call: Call) -> dict[str, Any]:
    verify(call, box.current().papers.sms, clock.now())
    if call.headers.get("x-acs-version") != VERSION:
        raise AliyunError(400, "InvalidVersion", "Specified parameter Version is not valid.")
    act = ACTIONS.get(call.headers["x-acs-action"])
    if act is None:
        raise AliyunError(404, "InvalidAction.NotFound", "Specified api is not found.")
    # The body of a call with a form carries parameters as well.
    given = dict(call.query) | dict(parse_qsl(call.body.decode("utf-8", "replace")))
    with box.current().store.transaction() as db:
        _use_nonce(db, call.headers["x-acs-signature-nonce"])
        return act(db, given)


def verify(call: Call, papers: SmsPapers, now: float) -> None:
    """Raises AliyunError unless the call is fresh, whole and signed by our merchant."""
    fields = _authorization(call.headers.get("authorization", ""))
    if fields["Credential"] != papers.aliyun_key_id:
        raise AliyunError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    signed = fields["SignedHeaders"].split(";")
    if not set(SIGNED) <= set(signed) or any(each not in call.headers for each in signed):
        raise AliyunError(400, "IncompleteSignature", "A header is not signed.")
    if abs(_instant(call.headers["x-acs-date"]) - now) > STALE:
        raise AliyunError(400, "InvalidTimeStamp.Expired", "Specified time stamp is expired.")
    body_hash = hashlib.sha256(call.body).hexdigest()
    right = signature(call, signed, papers.aliyun_key_secret)
    if body_hash != call.headers["x-acs-content-sha256"] or not hmac.compare_digest(
        right.encode(), fields["Signature"].encode()
    ):
        raise AliyunError(400, "SignatureDoesNotMatch", "Specified signature does not match.")


def signature(call: Call, signed: list[str], secret: str) -> str:
    """The signature over the canonical form of a call and these of its headers, as hex."""
    query = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(call.query))
    headers = "".join(f"{each}:{call.headers[each].strip()}\n" for each in signed)
    whole = (
        call.method,
        call.path,
        query,
        headers,
        ";".join(signed),
        call.headers["x-acs-content-sha256"],
    )
    digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{digest}".encode(), "sha256").hexdigest()


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _authorization(header: str) -> dict[str, str]:
    algorithm, _, rest = header.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        raise AliyunError(400, "IncompleteSignature", "The Authorization header is not complete.")
    return fields


def _instant(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as malformed:
        raise AliyunError(
            400, "InvalidTimeStamp.Format", "Specified time stamp is malformed."
        ) from malformed


def _use_nonce(db: Connection, nonce: str) -> None:
    try:
        db.execute("insert into nonce values (?, ?)", (f"{NAME}:{nonce}", clock.now()))
    except IntegrityError as used:
        raise AliyunError(400, "SignatureNonceUsed", "The nonce was used before.") from used


def _send(db: Connection, given: dict[str, str]) -> dict[str, Any]:
    """SendSms: to one number or several, parted by commas."""
    phones = [sms.phone(each) for each in _needed(given, "PhoneNumbers").split(",")]
    sign, code = _needed(given, "SignName"), _needed(given, "TemplateCode")
    if not sms.is_signature(sign):
        return _no("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")
    known = sms.template(db, NAME, code)
    params = _params(given.get("TemplateParam", ""))
    if params is None:
        return _no("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值")
    if known and not set(known.variables) <= set(params):
        return _no("isv.TEMPLATE_MISSING_PARAMETERS", "模板变量缺少对应参数值")
    if any("://" in each for each in params.values()):
        return _no("isv.PARAM_NOT_SUPPORT_URL", "模板变量不支持传入URL")
    if None in phones or not phones:
        return _no("isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")
    if len(given.get("OutId", "")) > LONGEST_REFERENCE:
        return _no("isv.INVALID_PARAMETERS", "参数格式不正确")
    if any(sms.is_too_often(db, NAME, each or "") for each in phones):
        return _no("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1")
    number = f"{digits(18)}^0"
    for place, each in enumerate(phones):
        order = sms.Order(NAME, each or "", sign, code, params, given.get("OutId", ""))
        sms.take(db, order, known, number if place == 0 else f"{number[:-1]}{place}")
    return {"BizId": number}


def _query(db: Connection, given: dict[str, str]) -> dict[str, Any]:
    """QuerySendDetails: what a phone got on a day, the newest first, by the page."""
    phone, day = sms.phone(_needed(given, "PhoneNumber")), _day(_needed(given, "SendDate"))
    page, size = _whole(given, "CurrentPage"), _whole(given, "PageSize")
    if phone is None or day is None or page < 1 or not 1 <= size <= LARGEST_PAGE:
        return _no("isv.INVALID_PARAMETERS", "参数格式不正确")
    if day < datetime.fromtimestamp(clock.now(), clock.BEIJING) - timedelta(days=KEPT_DAYS + 1):
        return _no("isv.INVALID_PARAMETERS", "只能查询30天内的记录")
    end = (day + timedelta(days=1)).timestamp()
    found = sms.sent_to(db, NAME, phone, day.timestamp(), end)
    details = [_detail(each) for each in found[(page - 1) * size : page * size]]
    return {"TotalCount": len(found), "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}}


def _detail(message: Message) -> dict[str, Any]:
    """1: the network has not said anything yet, 2: it failed, 3: it arrived."""
    said = {
        "PhoneNum": message.recipient,
        "SendDate": message.sent_at,
        "SendStatus": 1,
        "TemplateCode": message.content["code"],
        "Content": message.content["text"],
        "OutId": message.client_id,
    }
    if not message.is_due:
        return said
    received = {"ReceiveDate": message.sent_at, "SendStatus": 3, "ErrCode": "DELIVERED"}
    failed = {"SendStatus": 2, "ErrCode": "MOBILE_NOT_ON_SERVICE"}
    return said | (failed if message.is_dead else received)


ACTIONS: dict[str, Callable[[Connection, dict[str, str]], dict[str, Any]]] = {
    "SendSms": _send,
    "QuerySendDetails": _query,
}


def _needed(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise AliyunError(400, f"Missing{name}", f"{name} is mandatory for this action.")
    return given[name]


def _whole(given: dict[str, str], name: str) -> int:
    text = _needed(given, name)
    return int(text) if text.isascii() and text.isdigit() else 0


def _day(text: str) -> datetime | None:
    """Midnight in Beijing of `yyyyMMdd`."""
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=clock.BEIJING)
    except ValueError:
        return None


def _params(text: str) -> dict[str, str] | None:
    """None unless it is an object of texts; nothing at all is an empty one."""
    try:
        params = json.loads(text or "{}")
    except ValueError:
        return None
    if not isinstance(params, dict) or not all(isinstance(each, str) for each in params.values()):
        return None
    return params


def _no(code: str, words: str) -> dict[str, Any]:
    return {"Code": code, "Message": words}


def _refusal(error: AliyunError, host: str) -> dict[str, Any]:
    return {
        "RequestId": _request_id(),
        "HostId": host,
        "Code": error.code,
        "Message": str(error),
        "Recommend": "https://api.aliyun.com/troubleshoot",
    }


def _request_id() -> str:
    raw = secrets.token_hex(16).upper()
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
