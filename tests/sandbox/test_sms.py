"""Text messages of both providers: taken, refused, asked about, reported and answered."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxError, SandboxServer
from tests.sandbox.sms_calls import PHONE, aliyun, send_by_aliyun, send_by_tencent, tencent
from tests.waiting import eventually

DEAD = "13800000404"
BEIJING = timezone(timedelta(hours=8))


def today() -> str:
    return f"{datetime.now(BEIJING):%Y%m%d}"


def details(sandbox: SandboxServer, phone: str = PHONE, **change: str) -> Any:
    query = {"PhoneNumber": phone, "SendDate": today(), "PageSize": "10", "CurrentPage": "1"}
    return aliyun(sandbox, "QuerySendDetails", query | change).json()


def listed(sandbox: SandboxServer, phone: str = PHONE, **change: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = details(sandbox, phone, **change)["SmsSendDetailDTOs"][
        "SmsSendDetailDTO"
    ]
    return found


def pulled(sandbox: SandboxServer, phone: str = PHONE, **change: Any) -> Any:
    now = int(datetime.now(BEIJING).timestamp())
    asked = {"BeginTime": now - 60, "Offset": 0, "Limit": 100, "PhoneNumber": f"+86{phone}"}
    return tencent(sandbox, "PullSmsSendStatusByPhoneNumber", asked | change)


def test_the_same_reference_twice_is_two_messages(sandbox: SandboxServer) -> None:
    numbers = {send_by_aliyun(sandbox).json()["BizId"] for _ in range(2)}
    numbers |= {send_by_tencent(sandbox)["SendStatusSet"][0]["SerialNo"] for _ in range(2)}
    assert len(numbers) == 4
    assert [each["client_id"] for each in sandbox.sms(PHONE)] == ["r-1"] * 4


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PhoneNumbers": "12345"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SignName": "旁人"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateParam": "{code}"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": '{"code":7}'}, "isv.INVALID_JSON_PARAM"),
        ({"OutId": "r" * 257}, "isv.INVALID_PARAMETERS"),
    ],
)
def test_aliyun_says_what_is_wrong_with_a_message(
    sandbox: SandboxServer, change: dict[str, str], code: str
) -> None:
    answer = send_by_aliyun(sandbox, **change)
    assert (answer.status_code, answer.json()["Code"]) == (200, code)
    assert sandbox.sms() == []


def test_aliyun_misses_a_parameter(sandbox: SandboxServer) -> None:
    answer = aliyun(sandbox, "SendSms", {"PhoneNumbers": PHONE})
    assert (answer.status_code, answer.json()["Code"]) == (400, "MissingSignName")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PhoneNumberSet": ["+8612345"]}, "InvalidParameterValue.IncorrectPhoneNumber"),
        ({"SignName": "旁人"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": ""}, "FailedOperation.TemplateUnapprovedOrNotExist"),
    ],
)
def test_tencent_says_what_is_wrong_with_a_number(
    sandbox: SandboxServer, change: dict[str, Any], code: str
) -> None:
    [status] = send_by_tencent(sandbox, **change)["SendStatusSet"]
    assert (status["Code"], status["SerialNo"], status["Fee"]) == (code, "", 0)
    assert sandbox.sms() == []


def test_a_registered_template_shows_its_words(sandbox: SandboxServer) -> None:
    known = {"name": "code_zh", "variables": ["code"]}
    sandbox.approve(
        known | {"provider": "aliyun", "code": "SMS_1", "text": "${code} 是验证码。"},
        known | {"provider": "tencent", "code": "1110", "text": "{1} 是验证码。"},
    )
    send_by_aliyun(sandbox)
    send_by_tencent(sandbox)
    for kept in sandbox.sms(PHONE):
        assert (kept["template"], kept["params"]) == ("code_zh", {"code": "246810"})
        assert (kept["text"], kept["segments"]) == ("【灯火】246810 是验证码。", 1)
    page = httpx.get(f"{sandbox.base_url}/sms?phone={PHONE}", trust_env=False).text
    assert "【灯火】246810 是验证码。" in page


def test_aliyun_is_asked_what_a_phone_got_on_a_day(sandbox: SandboxServer) -> None:
    for number in range(3):
        send_by_aliyun(sandbox, OutId=f"r-{number}")
    send_by_aliyun(sandbox, "13800000002", OutId="other")
    assert details(sandbox)["TotalCount"] == 3
    pages = [listed(sandbox, PageSize="2", CurrentPage=page) for page in ("1", "2", "3")]
    assert [[each["OutId"] for each in page] for page in pages] == [["r-2", "r-1"], ["r-0"], []]
    assert listed(sandbox, SendDate=f"{datetime.now(BEIJING) - timedelta(days=1):%Y%m%d}") == []
    assert details(sandbox, SendDate="20200101")["Code"] == "isv.INVALID_PARAMETERS"
    assert details(sandbox, PageSize="51")["Code"] == "isv.INVALID_PARAMETERS"


def test_aliyun_tells_the_network_is_silent_then_what_it_said(sandbox: SandboxServer) -> None:
    send_by_aliyun(sandbox)
    send_by_aliyun(sandbox, DEAD)
    eventually(lambda: listed(sandbox)[0]["SendStatus"] == 3)
    assert listed(sandbox)[0]["ErrCode"] == "DELIVERED"
    eventually(lambda: listed(sandbox, DEAD)[0]["SendStatus"] == 2)


def test_tencent_knows_only_what_the_network_reported(sandbox: SandboxServer) -> None:
    sent = send_by_tencent(sandbox)["SendStatusSet"][0]
    eventually(lambda: len(pulled(sandbox)["PullSmsSendStatusSet"]) == 1)
    [report] = pulled(sandbox)["PullSmsSendStatusSet"]
    assert (report["SerialNo"], report["SessionContext"]) == (sent["SerialNo"], "r-1")
    assert (report["ReportStatus"], report["PhoneNumber"]) == ("SUCCESS", f"+86{PHONE}")
    assert pulled(sandbox, "13800000002")["PullSmsSendStatusSet"] == []
    wrong = pulled(sandbox, BeginTime=0)["Error"]["Code"]
    assert wrong == "InvalidParameterValue.BeginTimeVerifyFail"


def test_a_share_of_calls_fails(sandbox: SandboxServer) -> None:
    sandbox.outage("aliyun", "error", share=0.5)
    statuses = {send_by_aliyun(sandbox).status_code for _ in range(60)}
    sandbox.heal()
    assert statuses == {200, 500}
    assert 0 < len(sandbox.sms()) < 60


def test_an_outage_of_one_provider_is_not_one_of_the_other(sandbox: SandboxServer) -> None:
    sandbox.outage("aliyun")
    assert send_by_aliyun(sandbox).status_code == 500
    assert send_by_tencent(sandbox)["SendStatusSet"][0]["Code"] == "Ok"
    sandbox.outage("sms")
    with pytest.raises(AssertionError):
        send_by_tencent(sandbox)


@pytest.fixture
def house(sandbox: SandboxServer) -> Iterator[Merchant]:
    """Who hears the pushes, and answers both providers as they want it."""
    with Merchant(answer=(200, b'{"code": 0, "result": 0}')) as merchant:
        sandbox.push_to(merchant.url)
        yield merchant


def told(house: Merchant, count: int) -> list[Any]:
    return [json.loads(each.body) for each in house.wait(count)]


def test_aliyun_reports_in_its_form_to_the_address_with_the_secret(
    sandbox: SandboxServer, house: Merchant
) -> None:
    number = send_by_aliyun(sandbox).json()["BizId"]
    [[report]] = told(house, 1)
    assert house.heard[0].path == f"/notify/aliyun/{sandbox.paper('notify_secret')}"
    assert (report["out_id"], report["biz_id"], report["success"]) == ("r-1", number, True)
    assert (report["phone_number"], report["err_code"]) == (PHONE, "DELIVERED")
    assert set(report) >= {"send_time", "report_time", "sms_size", "err_msg"}


def test_tencent_reports_in_its_form(sandbox: SandboxServer, house: Merchant) -> None:
    number = send_by_tencent(sandbox, DEAD)["SendStatusSet"][0]["SerialNo"]
    [[report]] = told(house, 1)
    assert house.heard[0].path.startswith("/notify/tencent/")
    assert (report["sid"], report["mobile"], report["nationcode"]) == (number, DEAD, "86")
    assert (report["report_status"], report["errmsg"]) == ("FAIL", "MK:0001")


def test_a_report_is_pushed_until_it_is_answered_rightly(
    sandbox: SandboxServer, house: Merchant
) -> None:
    house.answers = [(500, b""), (200, b"OK"), (200, b'{"code": 1}')]
    send_by_aliyun(sandbox)
    first, *others = told(house, 4)
    assert [first] * 3 == others
    eventually(lambda: [each["state"] for each in sandbox.pushes()] == ["delivered"])
    assert sandbox.pushes()[0]["tries"] == 4


def test_many_reports_go_out_together(sandbox: SandboxServer, house: Merchant) -> None:
    for number in range(30):
        send_by_aliyun(sandbox, OutId=f"r-{number}")
    eventually(lambda: {each["state"] for each in sandbox.pushes()} == {"delivered"})
    reports = [each["out_id"] for push in told(house, 1) for each in push]
    assert sorted(reports) == sorted(f"r-{number}" for number in range(30))
    assert len(house.heard) < 30


def test_somebody_answers_and_both_say_so_in_their_forms(
    sandbox: SandboxServer, house: Merchant
) -> None:
    send_by_aliyun(sandbox)
    told(house, 1)
    sandbox.reply(PHONE, "TD")
    [up] = told(house, 2)[1]
    assert (up["phone_number"], up["content"], up["sign_name"]) == (PHONE, "TD", "灯火")
    assert isinstance(up["sequence_id"], int)
    send_by_tencent(sandbox)
    told(house, 3)
    httpx.post(f"{sandbox.base_url}/sms", data={"phone": PHONE, "text": "退订"}, trust_env=False)
    up = told(house, 4)[3]
    assert (up["mobile"], up["nationcode"], up["sign"], up["text"]) == (PHONE, "86", "灯火", "退订")


def test_a_phone_without_messages_answers_nobody(sandbox: SandboxServer) -> None:
    with pytest.raises(SandboxError, match="no message"):
        sandbox.reply("13800000009", "R")
    assert sandbox.pushes() == []
