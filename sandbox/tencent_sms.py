"""Tencent Cloud's SMS (2021-01-11): SendSms and PullSmsSendStatusByPhoneNumber, by TC3-HMAC-SHA256.

All answers have the status 200: a refused call carries `Error` in `Response`, a refused number a
`Code` that is not Ok among the others.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from flask import Response, request

from sandbox import box, clock, sms
from sandbox.messages import Message
from sandbox.numbers import digits
from sandbox.papers import SmsPapers
from sandbox.sms import Template

NAME, SERVICE, VERSION, ALGORITHM = "tencent", "sms", "2021-01-11", "TC3-HMAC-SHA256"
STALE = 300.0
"""Seconds by which a stamp may be off."""
MOST_NUMBERS, MOST_ROWS, LONGEST_CONTEXT = 200, 100, 512
KEPT = 7 * 86400.0
TYPE = "application/json"


class TencentError(Exception):
    """A call is refused; its code."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Call:
    """One call as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def answer() -> Response:
    """What Tencent says to the request at hand."""
    if sms.is_out_of_order(NAME):
        return Response(status=500)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.query_string.decode()
    call = Call(request.method, request.path, query, headers, request.get_data())
    try:
        said = _answer(call)
    except TencentError as error:
        return _response({"Error": {"Code": error.code, "Message": str(error)}})
    sms.before_answering(NAME)
    return _response(said)


def _response(content: dict[str, Any]) -> Response:
    text = json.dumps({"Response": content | {"RequestId": secrets.token_hex(16)}})
    return Response(text, content_type=TYPE)


def _answer(call: Call) -> dict[str, Any]:
    verify(call, box.current().papers.sms, clock.now())
    if call.headers.get("x-tc-version") != VERSION:
        raise TencentError("InvalidParameter", "The version does not exist.")
    act = ACTIONS.get(call.headers.get("x-tc-action", ""))
    if act is None:
        raise TencentError("InvalidAction", "The action does not exist.")
    given = _content(call.body)
    if given.get("SmsSdkAppId") != box.current().papers.sms.tencent_app_id:
        raise TencentError(
            "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "Verification of SmsSdkAppId failed."
        )
    with box.current().store.transaction() as db:
        return act(db, given)


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as malformed:
        raise TencentError("InvalidParameter", "The body is not JSON.") from malformed
    if not isinstance(content, dict):
        raise TencentError("InvalidParameter", "The body is not an object.")
    return content


def verify(call: Call, papers: SmsPapers, now: float) -> None:
    """Raises TencentError unless the call is fresh and signed by our merchant."""
    fields = _authorization(call.headers.get("authorization", ""))
    key_id, day, service = fields["Credential"].split("/")[:3]
    if key_id != papers.tencent_secret_id:
        raise TencentError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    stamp = call.headers.get("x-tc-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()) or abs(int(stamp) - now) > STALE:
        raise TencentError("AuthFailure.SignatureExpire", "The signature has expired.")
    signed = fields["SignedHeaders"].split(";")
    right = signature(call, signed, service, int(stamp), papers.tencent_secret_key)
    is_whole = {"content-type", "host"} <= set(signed) and day == _day(int(stamp))
    if not is_whole or not hmac.compare_digest(right.encode(), fields["Signature"].encode()):
        raise TencentError("AuthFailure.SignatureFailure", "The provided credentials are wrong.")


def signature(call: Call, signed: list[str], service: str, stamp: int, secret: str) -> str:
    """The signature over the canonical form of a call and these of its headers, as hex."""
    headers = "".join(
        f"{each}:{call.headers.get(each, '').strip().lower()}\n" for each in sorted(signed)
    )
    body_hash = hashlib.sha256(call.body).hexdigest()
    whole = "\n".join((call.method, call.path, call.query, headers, ";".join(signed), body_hash))
    scope = f"{_day(stamp)}/{service}/tc3_request"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    key = f"TC3{secret}".encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), "sha256").digest()
    words = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    return hmac.new(key, words.encode(), "sha256").hexdigest()


def _day(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")


def _authorization(header: str) -> dict[str, str]:
    algorithm, _, rest = header.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        raise TencentError("AuthFailure.InvalidAuthorization", "Authorization is not complete.")
    if fields["Credential"].count("/") != 3:
        raise TencentError("AuthFailure.InvalidAuthorization", "Credential is malformed.")
    return fields


def _send(db: Connection, given: dict[str, Any]) -> dict[str, Any]:
    """SendSms: to up to 200 numbers, of which each is taken or refused."""
    numbers, values = given.get("PhoneNumberSet"), given.get("TemplateParamSet") or []
    if not isinstance(numbers, list) or not numbers:
        raise TencentError("MissingParameter.EmptyPhoneNumberSet", "There is no number.")
    if len(numbers) > MOST_NUMBERS:
        raise TencentError("LimitExceeded.PhoneNumberCountLimit", "There are too many numbers.")
    if len(str(given.get("SessionContext", "")).encode()) >= LONGEST_CONTEXT:
        raise TencentError("InvalidParameter.InvalidParameters", "SessionContext is too long.")
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise TencentError("InvalidParameter.InvalidParameters", "TemplateParamSet is malformed.")
    known = sms.template(db, NAME, str(given.get("TemplateId", "")))
    wrong = _wrong(given, known, values)
    return {"SendStatusSet": [_sent(db, str(each), given, known, wrong) for each in numbers]}


def _wrong(given: dict[str, Any], known: Template | None, values: list[str]) -> str:
    """The code of what is wrong for all numbers alike; empty for nothing."""
    if not sms.is_signature(str(given.get("SignName", ""))):
        return "FailedOperation.SignatureIncorrectOrUnapproved"
    if not given.get("TemplateId"):
        return "FailedOperation.TemplateUnapprovedOrNotExist"
    if known and len(known.variables) != len(values):
        return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    if any("://" in each for each in values):
        return "FailedOperation.ProhibitedUseUrlInTemplateParameter"
    return ""


def _sent(
    db: Connection, number: str, given: dict[str, Any], known: Template | None, wrong: str
) -> dict[str, Any]:
    """What became of one number."""
    phone, context = sms.phone(number), str(given.get("SessionContext", ""))
    if not wrong and phone is None:
        wrong = "InvalidParameterValue.IncorrectPhoneNumber"
    if not wrong and sms.is_too_often(db, NAME, phone or ""):
        wrong = "LimitExceeded.DeliveryFrequencyLimit"
    said = {"PhoneNumber": number, "SessionContext": context, "IsoCode": "CN"}
    if wrong or phone is None:
        return said | {"SerialNo": "", "Fee": 0, "Code": wrong, "Message": "not sent"}
    serial = f"5000:{digits(28)}"
    params = sms.by_place(known, given.get("TemplateParamSet") or [])
    order = sms.Order(NAME, phone, given["SignName"], str(given["TemplateId"]), params, context)
    sms.take(db, order, known, serial)
    return said | {"SerialNo": serial, "Fee": 1, "Code": "Ok", "Message": "send success"}


def _pull(db: Connection, given: dict[str, Any]) -> dict[str, Any]:
    """PullSmsSendStatusByPhoneNumber: only what the network has already reported."""
    phone = sms.phone(str(given.get("PhoneNumber", "")))
    if phone is None:
        raise TencentError("FailedOperation.PhoneNumberParseFail", "The number is malformed.")
    begin, end = _whole(given, "BeginTime"), _whole(given, "EndTime", int(clock.now()) + 1)
    if begin < clock.now() - KEPT or begin > end:
        raise TencentError("InvalidParameterValue.BeginTimeVerifyFail", "BeginTime is wrong.")
    limit, offset = _whole(given, "Limit"), _whole(given, "Offset", 0)
    if not 0 < limit <= MOST_ROWS or offset != 0:
        raise TencentError("InvalidParameterValue.LimitVerifyFail", "Limit or Offset is wrong.")
    found = [each for each in sms.sent_to(db, NAME, phone, begin, end) if each.is_due]
    return {"PullSmsSendStatusSet": [_status(each) for each in found[:limit]]}


def _whole(given: dict[str, Any], name: str, default: int | None = None) -> int:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TencentError("MissingParameter", f"{name} is missing or not a number.")
    return value


def _status(message: Message) -> dict[str, Any]:
    return {
        "UserReceiveTime": int(message.created_at + 1),
        "CountryCode": "86",
        "SubscriberNumber": message.recipient,
        "PhoneNumber": f"+86{message.recipient}",
        "SerialNo": message.message_id,
        "ReportStatus": "FAIL" if message.is_dead else "SUCCESS",
        "Description": "MK:0001" if message.is_dead else "DELIVRD",
        "SessionContext": message.client_id,
    }


ACTIONS: dict[str, Callable[[Connection, dict[str, Any]], dict[str, Any]]] = {
    "SendSms": _send,
    "PullSmsSendStatusByPhoneNumber": _pull,
}
