"""Settings of the channels by which people are reached."""

from ipaddress import ip_address
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from runtime.settings import Settings


class NotificationSettings(Settings):
    """Where messages are handed over."""

    sms_url: str = Field(
        "http://127.0.0.1:8400",
        pattern=r"^https?://[^/\s]+(/\S*)?$",
        description="Address of the SMS provider",
    )
    sms_token: SecretStr = Field(description="Bearer token that the SMS provider asks for")
    sms_signature: str = Field(
        "灯火", description="Signature that is registered with the SMS provider"
    )
    sms_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of the SMS provider"
    )
    mail_url: str = Field(
        "http://127.0.0.1:8400",
        pattern=r"^https?://[^/\s]+(/\S*)?$",
        description="Address of the mail provider",
    )
    mail_token: SecretStr | None = Field(
        None, description="Bearer token that the mail provider asks for"
    )
    mail_timeout: float = Field(
        10.0, gt=0, le=60, description="Seconds to wait for an answer of the mail provider"
    )


class LinkSettings(Settings):
    """What messages send their readers to."""

    public_url: str = Field(
        "http://localhost:8000",
        description="Address of the portal, which messages to customers name",
    )


class WeChatSettings(Settings):
    """The service account in WeChat; without an appid there is none."""

    wechat_url: str = Field(
        "https://api.weixin.qq.com",
        pattern=r"^https?://[^/\s]+$",
        description="Address of WeChat's interface",
    )
    wechat_open_url: str = Field(
        "https://open.weixin.qq.com",
        pattern=r"^https?://[^/\s]+$",
        description="Address where WeChat says who opens a page",
    )
    wechat_appid: str = Field(
        "", description="Appid of the service account in WeChat; without it there is none"
    )
    wechat_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the service account towards WeChat's interface"
    )
    wechat_token: SecretStr = Field(
        SecretStr(""), description="Token by which WeChat signs what it brings"
    )
    wechat_aes_key: SecretStr = Field(
        SecretStr(""),
        description="EncodingAESKey of the service account, 43 characters (safe mode)",
    )

    @model_validator(mode="after")
    def _whole(self) -> "WeChatSettings":
        papers = (self.wechat_secret, self.wechat_token, self.wechat_aes_key)
        if self.wechat_appid and not all(each.get_secret_value() for each in papers):
            raise ValueError(
                "DENGHUO_WECHAT_APPID needs DENGHUO_WECHAT_SECRET, DENGHUO_WECHAT_TOKEN "
                "and DENGHUO_WECHAT_AES_KEY"
            )
        return self


class SmtpSettings(Settings):
    """The server that letters are handed over to; without a host no letters are sent."""

    smtp_host: str = Field("", description="Mail server; without it no e-mail is sent")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server")
    smtp_security: Literal["starttls", "tls", "plain"] = Field(
        "starttls",
        description="How the connection to the mail server is secured: `starttls` (587), `tls` "
        "(465), or `plain`, which only a server on this machine is given",
    )
    smtp_user: str = Field("", description="Name by which we log in to the mail server")
    smtp_password: SecretStr = Field(
        SecretStr(""), description="Password by which we log in to the mail server"
    )
    smtp_timeout: float = Field(
        10.0, gt=0, le=60, description="Seconds to wait for an answer of the mail server"
    )
    mail_from: str = Field(
        "no-reply@denghuo.example",
        pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$",
        description="Address that letters come from; its domain signs them",
    )
    mail_sender: str = Field("灯火", description="Name that letters come from")
    mail_unsubscribe: str = Field(
        "",
        pattern=r"^([!-?A-~]+@[A-Za-z0-9.-]+)?$",
        description="Mailbox, read by people, for those who unsubscribe by a letter; without it "
        "letters name the address of the portal alone",
    )
    dkim_selector: str = Field(
        "", pattern=r"^[A-Za-z0-9.-]*$", description="Selector of the DKIM key in the DNS"
    )
    dkim_key: SecretStr = Field(
        SecretStr(""),
        description="Private key of the DKIM signature, RSA, PEM; without it and its selector "
        "letters are not signed by us",
    )

    @model_validator(mode="after")
    def _safe(self) -> "SmtpSettings":
        if self.smtp_security == "plain" and self.smtp_host and not _is_here(self.smtp_host):
            raise ValueError(
                "DENGHUO_SMTP_SECURITY plain is for a DENGHUO_SMTP_HOST on this machine alone"
            )
        if bool(self.dkim_selector) != bool(self.dkim_key.get_secret_value()):
            raise ValueError("DENGHUO_DKIM_SELECTOR and DENGHUO_DKIM_KEY belong together")
        return self


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
