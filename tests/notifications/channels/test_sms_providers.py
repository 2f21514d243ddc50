"""Aliyun and Tencent Cloud by their own libraries, against the sandbox over the wire."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from notifications.channels.aliyun import Aliyun
from notifications.channels.base import Busy, Parcel, Provider, Refused, Unclear
from notifications.channels.tencent import Tencent
from notifications.settings import AliyunSettings, TencentSettings
from runtime import clock
from runtime.settings import load
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.server import SandboxServer, free_port
from tests.waiting import eventually

PHONE = "13800002046"
PATIENCE = 1.5
"""Seconds, where an answer does not come; all others wait as long as a busy machine takes."""


def parcel(reference: str, phone: str = PHONE, **change: Any) -> Parcel:
    fields: dict[str, Any] = {
        "reference": reference,
        "recipient": phone,
        "template": "code_sign_in_zh",
        "language": "zh",
        "params": {"code": "482016", "minutes": "5"},
        "words": {"text": "482016 是您的登录验证码，5 分钟内有效。"},
        "created_at": clock.now(),
    }
    return Parcel(**fields | change)


def aliyun(sandbox: SandboxServer, port: int | None = None, **change: Any) -> Aliyun:
    fields: dict[str, Any] = {
        "aliyun_sms_key_id": sandbox.paper("aliyun_sms_key_id"),
        "aliyun_sms_key_secret": SecretStr(sandbox.paper("aliyun_sms_key_secret")),
        "aliyun_sms_endpoint": f"127.0.0.1:{port or sandbox.port}",
        "aliyun_sms_protocol": "http",
        "aliyun_sms_timeout": 30,
    }
    return Aliyun(load(AliyunSettings, **fields | change))


def tencent(sandbox: SandboxServer, port: int | None = None, **change: Any) -> Tencent:
    fields: dict[str, Any] = {
        "tencent_sms_secret_id": sandbox.paper("tencent_sms_secret_id"),
        "tencent_sms_secret_key": SecretStr(sandbox.paper("tencent_sms_secret_key")),
        "tencent_sms_app_id": sandbox.paper("tencent_sms_app_id"),
        "tencent_sms_endpoint": f"127.0.0.1:{port or sandbox.port}",
        "tencent_sms_protocol": "http",
        "tencent_sms_timeout": 30,
        "tencent_sms_report_seconds": 3,
    }
    return Tencent(load(TencentSettings, **fields | change))


MADE = {"aliyun": aliyun, "tencent": tencent}


@pytest.fixture(params=["aliyun", "tencent"])
def provider(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Provider:
    return MADE[request.param](sandbox)


def hasty(sandbox: SandboxServer, name: str) -> Provider:
    """One that does not wait long."""
    return MADE[name](sandbox, **{f"{name}_sms_timeout": PATIENCE})


class SmsContract(ProviderContract):
    name = ""
    secret = ""

    @pytest.fixture
    def sides(self, sandbox: SandboxServer) -> Iterator[Sides]:
        def taken(reference: str) -> int:
            return sum(each["client_id"] == reference for each in sandbox.sms())

        yield Sides(
            provider=hasty(sandbox, self.name),
            unreached=MADE[self.name](sandbox, free_port()),
            patience=PATIENCE,
            parcel=parcel,
            refused=parcel("no", "12345678901"),
            taken=taken,
            break_down=lambda kind: sandbox.outage(self.name, kind),
            heal=sandbox.heal,
            secrets=[sandbox.paper(self.secret)],
        )
        sandbox.heal()


class TestAliyun(SmsContract):
    name, secret = "aliyun", "aliyun_sms_key_secret"


class TestTencent(SmsContract):
    name, secret = "tencent", "tencent_sms_secret_key"


def test_the_message_lies_in_the_box_as_before(sandbox: SandboxServer) -> None:
    aliyun(sandbox).send(parcel("r1"))
    [kept] = sandbox.sms(PHONE)
    assert (kept["provider"], kept["client_id"], kept["signature"]) == ("aliyun", "r1", "灯火")
    assert (kept["template"], kept["params"]) == (
        "code_sign_in_zh",
        {"code": "482016", "minutes": "5"},
    )


def test_the_code_of_a_template_is_its_name_at_the_provider(sandbox: SandboxServer) -> None:
    text = "{1} 是您的登录验证码，{2} 分钟内有效。"
    sandbox.approve(
        {
            "provider": "tencent",
            "code": "1110",
            "name": "code_sign_in_zh",
            "text": text,
            "variables": ["code", "minutes"],
        }
    )
    tencent(sandbox).send(parcel("r1", code="1110"))
    [kept] = sandbox.sms(PHONE)
    assert (kept["code"], kept["template"]) == ("1110", "code_sign_in_zh")
    assert kept["params"] == {"code": "482016", "minutes": "5"}
    assert kept["text"] == "【灯火】482016 是您的登录验证码，5 分钟内有效。"


def test_an_answer_of_500_without_a_code_is_unclear(
    sandbox: SandboxServer, provider: Provider
) -> None:
    sandbox.outage(provider.name, "error")
    with pytest.raises(Unclear):
        provider.send(parcel("r1"))
    assert sandbox.sms() == []


def test_an_outage_of_sms_is_one_of_both(sandbox: SandboxServer, provider: Provider) -> None:
    sandbox.outage("sms", "error")
    with pytest.raises(Unclear):
        provider.send(parcel("r1"))


def test_one_that_is_slow_answers_rightly(sandbox: SandboxServer, provider: Provider) -> None:
    sandbox.delay(provider.name, 300)
    assert provider.send(parcel("r1"))
    sandbox.delay(provider.name, PATIENCE * 1000 + 500)
    with pytest.raises(Unclear):
        hasty(sandbox, provider.name).send(parcel("r2"))
    sandbox.heal()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL"),
        ("tencent", "LimitExceeded.DeliveryFrequencyLimit"),
    ],
)
def test_too_many_for_a_phone_is_busy(sandbox: SandboxServer, name: str, code: str) -> None:
    sandbox.limit_sms(1)
    provider = MADE[name](sandbox)
    provider.send(parcel("r1"))
    with pytest.raises(Busy) as throttled:
        provider.send(parcel("r2"))
    assert throttled.value.reason == code
    provider.send(parcel("r3", "13800000002"))
    assert [each["client_id"] for each in sandbox.sms()] == ["r3", "r1"]


@pytest.mark.parametrize(
    ("name", "wrong", "code"),
    [
        ("aliyun", {"aliyun_sms_key_id": "LTAIstranger"}, "InvalidAccessKeyId.NotFound"),
        ("aliyun", {"aliyun_sms_key_secret": SecretStr("guessed")}, "SignatureDoesNotMatch"),
        ("aliyun", {"sms_signature": "旁人"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ("tencent", {"tencent_sms_secret_id": "AKIDx"}, "AuthFailure.SecretIdNotFound"),
        (
            "tencent",
            {"tencent_sms_secret_key": SecretStr("guessed")},
            "AuthFailure.SignatureFailure",
        ),
        (
            "tencent",
            {"tencent_sms_app_id": "1400000000"},
            "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
        ),
        (
            "tencent",
            {"sms_signature": "旁人"},
            "FailedOperation.SignatureIncorrectOrUnapproved",
        ),
    ],
)
def test_what_the_operator_can_mend_is_busy(
    sandbox: SandboxServer, name: str, wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(Busy) as busy:
        MADE[name](sandbox, **wrong).send(parcel("r1"))
    assert busy.value.reason == code
    assert sandbox.sms() == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("aliyun", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("tencent", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
    ],
)
def test_what_does_not_fill_its_template_is_refused(
    sandbox: SandboxServer, name: str, code: str
) -> None:
    sandbox.approve(
        {
            "provider": name,
            "code": "code_sign_in_zh",
            "name": "code_sign_in_zh",
            "text": "${code} {1}",
            "variables": ["code"] * (1 if name == "aliyun" else 3),
        }
    )
    with pytest.raises(Refused) as refused:
        MADE[name](sandbox).send(parcel("r1", params={"minutes": "5"}))
    assert refused.value.reason == code


def test_a_message_that_did_not_arrive_is_found_so(
    sandbox: SandboxServer, provider: Provider
) -> None:
    dead = parcel("r1", "13800000404", created_at=clock.now() - timedelta(minutes=1))
    provider.send(dead)

    def said() -> bool | None:
        found = provider.find(dead)
        return found.delivered if found else None

    eventually(lambda: said() is False, pause=0.2)


def test_tencent_cannot_say_of_what_is_under_way(sandbox: SandboxServer) -> None:
    sent = parcel("r1")
    tencent(sandbox).send(sent)
    with pytest.raises(Busy, match="not_reported_yet"):
        tencent(sandbox, tencent_sms_report_seconds=600).find(parcel("r2"))


def test_aliyun_is_asked_page_by_page_and_day_by_day(sandbox: SandboxServer) -> None:
    provider = aliyun(sandbox)
    for number in range(51):
        provider.send(parcel(f"r{number}"))
    found = provider.find(parcel("r0", created_at=clock.now() - timedelta(days=1)))
    assert found is not None
    assert provider.find(parcel("r51")) is None


def test_one_that_is_down_cannot_say(sandbox: SandboxServer, provider: Provider) -> None:
    sandbox.outage(provider.name, "error")
    with pytest.raises(Busy):
        provider.find(parcel("r1", created_at=clock.now() - timedelta(hours=1)))


PROXIED = """
import sys
from notifications.channels.{name} import {kind}
from notifications.settings import {kind}Settings
from notifications.channels.base import Parcel
from runtime.settings import load
words = {{"code": "482016", "minutes": "5"}}
parcel = Parcel("p1", "13800002046", "code_sign_in_zh", "zh", words, {{}})
print({kind}(load({kind}Settings)).send(parcel))
"""


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
def test_neither_proxy_nor_gossip_is_taken_from_the_environment(
    sandbox: SandboxServer, name: str
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    environment = (
        dict(os.environ)
        | sandbox.environment()
        | dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), nowhere)
        | {"DENGHUO_ALIYUN_SMS_TIMEOUT": "30", "DENGHUO_TENCENT_SMS_TIMEOUT": "30"}
        | {"DENGHUO_VAR": str(sandbox.folder), "DEBUG": "sdk", "PYTHONPATH": os.getcwd()}
    )
    said = subprocess.run(
        [sys.executable, "-c", PROXIED.format(name=name, kind=name.capitalize())],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert len(said.stdout.split()) == 1
    assert said.stderr == ""
    [kept] = sandbox.sms(PHONE)
    assert kept["message_id"] == said.stdout.strip()
