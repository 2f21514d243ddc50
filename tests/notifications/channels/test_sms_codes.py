"""What each provider's codes become: final, to be asked again, or not known."""

import pytest

from notifications.channels import aliyun, tencent
from notifications.channels.base import Busy, ProviderError, Refused, Unclear


@pytest.mark.parametrize(
    ("code", "status", "becomes"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", 200, Refused),
        ("isv.BLACK_KEY_CONTROL_LIMIT", 200, Refused),
        ("isv.SMS_TEMPLATE_ILLEGAL", 200, Refused),
        ("isv.SOMETHING_NEW", 200, Refused),
        ("isv.BUSINESS_LIMIT_CONTROL", 200, Busy),
        ("isv.DAY_LIMIT_CONTROL", 200, Busy),
        ("isv.AMOUNT_NOT_ENOUGH", 200, Busy),
        ("isp.RAM_PERMISSION_DENY", 200, Busy),
        ("Throttling.User", 400, Busy),
        ("ServiceUnavailable", 503, Busy),
        ("SignatureDoesNotMatch", 400, Busy),
        ("InvalidTimeStamp.Expired", 400, Busy),
        ("isp.SYSTEM_ERROR", 200, Unclear),
        ("InternalError", 500, Unclear),
        ("SomethingNew", 200, Unclear),
        ("None", 502, Unclear),
    ],
)
def test_codes_of_aliyun(code: str, status: int, becomes: type[ProviderError]) -> None:
    assert type(aliyun.judged(code, status)) is becomes


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("InvalidParameterValue.IncorrectPhoneNumber", Refused),
        ("FailedOperation.PhoneNumberInBlacklist", Refused),
        ("FailedOperation.TemplateUnapprovedOrNotExist", Refused),
        ("UnsupportedOperation", Refused),
        ("LimitExceeded.PhoneNumberDailyLimit", Busy),
        ("RequestLimitExceeded", Busy),
        ("AuthFailure.SignatureExpire", Busy),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", Busy),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Busy),
        ("InternalError.RequestTimeException", Busy),
        ("InternalError.Timeout", Unclear),
        ("InternalError", Unclear),
        ("SomethingNew", Unclear),
    ],
)
def test_codes_of_tencent(code: str, becomes: type[ProviderError]) -> None:
    assert type(tencent.judged(code)) is becomes
