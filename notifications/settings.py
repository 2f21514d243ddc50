"""Settings of the channels by which people are reached."""

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
