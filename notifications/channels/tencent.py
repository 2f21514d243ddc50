"""SMS by Tencent Cloud (2021-01-11), by its own library.

Tencent keeps no memory of references: the same SessionContext twice is two messages. What it can
be asked about a phone are the reports of the network, which name the SessionContext where Tencent
has opened that for us; so a message of which the network has not spoken yet cannot be told from
one that was never taken, and for `tencent_sms_report_seconds` it cannot say. Its templates have no
names for what fills them: a parcel's `params` must stand in the order in which the wording first
names them. Its codes and what they become:

| code | meaning | error |
|---|---|---|
| InvalidParameter, InvalidParameterValue, MissingParameter, UnsupportedOperation, FailedOperation \
and what is below them | this message, its number, its template | Refused |
| LimitExceeded and what is below it, RequestLimitExceeded, ResourceUnavailable, \
ResourceInsufficient, ResourceNotFound | too many, or closed | Busy |
| AuthFailure, UnauthorizedOperation and what is below them | our key, clock, account | Busy |
| FailedOperation.InsufficientBalanceInSmsPackage, .SignatureIncorrectOrUnapproved, \
.MissingSignature, .MissingSignatureList, .MarketingSendTimeConstraint, \
InvalidParameterValue.SdkAppIdNotExist, InvalidParameter.AppidAndBizId, \
InternalError.RequestTimeException, InternalError.SigVerificationFail, \
InternalError.SigFieldMissing | our account, our clock: the operator can mend it | Busy |
| any other InternalError, and what is not listed | it may have been taken | Unclear |
| no answer, or one without a code | it may have been taken | Unclear |
"""

from datetime import timedelta
from typing import Any

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

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
from notifications.channels.registration import filling
from notifications.channels.sdk import CONNECT_SECONDS, session, silence, unanswered
from notifications.settings import TencentSettings
from runtime import clock

OK = "Ok"
MOST_ROWS = 100
KEPT = timedelta(days=7)
"""For so long it remembers what the network reported."""
MARGIN = timedelta(minutes=1)

OURS = frozenset(
    {
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.MissingSignature",
        "FailedOperation.MissingSignatureList",
        "FailedOperation.MarketingSendTimeConstraint",
        "InvalidParameterValue.SdkAppIdNotExist",
        "InvalidParameter.AppidAndBizId",
        "InternalError.RequestTimeException",
        "InternalError.SigVerificationFail",
        "InternalError.SigFieldMissing",
    }
)
"""Codes by which nothing was taken, and that have nothing to do with this message."""

CLASSES: dict[str, type[ProviderError]] = {
    "InvalidParameter": Refused,
    "InvalidParameterValue": Refused,
    "MissingParameter": Refused,
    "UnsupportedOperation": Refused,
    "FailedOperation": Refused,
    "LimitExceeded": Busy,
    "RequestLimitExceeded": Busy,
    "ResourceUnavailable": Busy,
    "ResourceInsufficient": Busy,
    "ResourceNotFound": Busy,
    "AuthFailure": Busy,
    "UnauthorizedOperation": Busy,
}
"""What a code means by what stands before its first dot."""

silence()


class Tencent(Provider):
    """One client for all threads."""

    name = "tencent"
    channel = Channel.SMS
    reports = True

    def __init__(self, settings: TencentSettings) -> None:
        self._signature = settings.sms_signature
        self._app_id = settings.tencent_sms_app_id
        self._silence = timedelta(seconds=settings.tencent_sms_report_seconds)
        self._client = _client(settings)

    def _send(self, parcel: Parcel) -> str:
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [f"+86{parcel.recipient}"]
        request.SmsSdkAppId = self._app_id
        request.SignName = self._signature
        request.TemplateId = parcel.code or parcel.template
        request.TemplateParamSet = list(filling(parcel.params).values())
        request.SessionContext = parcel.reference
        statuses = self._call(self._client.SendSms, request).SendStatusSet or []
        if len(statuses) != 1 or not statuses[0].Code:
            raise Unclear("no_status")
        if statuses[0].Code != OK:
            raise judged(statuses[0].Code)
        if not statuses[0].SerialNo:
            raise Unclear("no_number")
        return str(statuses[0].SerialNo)

    def _find(self, parcel: Parcel) -> Found | None:
        try:
            found = self._reported(parcel)
        except ProviderError as error:
            raise Busy(error.reason) from None
        if found is None and self._may_be_under_way(parcel):
            raise Busy("not_reported_yet")
        if found is None:
            return None
        return Found(str(found.SerialNo), found.ReportStatus == "SUCCESS", found.Description or "")

    def _reported(self, parcel: Parcel) -> Any:
        """The report of this parcel among those of its phone."""
        now = clock.now()
        earliest = now - KEPT + MARGIN
        begin = max(parcel.created_at - MARGIN, earliest) if parcel.created_at else earliest
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.PhoneNumber = f"+86{parcel.recipient}"
        request.SmsSdkAppId = self._app_id
        request.BeginTime, request.EndTime = int(begin.timestamp()), int(now.timestamp()) + 1
        request.Offset, request.Limit = 0, MOST_ROWS
        answer = self._call(self._client.PullSmsSendStatusByPhoneNumber, request)
        reports = answer.PullSmsSendStatusSet or []
        return next((each for each in reports if each.SessionContext == parcel.reference), None)

    def _may_be_under_way(self, parcel: Parcel) -> bool:
        """`created_at` is the earliest that it can have been handed over."""
        return parcel.created_at is not None and clock.now() - parcel.created_at < self._silence

    def _call(self, action: Any, request: Any) -> Any:
        """The answer to a call. Raises Refused, Busy, Unclear."""
        try:
            return action(request)
        except TencentCloudSDKException as error:
            # Without a request number it is the library that speaks: there was no answer.
            raise (judged(str(error.code)) if error.requestId else unanswered(error)) from None
        except Exception as error:  # noqa: BLE001 - the library lets through whatever happens
            raise unanswered(error) from None


def judged(code: str) -> ProviderError:
    """What one of Tencent's codes means."""
    if code in OURS:
        return Busy(code)
    return CLASSES.get(code.partition(".")[0], Unclear)(code)


def _client(settings: TencentSettings) -> SmsClient:
    """Its connection is given a session of ours, and no proxy."""
    patience = settings.tencent_sms_timeout
    wire = HttpProfile(
        protocol=settings.tencent_sms_protocol,
        endpoint=settings.tencent_sms_endpoint,
        reqTimeout=(min(CONNECT_SECONDS, patience), patience),
    )
    keys = settings.tencent_sms_secret_id, settings.tencent_sms_secret_key.get_secret_value()
    profile = ClientProfile(httpProfile=wire)
    client = SmsClient(Credential(*keys), settings.tencent_sms_region, profile)
    client.request.conn.proxy = None
    client.request.conn._session = session()
    return client
