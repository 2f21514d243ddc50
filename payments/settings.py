"""Settings of payments: the merchant's papers at each gateway, and the times orders live by."""

from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from runtime.settings import Settings, variable

WECHATPAY_GATEWAY = "https://api.mch.weixin.qq.com"
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"
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
    payment_order_minutes: int = Field(
        15, ge=2, le=120, description="Minutes in which an order can be paid before it closes"
    )
    payment_query_seconds: float = Field(
        20.0, ge=1, description="Seconds without a callback after which the gateway is asked"
    )
    gateway_timeout: float = Field(
        5.0, gt=0, le=30, description="Seconds a gateway may take to connect, and to answer"
    )

    @field_validator("wechatpay_gateway", "alipay_gateway")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("wechatpay_gateway", "alipay_gateway")
    @classmethod
    def _https_in_production(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("environment") == "production" and not value.startswith("https://"):
            raise ValueError("in production it must begin with https://")
        return value

    @field_validator("wechatpay_private_key", "alipay_private_key", mode="before")
    @classmethod
    def _private_pem(cls, value: object) -> object:
        return _lines(value)

    @field_validator("wechatpay_public_key", "alipay_public_key", mode="before")
    @classmethod
    def _public_pem(cls, value: object) -> object:
        return _lines(value)

    @field_validator("wechatpay_private_key")
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
        for names in (WECHATPAY, ALIPAY):
            missing = [name for name in names if getattr(self, name) is None]
            if missing and len(missing) < len(names):
                raise ValueError(f"{variable(type(self), missing[0])} is missing")
        return self

    @property
    def cashiers(self) -> list[str]:
        """Origins of the pages that customers are sent to."""
        origins = []
        if self.has_wechatpay:
            real = self.wechatpay_gateway == WECHATPAY_GATEWAY
            origins.append("https://wx.tenpay.com" if real else _origin(self.wechatpay_gateway))
        if self.has_alipay:
            real = self.alipay_gateway == ALIPAY_GATEWAY
            origins.append("https://*.alipay.com" if real else _origin(self.alipay_gateway))
        return list(dict.fromkeys(origins))

    @property
    def has_wechatpay(self) -> bool:
        return self.wechatpay_mchid is not None

    @property
    def has_alipay(self) -> bool:
        return self.alipay_appid is not None


def _origin(address: str) -> str:
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
