"""Both SMS providers believe only what is signed as they document it."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import aliyun_sms, tencent_sms
from tests.sandbox.server import SandboxServer
from tests.sandbox.sms_calls import aliyun, send_by_aliyun, send_by_tencent, tencent

QUERY = {
    "PhoneNumbers": "13800000001",
    "SignName": "灯火",
    "TemplateCode": "SMS_1",
    "OutId": "a ~*+/'()中",
}


def test_the_signature_of_aliyuns_documentation() -> None:
    """The example with fixed values of "V3 request structure and signature"."""
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": empty,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    query = [("RegionId", "cn-shanghai"), ("ImageId", image)]
    call = aliyun_sms.Call("POST", "/", query, headers, b"")
    assert aliyun_sms.signature(call, list(headers), "YourAccessKeySecret") == (
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_signature_of_tencents_documentation() -> None:
    """The example of "Signature Method v3"."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
    }
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    call = tencent_sms.Call("POST", "/", "", headers, body)
    signed = ["content-type", "host"]
    secret = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    assert tencent_sms.signature(call, signed, "cvm", 1551113065, secret) == (
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_aliyun_reads_what_is_escaped_as_it_was_meant(sandbox: SandboxServer) -> None:
    assert aliyun(sandbox, "SendSms", QUERY).json()["Code"] == "OK"
    [kept] = sandbox.sms("13800000001")
    assert kept["client_id"] == "a ~*+/'()中"


STALE = f"{datetime.now(UTC) - timedelta(minutes=16):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "LTAIstranger"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"secret": "guessed"}, 400, "SignatureDoesNotMatch"),
        ({"sent": "PhoneNumbers=13800000002"}, 400, "SignatureDoesNotMatch"),
        ({"body_hash": "0" * 64}, 400, "SignatureDoesNotMatch"),
        ({"date": STALE}, 400, "InvalidTimeStamp.Expired"),
        ({"date": "yesterday"}, 400, "InvalidTimeStamp.Format"),
        ({"version": "2016-01-01"}, 400, "InvalidVersion"),
    ],
)
def test_aliyun_refuses_in_its_own_form(
    sandbox: SandboxServer, change: dict[str, str], status: int, code: str
) -> None:
    answer = aliyun(sandbox, "SendSms", QUERY, **change)
    assert (answer.status_code, answer.json()["Code"]) == (status, code)
    assert set(answer.json()) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert sandbox.sms() == []


def test_aliyun_takes_a_nonce_once(sandbox: SandboxServer) -> None:
    answers = [aliyun(sandbox, "SendSms", QUERY, nonce="n-1") for _ in range(2)]
    assert [each.json()["Code"] for each in answers] == ["OK", "SignatureNonceUsed"]
    assert len(sandbox.sms()) == 1


def test_what_aliyun_does_not_have_is_not_found(sandbox: SandboxServer) -> None:
    answer = aliyun(sandbox, "SendFax", QUERY)
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": "AKIDstranger"}, "AuthFailure.SecretIdNotFound"),
        ({"secret": "guessed"}, "AuthFailure.SignatureFailure"),
        ({"sent": '{"PhoneNumberSet": []}'}, "AuthFailure.SignatureFailure"),
        ({"stamp": time.time() - 400}, "AuthFailure.SignatureExpire"),
    ],
)
def test_tencent_refuses_in_its_own_form(
    sandbox: SandboxServer, change: dict[str, Any], code: str
) -> None:
    answer = tencent(sandbox, "SendSms", {"PhoneNumberSet": ["13800000001"]}, **change)
    assert answer["Error"]["Code"] == code
    assert set(answer) == {"Error", "RequestId"}
    assert sandbox.sms() == []


def test_what_tencent_does_not_have_is_not_found(sandbox: SandboxServer) -> None:
    assert tencent(sandbox, "SendFax", {})["Error"]["Code"] == "InvalidAction"


def test_both_send_what_is_signed_rightly(sandbox: SandboxServer) -> None:
    assert send_by_aliyun(sandbox).json()["Code"] == "OK"
    assert send_by_tencent(sandbox)["SendStatusSet"][0]["Code"] == "Ok"
    assert [each["provider"] for each in sandbox.sms()] == ["tencent", "aliyun"]
