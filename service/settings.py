"""Settings of the customer service layer."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings import Settings


class ServiceSettings(Settings):
    """Where the core is, and how its data come here."""

    core_url: str = Field(
        "http://127.0.0.1:8300",
        pattern=r"^https?://[^/\s]+(/\S*)?$",
        description="Address of the billing and metering core",
    )
    core_token: SecretStr = Field(description="Bearer token that the core asks for")
    core_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for an answer of the core"
    )
    sync_source: Literal["feed", "files"] = Field(
        "feed",
        description="Where synced data come from: the core's change feed, or nightly CSV files",
    )
    sync_folder: Path | None = Field(
        None, description="Folder of the nightly CSV files, needed when `sync_source` is files"
    )
    sync_batch: int = Field(
        5000, ge=1, le=5000, description="Changes that are fetched and stored in one transaction"
    )
    sync_seconds: float = Field(
        1.0, ge=0.1, le=3600, description="Pause between two looks of `denghuo sync follow`"
    )
