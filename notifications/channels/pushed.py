"""What the SMS providers push to us, in the forms that they document, and as we speak of it.

Aliyun: SmsReport and SmsUp, lists. Tencent Cloud: the list of the status notification, and one
object for a reply. A field that they may add one day is no fault; one that is missing is.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from runtime import clock

WALL = "%Y-%m-%d %H:%M:%S"

Phone = Annotated[str, msgspec.Meta(pattern=r"^(\+?86|0086)?1[3-9][0-9]{9}$")]
Short = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[^\x00]*$")]
"""What we look for or keep as it is: the database knows no character zero."""
Words = Annotated[str, msgspec.Meta(max_length=2000)]
Wall = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}$")]


class UnreadableError(ValueError):
    """A push has not the documented form."""


@dataclass(frozen=True)
class Report:
    """A message arrived, or it did not. One of `reference` and `provider_no` is enough."""

    phone: str
    delivered: bool
    reason: str
    reference: str
    provider_no: str
    at: datetime


@dataclass(frozen=True)
class Reply:
    """Somebody answered to a message."""

    phone: str
    words: str
    at: datetime


class _AliyunReport(msgspec.Struct):
    phone_number: Phone
    success: bool
    report_time: Wall
    biz_id: Short
    out_id: Short | None = None
    err_code: Short | None = None

    def plain(self) -> Report:
        reason = "" if self.success else self.err_code or "failed"
        names = (self.out_id or "", self.biz_id)
        return Report(
            _digits(self.phone_number), self.success, reason, *names, _at(self.report_time)
        )


class _AliyunReply(msgspec.Struct):
    phone_number: Phone
    content: Words
    send_time: Wall

    def plain(self) -> Reply:
        return Reply(_digits(self.phone_number), self.content, _at(self.send_time))


class _TencentReport(msgspec.Struct):
    mobile: Phone
    report_status: Short
    sid: Short
    user_receive_time: Wall
    errmsg: Short = ""

    def plain(self) -> Report:
        delivered = self.report_status == "SUCCESS"
        reason = "" if delivered else self.errmsg or "failed"
        at = _at(self.user_receive_time)
        return Report(_digits(self.mobile), delivered, reason, "", self.sid, at)


class _TencentReply(msgspec.Struct):
    mobile: Phone
    text: Words
    time: Annotated[int, msgspec.Meta(ge=0, le=2**33)]

    def plain(self) -> Reply:
        return Reply(_digits(self.mobile), self.text, datetime.fromtimestamp(self.time, UTC))


FORMS: dict[str, tuple[Any, ...]] = {
    "aliyun": (list[_AliyunReport], list[_AliyunReply]),
    "tencent": (list[_TencentReport], _TencentReply),
}
"""The forms that each provider's pushes may have; no push is of two."""


def read(provider: str, body: bytes) -> list[Report | Reply]:
    """What a push says. Raises UnreadableError, and KeyError for an unknown provider."""
    for form in FORMS[provider]:
        try:
            found = msgspec.json.decode(body.decode(), type=form)
            return [each.plain() for each in (found if isinstance(found, list) else [found])]
        except (ValueError, OverflowError, RecursionError):
            continue
    raise UnreadableError(provider)


def _digits(phone: str) -> str:
    """The eleven of a mainland number, without its country."""
    return phone[-11:]


def _at(wall: str) -> datetime:
    """The providers write the wall clock of China.

    Raises ValueError, and OverflowError for an hour before the first of UTC.
    """
    return datetime.strptime(wall, WALL).replace(tzinfo=clock.BEIJING).astimezone(UTC)
