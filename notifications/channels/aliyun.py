"""SMS by Aliyun (Dysmsapi 2017-05-25), by its own library.

Aliyun keeps no memory of references: the same OutId twice is two messages. It can be asked what
a phone got on a day, though, and the answer names the OutId. Its codes and what they become:

| code | meaning | error |
|---|---|---|
| isv.MOBILE_NUMBER_ILLEGAL, isv.MOBILE_COUNT_OVER_LIMIT | the number is none | Refused |
| isv.BLACK_KEY_CONTROL_LIMIT, isv.SMS_CONTENT_ILLEGAL | forbidden words | Refused |
| isv.SMS_TEMPLATE_ILLEGAL, isv.TEMPLATE_MISSING_PARAMETERS, isv.TEMPLATE_PARAMS_ILLEGAL, \
isv.INVALID_PARAMETERS, isv.INVALID_JSON_PARAM, isv.PARAM_LENGTH_LIMIT, \
isv.PARAM_NOT_SUPPORT_URL | the template, or what fills it | Refused |
| any other isv. | something about this message | Refused |
| isv.BUSINESS_LIMIT_CONTROL | too many for this phone in a minute, an hour, a day | Busy |
| isv.DAY_LIMIT_CONTROL, isv.MONTH_LIMIT_CONTROL | our own limit is reached | Busy |
| isv.AMOUNT_NOT_ENOUGH, isv.OUT_OF_SERVICE, isv.ACCOUNT_ABNORMAL, isv.ACCOUNT_NOT_EXISTS, \
isv.PRODUCT_UN_SUBSCRIPT, isv.PRODUCT_UNSUBSCRIBE, isv.SMS_SIGNATURE_ILLEGAL, \
isv.SMS_SIGN_ILLEGAL, isv.DENY_IP_RANGE, isp.RAM_PERMISSION_DENY | our account or signature: the \
operator can mend it | Busy |
| Throttling and the like, ServiceUnavailable | too many calls, or closed | Busy |
| other codes with a status of 4xx | our key, our clock, our call | Busy |
| any other isp., InternalError, other codes with 5xx | it may have been taken | Unclear |
| no answer, or one without a code | it may have been taken | Unclear |
"""

import json
from datetime import date, timedelta
from typing import Any

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.core import DEFAULT_POOL_MAXSIZE, DaraCore
from darabonba.exceptions import ResponseException
from darabonba.runtime import RuntimeOptions

from notifications.channels.base import (
    Busy,
    Channel,
    Found,
    Parcel,
    Provider,
    ProviderError,
    Refused,
    Unclear,
)
from notifications.channels.sdk import CONNECT_SECONDS, session, silence, unanswered
from notifications.settings import AliyunSettings
from runtime import clock

OK = "OK"
FAILED, ARRIVED = 2, 3
PAGE = 50
MOST_DAYS = 30
"""For so many days it remembers what it sent."""

OURS = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.ACCOUNT_ABNORMAL",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.PRODUCT_UNSUBSCRIBE",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGN_ILLEGAL",
        "isv.DENY_IP_RANGE",
        "isp.RAM_PERMISSION_DENY",
        "ServiceUnavailable",
    }
)
"""Codes by which nothing was taken, and that have nothing to do with this message for good."""

silence()


class Aliyun(Provider):
    """One client for all threads; it is made with the first one's pool of connections."""

    name = "aliyun"
    channel = Channel.SMS
    reports = True

    def __init__(self, settings: AliyunSettings) -> None:
        self._signature = settings.sms_signature
        self._client = _client(settings)
        self._options = RuntimeOptions(
            autoretry=False,
            connect_timeout=_milliseconds(min(CONNECT_SECONDS, settings.aliyun_sms_timeout)),
            read_timeout=_milliseconds(settings.aliyun_sms_timeout),
        )

    def _send(self, parcel: Parcel) -> str:
        request = models.SendSmsRequest(
            phone_numbers=parcel.recipient,
            sign_name=self._signature,
            template_code=parcel.code or parcel.template,
            template_param=json.dumps(dict(parcel.params), ensure_ascii=False),
            out_id=parcel.reference,
        )
        body = self._call(self._client.send_sms_with_options, request)
        if not isinstance(body.biz_id, str) or not body.biz_id:
            raise Unclear("no_number")
        return body.biz_id

    def _find(self, parcel: Parcel) -> Found | None:
        """Its answer does not name its own number, so ours stands for it."""
        try:
            details = (each for day in _days(parcel) for each in self._sent(parcel.recipient, day))
            detail = next((each for each in details if each.out_id == parcel.reference), None)
        except ProviderError as error:
            raise Busy(error.reason) from None
        if detail is None:
            return None
        known = {ARRIVED: True, FAILED: False}
        return Found(parcel.reference, known.get(detail.send_status), detail.err_code or "")

    def _sent(self, phone: str, day: date) -> list[Any]:
        """All that a phone got from us on a day."""
        found: list[Any] = []
        for page in range(1, 1 + MOST_DAYS):
            request = models.QuerySendDetailsRequest(
                phone_number=phone,
                send_date=day.strftime("%Y%m%d"),
                current_page=page,
                page_size=PAGE,
            )
            body = self._call(self._client.query_send_details_with_options, request)
            listed = body.sms_send_detail_dtos
            details = (listed.sms_send_detail_dto if listed else None) or []
            found += details
            if len(details) < PAGE:
                break
        return found

    def _call(self, action: Any, request: Any) -> Any:
        """The body of an answer that says OK. Raises Refused, Busy, Unclear."""
        try:
            body = action(request, self._options).body
        except ResponseException as error:
            raise judged(str(error.code), int(error.status_code or 500)) from None
        except Exception as error:  # noqa: BLE001 - the library lets through whatever happens
            raise unanswered(error) from None
        code = getattr(body, "code", None)
        if code != OK:
            raise judged(str(code), 200)
        return body


def judged(code: str, status: int) -> ProviderError:
    """What one of Aliyun's codes means."""
    if code in ("", "None"):
        return Unclear(f"http_{status}")
    if code in OURS or code.startswith("Throttling"):
        return Busy(code)
    if code.startswith("isv."):
        return Refused(code)
    return Busy(code) if 400 <= status < 500 else Unclear(code)


def _client(settings: AliyunSettings) -> Client:
    """It is given a session of ours where it would make one of its own."""
    protocol, endpoint = settings.aliyun_sms_protocol, settings.aliyun_sms_endpoint
    place = f"{protocol}://{endpoint}:80:pool={DEFAULT_POOL_MAXSIZE}"
    DaraCore._sessions.setdefault(place, session())
    return Client(
        Config(
            access_key_id=settings.aliyun_sms_key_id,
            access_key_secret=settings.aliyun_sms_key_secret.get_secret_value(),
            endpoint=endpoint,
            protocol=protocol,
            user_agent="denghuo",
        )
    )


def _days(parcel: Parcel) -> list[date]:
    """The civil days on which it may have been sent, the latest first."""
    today = clock.today()
    first = clock.civil_date(parcel.created_at) if parcel.created_at else today - timedelta(days=1)
    count = min((today - first).days, MOST_DAYS - 1) + 1
    return [today - timedelta(days=back) for back in range(max(count, 1))]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
