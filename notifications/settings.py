"""Settings of the channels by which people are reached."""

from decimal import Decimal
from ipaddress import ip_address
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from runtime.settings import Settings

HOST = r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$"
SIGNATURE: Any = Field(
    "灯火",
    min_length=2,
    max_length=12,
    description="Signature that is registered with the SMS providers",
)


class AliyunSettings(Settings):
    """SMS by Aliyun; without a key there is none."""

    aliyun_sms_key_id: str = Field(
        "", description="AccessKey ID for Aliyun's SMS; without it none is sent by Aliyun"
    )
    aliyun_sms_key_secret: SecretStr = Field(
        SecretStr(""), description="AccessKey secret for Aliyun's SMS"
    )
    aliyun_sms_endpoint: str = Field(
        "dysmsapi.aliyuncs.com",
        pattern=HOST,
        description="Host of Aliyun's SMS interface, with its port where it is not the usual one",
    )
    aliyun_sms_protocol: Literal["https", "http"] = Field(
        "https", description="`http` only for a host on this machine"
    )
    aliyun_sms_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of Aliyun"
    )
    sms_signature: str = SIGNATURE

    @model_validator(mode="after")
    def _aliyun_is_whole(self) -> "AliyunSettings":
        if self.aliyun_sms_key_id and not self.aliyun_sms_key_secret.get_secret_value():
            raise ValueError("DENGHUO_ALIYUN_SMS_KEY_ID needs DENGHUO_ALIYUN_SMS_KEY_SECRET")
        _require_https("ALIYUN_SMS", self.aliyun_sms_protocol, self.aliyun_sms_endpoint)
        return self


class TencentSettings(Settings):
    """SMS by Tencent Cloud; without a key there is none."""

    tencent_sms_secret_id: str = Field(
        "", description="SecretId for Tencent Cloud's SMS; without it none is sent by Tencent"
    )
    tencent_sms_secret_key: SecretStr = Field(
        SecretStr(""), description="SecretKey for Tencent Cloud's SMS"
    )
    tencent_sms_app_id: str = Field("", description="SmsSdkAppId of our application at Tencent")
    tencent_sms_region: str = Field("ap-guangzhou", description="Region of Tencent Cloud's SMS")
    tencent_sms_endpoint: str = Field(
        "sms.tencentcloudapi.com",
        pattern=HOST,
        description="Host of Tencent's SMS interface, with its port where it is not the usual one",
    )
    tencent_sms_protocol: Literal["https", "http"] = Field(
        "https", description="`http` only for a host on this machine"
    )
    tencent_sms_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of Tencent"
    )
    tencent_sms_report_seconds: float = Field(
        600.0,
        ge=0,
        description="Seconds in which the network has said what became of a message: Tencent "
        "knows of none before, so it cannot be asked sooner whether it took one",
    )
    sms_signature: str = SIGNATURE

    @model_validator(mode="after")
    def _tencent_is_whole(self) -> "TencentSettings":
        papers = (self.tencent_sms_secret_key.get_secret_value(), self.tencent_sms_app_id)
        if self.tencent_sms_secret_id and not all(papers):
            raise ValueError(
                "DENGHUO_TENCENT_SMS_SECRET_ID needs DENGHUO_TENCENT_SMS_SECRET_KEY "
                "and DENGHUO_TENCENT_SMS_APP_ID"
            )
        _require_https("TENCENT_SMS", self.tencent_sms_protocol, self.tencent_sms_endpoint)
        return self


class SmsSettings(AliyunSettings, TencentSettings):
    """SMS by whichever of both there is; codes go by nothing else, so there must be one."""

    @model_validator(mode="after")
    def _some(self) -> "SmsSettings":
        if not (self.aliyun_sms_key_id or self.tencent_sms_secret_id):
            raise ValueError(
                "DENGHUO_ALIYUN_SMS_KEY_ID or DENGHUO_TENCENT_SMS_SECRET_ID is needed, or both"
            )
        return self


class SmsCostSettings(Settings):
    """What text messages cost."""

    sms_segment_fen: Decimal = Field(
        Decimal("4.5"), ge=0, description="Fen that one segment of a text message costs"
    )
    sms_opt_out: str = Field(
        "拒收请回复R",
        max_length=20,
        description="Words behind every SMS that is news, as they are registered with it",
    )
    sms_signature: str = SIGNATURE


class PushSettings(Settings):
    """How providers prove themselves that sign nothing."""

    notify_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret in the addresses at which providers push reports and replies, "
        "`/notify/sms/aliyun/SECRET`, `/notify/sms/tencent/SECRET`, `/notify/voice/SECRET`; "
        "without it there are none",
    )


class DispatchSettings(Settings):
    """How messages are handed over, whatever the channel."""

    provider_rate: float = Field(
        200.0, gt=0, description="Messages a second that a provider may be given"
    )
    provider_rates: dict[str, float] = Field(
        default_factory=dict,
        description='The same for single providers, by name, as JSON: `{"aliyun": 80}`',
    )
    dispatch_threads: int = Field(
        12, ge=1, le=50, description="Messages of one chunk that are handed over at the same time"
    )
    dispatch_lanes: int = Field(
        8,
        ge=1,
        le=16,
        description="Chunks of one channel that all workers hand over at the same time",
    )
    message_lease_seconds: float = Field(
        180.0,
        ge=2,
        description="After so long without news a message whose handing over was begun counts as "
        "unclear; more than ten seconds and twice a provider's time to answer",
    )
    message_grace_seconds: float = Field(
        60.0,
        ge=0,
        description="Seconds until a provider is asked what became of a message without answer",
    )
    message_unclear_hours: float = Field(
        4.0, gt=0, description="Hours after which an unclear message becomes a dead letter"
    )


class LinkSettings(Settings):
    """What messages send their readers to."""

    public_url: str = Field(
        "http://localhost:8000",
        description="Address of the portal, which messages to customers name",
    )
    hotline: str = Field("96000", description="Telephone of the utility, shown on every page")
    utility_name_zh: str = Field("江城供电", description="Name of the utility in Chinese")
    utility_name_en: str = Field("Jiangcheng Power", description="Name of the utility in English")

    def utility(self, language: str) -> str:
        """The name of the utility in the reader's language."""
        return self.utility_name_en if language == "en" else self.utility_name_zh


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


def _require_https(name: str, protocol: str, endpoint: str) -> None:
    """What is not encrypted does not leave this machine."""
    if protocol == "http" and not _is_here(endpoint.partition(":")[0]):
        raise ValueError(
            f"DENGHUO_{name}_PROTOCOL http is for a DENGHUO_{name}_ENDPOINT on this machine alone"
        )


class WebPushSettings(Settings):
    """Reminders on devices by the push services of browsers; without a key there are none."""

    vapid_key: SecretStr = Field(
        SecretStr(""),
        description="Private key (P-256, 32 bytes in base64url) by which push services know us; "
        "another key ends all subscriptions; without it no reminders on devices are offered",
    )
    push_contact: str = Field(
        "mailto:no-reply@denghuo.example",
        pattern=r"^(mailto:[!-?A-~]+@[A-Za-z0-9.-]+|https://[!-~]+)$",
        description="Where a push service finds who runs this installation",
    )
    push_hosts: str = Field(
        "fcm.googleapis.com *.push.services.mozilla.com *.push.apple.com *.notify.windows.com",
        pattern=r"^[a-z0-9.* -]*$",
        description="Hosts of push services that subscriptions may name, parted by blanks; "
        "`*.` stands for any name before",
    )
    push_sandbox: str = Field(
        "",
        pattern=r"^(http://(127\.0\.0\.1|localhost):[0-9]+)?$",
        description="Address of a push service on this machine that subscriptions may name too, "
        "for demo and tests",
    )
    push_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of a push service"
    )


class VoiceSettings(Settings):
    """The provider of voice calls; without an address nobody is called."""

    voice_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+(/\S*)?)?$",
        description="Address of the provider of voice calls; without it nobody is called",
    )
    voice_token: SecretStr = Field(
        SecretStr(""), description="Bearer token that the provider of voice calls asks for"
    )
    voice_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of the voice provider"
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
