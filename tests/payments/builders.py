"""Small builders for tests of payments: people, bills, and a gateway's signed messages."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy.orm import Session

from payments.settings import PaymentSettings
from runtime import clock, crypto
from service.models import Account, Bill, Link, User

ACCOUNT = "420011875603"
BILL = "B202610420011875603"


def create_user(session: Session, phone: str = "13800002046", name: str | None = "王建华") -> int:
    user = User(
        phone=phone,
        phone_index=crypto.blind_index(phone, "user.phone"),
        name=name,
        language="zh",
        theme="system",
        elder_mode=False,
    )
    session.add(user)
    session.flush()
    return user.id


def create_account(
    session: Session, account_no: str = ACCOUNT, settlement: str = "postpaid"
) -> str:
    session.add(
        Account(
            account_no=account_no,
            holder_name="王建华",
            phone="13800002046",
            address="梧桐里 12 栋 502",
            kind="residential",
            settlement=settlement,
            opened=date(2020, 1, 1),
        )
    )
    session.flush()
    return account_no


def link(session: Session, user_id: int, account_no: str = ACCOUNT, role: str = "owner") -> None:
    session.add(Link(user_id=user_id, account_no=account_no, role=role))
    session.flush()


def create_bill(
    session: Session,
    bill_no: str = BILL,
    *,
    account_no: str = ACCOUNT,
    total_fen: int = 14951,
    settled_fen: int = 0,
    due: date | None = None,
    period: str = "2026-10",
) -> str:
    session.add(
        Bill(
            bill_no=bill_no,
            account_no=account_no,
            service_point_no=f"SP{bill_no[-12:]}",
            period=period,
            status="issued",
            from_day=date(2026, 10, 1),
            to_day=date(2026, 10, 31),
            wh=300_000,
            tariff="zj-residential",
            tariff_version="2026",
            case={},
            lines=[],
            readings=[],
            total_fen=total_fen,
            consumption_fen=total_fen,
            settled_fen=settled_fen,
            issued_at=clock.now() - timedelta(days=3),
            due=due or clock.today() + timedelta(days=7),
        )
    )
    session.flush()
    return bill_no


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode().strip()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode().strip()


def signature(key: rsa.RSAPrivateKey, text: str) -> str:
    signed = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def certificate(
    name: str,
    key: rsa.RSAPrivateKey,
    issuer: str,
    by: rsa.RSAPrivateKey,
    *,
    days: tuple[int, int] = (-1, 365),
) -> str:
    """A certificate as PEM, valid from and to so many days from now."""
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .issuer_name(_common_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(by, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode().strip()


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


UNIONPAY_SIGNER = "041@8310000000083040@中国银联股份有限公司@00000062"


@dataclass(frozen=True)
class World:
    """The gateways' side of the wire: their keys, and the merchant's papers."""

    wechat: rsa.RSAPrivateKey = field(default_factory=new_key)
    alipay: rsa.RSAPrivateKey = field(default_factory=new_key)
    ours: rsa.RSAPrivateKey = field(default_factory=new_key)
    unionpay: rsa.RSAPrivateKey = field(default_factory=new_key)
    unionpay_ca: rsa.RSAPrivateKey = field(default_factory=new_key)
    apiv3_key: str = "0123456789abcdef0123456789abcdef"
    public_key_id: str = "PUB_KEY_ID_0001"

    def settings(self, **given: Any) -> PaymentSettings:
        papers: dict[str, Any] = {
            "environment": "test",
            "wechatpay_mchid": "1900000001",
            "wechatpay_appid": "wx0000000000000001",
            "wechatpay_serial": "5A0000000000000000000000000000000000000B",
            "wechatpay_private_key": private_pem(self.ours, PrivateFormat.PKCS8),
            "wechatpay_apiv3_key": self.apiv3_key,
            "wechatpay_public_key_id": self.public_key_id,
            "wechatpay_public_key": public_pem(self.wechat),
            "wechatpay_gateway": "http://127.0.0.1:9",
            "alipay_appid": "2021000000000001",
            "alipay_private_key": private_pem(self.ours, PrivateFormat.TraditionalOpenSSL),
            "alipay_public_key": public_pem(self.alipay),
            "alipay_seller_id": "2088000000000001",
            "alipay_gateway": "http://127.0.0.1:9/gateway.do",
            "unionpay_merid": "777290058100001",
            "unionpay_private_key": private_pem(self.ours, PrivateFormat.PKCS8),
            "unionpay_certificate": self.unionpay_certificate("041@ours", self.ours),
            "unionpay_root_certificate": certificate(
                "root", self.unionpay_ca, "root", self.unionpay_ca
            ),
            "unionpay_middle_certificate": certificate(
                "middle", self.unionpay_ca, "root", self.unionpay_ca
            ),
            "unionpay_gateway": "http://127.0.0.1:9",
            "unionpay_files": "http://127.0.0.1:9/files",
        }
        return PaymentSettings(**papers | given)

    def wechat_message(
        self, order_no: str, amount_fen: int, **change: Any
    ) -> tuple[dict[str, str], bytes]:
        """A WeChat Pay notification: headers and body. `change` bends it."""
        trade = {
            "mchid": change.get("mchid", "1900000001"),
            "appid": change.get("appid", "wx0000000000000001"),
            "out_trade_no": order_no,
            "transaction_id": change.get("trade_no", f"4200{order_no[-10:]}"),
            "trade_type": "NATIVE",
            "trade_state": change.get("state", "SUCCESS"),
            "success_time": change.get("paid_at", clock.now()).isoformat(),
            "amount": {"total": amount_fen, "currency": change.get("currency", "CNY")},
        } | change.get("more", {})
        message = {
            "id": change.get("notification_id", secrets.token_hex(16)),
            "create_time": clock.now().isoformat(),
            "resource_type": "encrypt-resource",
            "event_type": change.get("event_type", "TRANSACTION.SUCCESS"),
            "summary": "支付成功",
            "resource": self._sealed(json.dumps(trade)),
        }
        body = change.pop("body", json.dumps(message, ensure_ascii=False))
        return self.wechat_headers(body, **change), body.encode()

    def wechat_headers(self, body: str, **change: Any) -> dict[str, str]:
        stamp = str(int(change.get("stamp", clock.now()).timestamp()))
        key = change.get("key", self.wechat)
        return {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": "nonce",
            "Wechatpay-Serial": change.get("serial", self.public_key_id),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": signature(key, f"{stamp}\nnonce\n{body}\n"),
        }

    def alipay_message(
        self, order_no: str, amount_fen: int, **change: Any
    ) -> tuple[dict[str, str], bytes]:
        """An Alipay notification: headers and form body. `change` bends it."""
        fields = {
            "notify_time": _wall(change.get("stamp", clock.now())),
            "notify_type": "trade_status_sync",
            "notify_id": change.get("notification_id", secrets.token_hex(16)),
            "app_id": change.get("app_id", "2021000000000001"),
            "seller_id": change.get("seller_id", "2088000000000001"),
            "charset": "utf-8",
            "version": "1.0",
            "subject": "江城供电 电费",
            "trade_no": change.get("trade_no", f"2026{order_no[-10:]}"),
            "out_trade_no": order_no,
            "trade_status": change.get("state", "TRADE_SUCCESS"),
            "total_amount": change.get("total", f"{amount_fen // 100}.{amount_fen % 100:02d}"),
            "gmt_payment": _wall(change.get("paid_at", clock.now())),
            "body": "",
        } | change.get("more", {})
        content = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        signed = signature(change.get("key", self.alipay), content)
        form = urlencode(fields | {"sign_type": "RSA2", "sign": signed})
        return {"Content-Type": "application/x-www-form-urlencoded"}, form.encode()

    def unionpay_certificate(self, name: str, key: rsa.RSAPrivateKey, **given: Any) -> str:
        """Issued by the middle authority, which here has the key of the root as well."""
        return certificate(name, key, "middle", self.unionpay_ca, **given)

    def unionpay_message(
        self, order_no: str, amount_fen: int, **change: Any
    ) -> tuple[dict[str, str], bytes]:
        """A UnionPay message: headers and form body, every time the same. `change` bends it."""
        sent = change.get("txn_time", order_no[:14])
        if "stamp" in change or not sent.isdigit():
            sent = _digits(change.get("stamp", clock.now()))
        paid = _digits(change["paid_at"]) if "paid_at" in change else sent
        fields = {
            "version": "5.1.0",
            "encoding": change.get("encoding", "UTF-8"),
            "signMethod": "01",
            "accessType": "0",
            "bizType": "000201",
            "txnType": change.get("txn_type", "01"),
            "txnSubType": "01",
            "merId": change.get("merid", "777290058100001"),
            "orderId": order_no,
            "txnTime": sent,
            "txnAmt": change.get("total", str(amount_fen)),
            "currencyCode": change.get("currency", "156"),
            "queryId": change.get("trade_no", f"2026{order_no[-10:]}"),
            "respCode": change.get("state", "00"),
            "respMsg": "成功",
            "traceTime": paid[4:],
            "traceNo": change.get("notification_id", secrets.token_hex(3)),
            "signPubKeyCert": change.get("certificate", self.unionpay_pem),
        } | change.get("more", {})
        content = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        digest = sha256(content.encode()).hexdigest()
        signed = signature(change.get("key", self.unionpay), digest)
        form = urlencode(fields | {"signature": signed})
        return {"Content-Type": "application/x-www-form-urlencoded"}, form.encode()

    @cached_property
    def unionpay_pem(self) -> str:
        """The certificate that stands in UnionPay's messages."""
        return self.unionpay_certificate(UNIONPAY_SIGNER, self.unionpay)

    def _sealed(self, text: str) -> dict[str, str]:
        sealed = AESGCM(self.apiv3_key.encode()).encrypt(b"0123456789ab", text.encode(), b"pay")
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "original_type": "transaction",
            "nonce": "0123456789ab",
            "associated_data": "pay",
            "ciphertext": base64.b64encode(sealed).decode(),
        }


def _digits(instant: datetime) -> str:
    return instant.astimezone(clock.BEIJING).strftime("%Y%m%d%H%M%S")


def _wall(instant: datetime) -> str:
    return instant.astimezone(clock.BEIJING).strftime("%Y-%m-%d %H:%M:%S")
