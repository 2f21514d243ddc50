"""Calls to Aliyun's SMS by its own library, which takes a second to load; see `aliyun`."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.core import DEFAULT_POOL_MAXSIZE, DaraCore
from darabonba.exceptions import ResponseException
from darabonba.runtime import RuntimeOptions

from notifications.channels.aliyun import judged
from notifications.channels.base import Parcel
from notifications.channels.registration import filling
from notifications.channels.sdk import CONNECT_SECONDS, session, silence, unanswered
from notifications.settings import AliyunSettings

silence()


class Wire:
    """One client, safe to share between threads."""

    def __init__(self, settings: AliyunSettings) -> None:
        patience = settings.aliyun_sms_timeout
        self._signature = settings.sms_signature
        self._client = _client(settings)
        self._options = RuntimeOptions(
            autoretry=False,
            connect_timeout=round(min(CONNECT_SECONDS, patience) * 1000),
            read_timeout=round(patience * 1000),
        )

    def send(self, parcel: Parcel) -> Any:
        """The body of the answer to SendSms. Raises Refused, Busy, Unclear."""
        request = models.SendSmsRequest(
            phone_numbers=parcel.recipient,
            sign_name=self._signature,
            template_code=parcel.code or parcel.template,
            template_param=json.dumps(filling(parcel.params), ensure_ascii=False),
            out_id=parcel.reference,
        )
        return self._call(self._client.send_sms_with_options, request)

    def query(self, phone: str, day: date, page: int, size: int) -> Any:
        """The body of the answer to QuerySendDetails. Raises Refused, Busy, Unclear."""
        request = models.QuerySendDetailsRequest(
            phone_number=phone, send_date=f"{day:%Y%m%d}", current_page=page, page_size=size
        )
        return self._call(self._client.query_send_details_with_options, request)

    def _call(self, action: Callable[..., Any], request: Any) -> Any:
        try:
            return action(request, self._options).body
        except ResponseException as error:
            raise judged(str(error.code), int(error.status_code or 500)) from None
        except Exception as error:  # noqa: BLE001 - the library lets through whatever happens
            raise unanswered(error) from None


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
