"""What the portal may be told."""

from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

from flask import current_app
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from runtime.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost")
"""Hosts that no network lies between, where http:// gives nothing away."""


class PortalSettings(Settings):
    """Addresses, cookies and figures of the web process."""

    secret_key: SecretStr = Field(description="Key that signs cookies and form tokens")
    public_url: str = Field(
        "http://localhost:8000",
        description="Address under which customers reach the portal; passkeys belong to its name; "
        "with https:// cookies are marked Secure; in production it must be https:// "
        "unless it is this machine's own (127.0.0.1, localhost)",
    )
    portal_host: str = Field("127.0.0.1", description="Address that the web process listens on")
    portal_port: int = Field(8000, ge=0, le=65535, description="Port of the web process")
    portal_workers: int = Field(2, ge=1, le=64, description="Processes that answer requests")
    portal_threads: int = Field(
        16,
        ge=1,
        le=64,
        description="Threads in each of these processes; a message in the chat keeps one until the "
        "assistant has answered, and four are kept free of that",
    )
    portal_read_seconds: float = Field(
        20.0, ge=1, le=600, description="Seconds in which a whole request must have arrived"
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* is believed"
    )
    metrics_host: str = Field("127.0.0.1", description="Private address of /metrics")
    metrics_port: int = Field(8001, ge=0, le=65535, description="Private port of /metrics")
    session_idle_days: int = Field(
        7, ge=1, le=90, description="Days without a visit after which a sign-in ends"
    )
    session_days: int = Field(30, ge=1, le=365, description="Days after which a sign-in ends")
    staff_idle_minutes: int = Field(
        30,
        ge=5,
        le=1440,
        description="Minutes without a visit after which a sign-in of the utility's own people "
        "ends",
    )
    field_idle_minutes: int = Field(
        480,
        ge=5,
        le=1440,
        description="The same for field staff, who are often without signal",
    )
    field_map: str = Field(
        "https://uri.amap.com/marker?position={lon},{lat}&name={name}&coordinate=wgs84&callnative=1",
        pattern=r"^(https://\S+)?$",
        description="Map on the web that field staff are shown beside that of their phone; "
        "empty for none",
    )
    form_targets: str = Field(
        "",
        description="Further origins that a form may lead to, parted by spaces "
        "(cashier pages of payment gateways)",
    )
    utility_name_zh: str = Field("江城供电", description="Name of the utility in Chinese")
    utility_name_en: str = Field("Jiangcheng Power", description="Name of the utility in English")
    kiosk_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that payment machines bring; without it none is answered",
    )
    assistant_url: str = Field(
        "http://127.0.0.1:8500",
        pattern=r"^https?://[^/\s]+$",
        description="Address of the assistant (Rasa)",
    )
    assistant_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token between portal and assistant, both ways; without it the portal "
        "answers a chat with its menu alone",
    )
    assistant_seconds: float = Field(
        2.5, gt=0, le=10, description="Seconds in which the assistant must have answered"
    )
    general_tariff: str = Field(
        "zj-residential",
        description="Tariff of most homes, named to whoever asks without signing in",
    )
    hotline: str = Field("96000", description="Telephone of the utility, shown on every page")

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ValueError("it must be http:// or https:// and a host, without a path")
        return value.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _https_in_production(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        open_to_all = parts.scheme != "https" and parts.hostname not in LOOPBACK
        if open_to_all and info.data.get("environment") == "production":
            raise ValueError("in production it must begin with https://")
        return value

    @property
    def secure(self) -> bool:
        """Whether customers come by https."""
        return self.public_url.startswith("https://")

    @property
    def session_idle(self) -> timedelta:
        return timedelta(days=self.session_idle_days)

    @property
    def session_life(self) -> timedelta:
        return timedelta(days=self.session_days)


def current_settings() -> PortalSettings:
    """The settings of the application that answers this request."""
    return cast(PortalSettings, current_app.extensions["settings"])
