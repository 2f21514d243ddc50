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

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

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
from notifications.settings import AliyunSettings
from runtime import clock

OK = "OK"
FAILED, ARRIVED = 2, 3
PAGE = 50
MOST_PAGES, MOST_DAYS = 20, 30
"""For so many days it remembers what it sent; nobody gets a thousand messages on one."""

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


class Aliyun(Provider):
    """One client for all threads. Its library takes a second to load: it is, with the first."""

    name = "aliyun"
    channel = Channel.SMS
    reports = True

    def __init__(self, settings: AliyunSettings) -> None:
        from notifications.channels.aliyun_wire import Wire

        self._wire = Wire(settings)

    def _send(self, parcel: Parcel) -> str:
        number = _body(self._wire.send(parcel)).biz_id
        if not isinstance(number, str) or not number:
            raise Unclear("no_number")
        return number

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

    def _sent(self, phone: str, day: date) -> Iterator[Any]:
        """All that a phone got from us on a day."""
        for page in range(1, MOST_PAGES + 1):
            listed = _body(self._wire.query(phone, day, page, PAGE)).sms_send_detail_dtos
            details = (listed.sms_send_detail_dto if listed else None) or []
            yield from details
            if len(details) < PAGE:
                return


def _body(answer: Any) -> Any:
    """What an answer says that is OK. Raises Refused, Busy, Unclear."""
    code = getattr(answer, "code", None)
    if code != OK:
        raise judged(str(code), 200)
    return answer


def judged(code: str, status: int) -> ProviderError:
    """What one of Aliyun's codes means."""
    if code in ("", "None"):
        return Unclear(f"http_{status}")
    if code in OURS or code.startswith("Throttling"):
        return Busy(code)
    if code.startswith("isv."):
        return Refused(code)
    return Busy(code) if 400 <= status < 500 else Unclear(code)


def _days(parcel: Parcel) -> list[date]:
    """The civil days on which it may have been sent, the latest first."""
    today = clock.today()
    first = clock.civil_date(parcel.created_at) if parcel.created_at else today - timedelta(days=1)
    count = min((today - first).days, MOST_DAYS - 1) + 1
    return [today - timedelta(days=back) for back in range(max(count, 1))]
