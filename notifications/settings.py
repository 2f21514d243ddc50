"""Settings of the channels by which people are reached."""

from pydantic import Field, SecretStr

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
