"""Settings of payments: the merchant's papers at each gateway, and the times orders live by."""

from functools import cache
from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from payments.invoices.tax_no import is_tax_no
from runtime.settings import Settings, load, variable

WECHATPAY_GATEWAY = "https://api.mch.weixin.qq.com"
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"
UNIONPAY_GATEWAY = "https://gateway.95516.com"
UNIONPAY_FILES = "https://filedownload.95516.com"
WECHATPAY = (
    "wechatpay_mchid",
    "wechatpay_appid",
    "wechatpay_serial",
    "wechatpay_private_key",
    "wechatpay_apiv3_key",
    "wechatpay_public_key_id",
    "wechatpay_public_key",
)
ALIPAY = ("alipay_appid", "alipay_private_key", "alipay_public_key", "alipay_seller_id")
UNIONPAY = (
    "unionpay_merid",
    "unionpay_private_key",
    "unionpay_certificate",
    "unionpay_root_certificate",
    "unionpay_middle_certificate",
)

ADDRESSES = ("wechatpay_gateway", "alipay_gateway", "unionpay_gateway", "unionpay_files")
CERTIFICATES = (
    "unionpay_certificate",
    "unionpay_root_certificate",
    "unionpay_middle_certificate",
)


class PaymentSettings(Settings):
    """A gateway of which nothing is set is not offered; one of which a part is set is an error."""

    wechatpay_gateway: str = Field(
        WECHATPAY_GATEWAY,
        description="Address of WeChat Pay's API v3; in production it must be https://",
    )
    wechatpay_mchid: str | None = Field(None, description="WeChat Pay merchant number")
    wechatpay_appid: str | None = Field(None, description="App id the merchant is bound to")
    wechatpay_serial: str | None = Field(
        None, description="Serial number of the merchant's WeChat Pay certificate"
    )
    wechatpay_private_key: SecretStr | None = Field(
        None, description="Merchant's private key for WeChat Pay, RSA, PKCS#8, PEM"
    )
    wechatpay_apiv3_key: SecretStr | None = Field(
        None, description="WeChat Pay APIv3 key, 32 bytes"
    )
    wechatpay_public_key_id: str | None = Field(
        None, description="Id of WeChat Pay's public key, `PUB_KEY_ID_…`"
    )
    wechatpay_public_key: str | None = Field(None, description="WeChat Pay's public key, PEM")
    wechatpay_plan_id: int | None = Field(
        None,
        gt=0,
        description="Number of the plan (委托代扣模板) that WeChat Pay has approved; "
        "without it no agreements to debit are offered with WeChat Pay",
    )
    alipay_gateway: str = Field(
        ALIPAY_GATEWAY,
        description="Address of Alipay's open gateway; in production it must be https://",
    )
    alipay_appid: str | None = Field(None, description="Alipay app id")
    alipay_private_key: SecretStr | None = Field(
        None, description="The app's private key for Alipay, RSA, PKCS#1, PEM"
    )
    alipay_public_key: str | None = Field(None, description="Alipay's public key, PEM")
    alipay_seller_id: str | None = Field(None, description="Alipay seller id (2088…)")
    alipay_sign_scene: str | None = Field(
        None,
        max_length=64,
        description="Scene that Alipay has approved for merchant debits (商家扣款); "
        "without it no agreements to debit are offered with Alipay",
    )
    unionpay_gateway: str = Field(
        UNIONPAY_GATEWAY,
        description="Address of UnionPay's online gateway; in production it must be https://",
    )
    unionpay_files: str = Field(
        UNIONPAY_FILES,
        description="Address of UnionPay's statements; in production it must be https://",
    )
    unionpay_merid: str | None = Field(None, description="UnionPay merchant number, 15 digits")
    unionpay_private_key: SecretStr | None = Field(
        None, description="Merchant's private key for UnionPay, RSA, PKCS#8, PEM"
    )
    unionpay_certificate: str | None = Field(
        None, description="Merchant's certificate for UnionPay, of the same key, PEM"
    )
    unionpay_root_certificate: str | None = Field(
        None, description="UnionPay's root certificate, PEM"
    )
    unionpay_middle_certificate: str | None = Field(
        None, description="UnionPay's middle certificate, issued by the root, PEM"
    )
    payment_order_minutes: int = Field(
        15, ge=2, le=120, description="Minutes in which an order can be paid before it closes"
    )
    payment_confirm_fen: int = Field(
        5_000_00,
        ge=0,
        description="Fen above which a customer confirms an order by passkey or SMS code",
    )
    payment_query_seconds: float = Field(
        20.0, ge=1, description="Seconds without a callback after which the gateway is asked"
    )
    agreement_debit_days: int = Field(
        3, ge=1, le=28, description="Days after its issue on which a bill is debited first"
    )
    agreement_debit_hour: int = Field(
        9, ge=6, le=20, description="Hour of Beijing from which debits begin; none after 21"
    )
    public_url: str = Field(
        "http://localhost:8000",
        description="Address of the portal, under which gateways tell how debits and refunds went",
    )
    invoice_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+(/\S*)?$",
        description="Address of the platform that issues electronic invoices; "
        "without it invoices are not offered",
    )
    invoice_token: SecretStr | None = Field(
        None, description="Bearer token that the invoice platform asks for"
    )
    seller_name: str = Field(
        "江城供电有限公司", description="Name of the utility as the tax authority knows it"
    )
    seller_tax_no: str = Field(
        "91420100MA00000012", description="Unified social credit code of the utility"
    )
    gateway_timeout: float = Field(
        5.0, gt=0, le=30, description="Seconds a gateway may take to connect, and to answer"
    )

    @field_validator(*ADDRESSES)
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator(*ADDRESSES)
    @classmethod
    def _https_in_production(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("environment") == "production" and not value.startswith("https://"):
            raise ValueError("in production it must begin with https://")
        return value

    @field_validator(
        "wechatpay_private_key", "alipay_private_key", "unionpay_private_key", mode="before"
    )
    @classmethod
    def _private_pem(cls, value: object) -> object:
        return _lines(value)

    @field_validator("wechatpay_public_key", "alipay_public_key", *CERTIFICATES, mode="before")
    @classmethod
    def _public_pem(cls, value: object) -> object:
        return _lines(value)

    @field_validator("wechatpay_private_key", "unionpay_private_key")
    @classmethod
    def _pkcs8(cls, value: SecretStr | None) -> SecretStr | None:
        return _private_key(value, "-----BEGIN PRIVATE KEY-----")

    @field_validator("alipay_private_key")
    @classmethod
    def _pkcs1(cls, value: SecretStr | None) -> SecretStr | None:
        return _private_key(value, "-----BEGIN RSA PRIVATE KEY-----")

    @field_validator("wechatpay_public_key", "alipay_public_key")
    @classmethod
    def _public_key(cls, value: str | None) -> str | None:
        return _checked_public_key(value)

    @field_validator(*CERTIFICATES)
    @classmethod
    def _certificate(cls, value: str | None) -> str | None:
        return _checked_certificate(value)

    @field_validator("wechatpay_apiv3_key")
    @classmethod
    def _apiv3_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) != 32:
            raise ValueError("it must have 32 bytes")
        return value

    @field_validator("wechatpay_public_key_id")
    @classmethod
    def _public_key_id(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("PUB_KEY_ID_"):
            raise ValueError("it must begin with PUB_KEY_ID_")
        return value

    @model_validator(mode="after")
    def _whole_or_nothing(self) -> Self:
        for names in (WECHATPAY, ALIPAY, UNIONPAY):
            missing = [name for name in names if getattr(self, name) is None]
            if missing and len(missing) < len(names):
                raise ValueError(f"{variable(type(self), missing[0])} is missing")
        return self

    @field_validator("seller_tax_no")
    @classmethod
    def _tax_no(cls, value: str) -> str:
        if not is_tax_no(value):
            raise ValueError("it must be a unified social credit code, 18 signs")
        return value

    @model_validator(mode="after")
    def _invoices_have_a_token(self) -> Self:
        if self.invoice_url and self.invoice_token is None:
            raise ValueError(f"{variable(type(self), 'invoice_token')} is missing")
        return self

    @model_validator(mode="after")
    def _key_of_its_certificate(self) -> Self:
        if self.unionpay_private_key and self.unionpay_certificate:
            secret = self.unionpay_private_key.get_secret_value().encode()
            key = load_pem_private_key(secret, password=None)
            certificate = load_pem_x509_certificate(self.unionpay_certificate.encode())
            if key.public_key() != certificate.public_key():
                name = variable(type(self), "unionpay_certificate")
                raise ValueError(f"{name} is not of the key in {name[:-11]}PRIVATE_KEY")
        return self

    @property
    def cashiers(self) -> list[str]:
        """Origins of the pages that customers are sent to."""
        origins = []
        if self.has_wechatpay:
            real = self.wechatpay_gateway == WECHATPAY_GATEWAY
            origins.append("https://wx.tenpay.com" if real else origin(self.wechatpay_gateway))
        if self.has_alipay:
            real = self.alipay_gateway == ALIPAY_GATEWAY
            origins.append("https://*.alipay.com" if real else origin(self.alipay_gateway))
        if self.has_unionpay:
            real = self.unionpay_gateway == UNIONPAY_GATEWAY
            origins.append("https://*.95516.com" if real else origin(self.unionpay_gateway))
        return list(dict.fromkeys(origins))

    @property
    def has_wechatpay(self) -> bool:
        return self.wechatpay_mchid is not None

    @property
    def has_alipay(self) -> bool:
        return self.alipay_appid is not None

    @property
    def has_unionpay(self) -> bool:
        return self.unionpay_merid is not None


@cache
def of_process() -> PaymentSettings:
    """Those of this process, read once: checking every merchant key takes a tenth of a second."""
    return load(PaymentSettings)


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _lines(value: object) -> object:
    """A PEM text given on one line, as environment files demand, gets its lines back."""
    return value.replace("\\n", "\n").strip() if isinstance(value, str) else value


def _private_key(value: SecretStr | None, heading: str) -> SecretStr | None:
    if value is None:
        return None
    pem = value.get_secret_value()
    if not pem.startswith(heading):
        raise ValueError(f"it must be a PEM text that begins with {heading}")
    if not isinstance(load_pem_private_key(pem.encode(), password=None), RSAPrivateKey):
        raise ValueError("it must be an RSA key")
    return value


def _checked_public_key(value: str | None) -> str | None:
    if value is None:
        return None
    if not value.startswith("-----BEGIN PUBLIC KEY-----"):
        raise ValueError("it must be a PEM text that begins with -----BEGIN PUBLIC KEY-----")
    if not isinstance(load_pem_public_key(value.encode()), RSAPublicKey):
        raise ValueError("it must be an RSA key")
    return value


def _checked_certificate(value: str | None) -> str | None:
    if value is None:
        return None
    if not value.startswith("-----BEGIN CERTIFICATE-----"):
        raise ValueError("it must be a PEM text that begins with -----BEGIN CERTIFICATE-----")
    if not isinstance(load_pem_x509_certificate(value.encode()).public_key(), RSAPublicKey):
        raise ValueError("it must be the certificate of an RSA key")
    return value
