"""Calls to both SMS providers, signed as their documentation says, without their libraries."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from tests.sandbox.server import SandboxServer

PHONE = "13800000001"


def aliyun(sandbox: SandboxServer, action: str, query: dict[str, str], **change: str) -> Any:
    """One call; `change`: secret, key, date, nonce, version, body_hash, `sent` (the query)."""
    host = f"127.0.0.1:{sandbox.port}"
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": change.get("version", "2017-05-25"),
        "x-acs-date": change.get("date", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        "x-acs-signature-nonce": change.get("nonce", secrets.token_hex(16)),
        "x-acs-content-sha256": change.get("body_hash", hashlib.sha256(b"").hexdigest()),
    }
    words = "&".join(f"{name}={quote(value, safe='~')}" for name, value in sorted(query.items()))
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    whole = "\n".join(("POST", "/", words, lines, names, headers["x-acs-content-sha256"]))
    digest = hashlib.sha256(whole.encode()).hexdigest()
    secret = change.get("secret", sandbox.paper("aliyun_sms_key_secret"))
    signature = _hmac(secret.encode(), f"ACS3-HMAC-SHA256\n{digest}").hex()
    key = change.get("key", sandbox.paper("aliyun_sms_key_id"))
    proof = f"Credential={key},SignedHeaders={names},Signature={signature}"
    headers["Authorization"] = f"ACS3-HMAC-SHA256 {proof}"
    url = f"{sandbox.base_url}/?{change.get('sent', words)}"
    return httpx.post(url, headers=headers, trust_env=False)


def tencent(sandbox: SandboxServer, action: str, content: dict[str, Any], **change: Any) -> Any:
    """The `Response` of one call; `change`: secret, key, stamp, and `sent` for the body."""
    host, stamp = f"127.0.0.1:{sandbox.port}", int(change.get("stamp", time.time()))
    body = json.dumps({"SmsSdkAppId": sandbox.paper("tencent_sms_app_id")} | content)
    names, day = "content-type;host", f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    lines = f"content-type:application/json\nhost:{host}\n"
    body_hash = hashlib.sha256(body.encode()).hexdigest()
    whole = "\n".join(("POST", "/", "", lines, names, body_hash))
    scope = f"{day}/sms/tc3_request"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    key = f"TC3{change.get('secret', sandbox.paper('tencent_sms_secret_key'))}".encode()
    for step in scope.split("/"):
        key = _hmac(key, step)
    signature = _hmac(key, f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    who = change.get("key", sandbox.paper("tencent_sms_secret_id"))
    proof = f"Credential={who}/{scope}, SignedHeaders={names}, Signature={signature}"
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "X-TC-Action": action,
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(stamp),
        "Authorization": f"TC3-HMAC-SHA256 {proof}",
    }
    answer = httpx.post(
        sandbox.base_url, content=change.get("sent", body), headers=headers, trust_env=False
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json()["Response"]


def _hmac(key: bytes, words: str) -> bytes:
    return hmac.new(key, words.encode(), "sha256").digest()


def send_by_aliyun(sandbox: SandboxServer, phone: str = PHONE, **change: str) -> Any:
    """SendSms; `change` of its parameters."""
    query = {
        "PhoneNumbers": phone,
        "SignName": "灯火",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"code":"246810"}',
        "OutId": "r-1",
    }
    return aliyun(sandbox, "SendSms", query | change)


def send_by_tencent(sandbox: SandboxServer, phone: str = PHONE, **change: Any) -> Any:
    """SendSms; `change` of its parameters."""
    content = {
        "PhoneNumberSet": [f"+86{phone}"],
        "SignName": "灯火",
        "TemplateId": "1110",
        "TemplateParamSet": ["246810"],
        "SessionContext": "r-1",
    }
    return tencent(sandbox, "SendSms", content | change)
