"""Settings of the customer service layer."""

from datetime import time
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, SecretStr, field_validator

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


class DeskSettings(Settings):
    """When people answer customers, and how long what was said is kept."""

    desk_opens: time = Field(
        time(8), description="Time of Beijing at which people begin to answer chats, every day"
    )
    desk_closes: time = Field(
        time(20),
        description="Time of Beijing at which they stop; the same as the beginning means never",
    )
    conversation_days: int = Field(
        365, ge=30, description="Days after its last message for which a conversation is kept"
    )


class HallSettings(Settings):
    """Where the business halls of the utility are written down."""

    halls_file: Path | None = Field(
        None,
        description="YAML file of the business halls (`docs/halls.md`); "
        "without it those of the demo utility",
    )


class Area(NamedTuple):
    """A part of the earth between two parallels and two meridians, in degrees (WGS 84)."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


class RequestSettings(Settings):
    """Who looks at uploaded files, how long papers are kept, and where the customers live."""

    clamd: str = Field(
        "",
        pattern=r"^(|unix:/\S+|tcp://[^/\s]+)$",
        description="Socket of ClamAV's daemon, `unix:/run/clamav/clamd.ctl` or "
        "`tcp://127.0.0.1:3310`: it looks at every uploaded file, and none is kept while it does "
        "not answer; without it none is looked at",
    )
    service_area: str = Field(
        "",
        pattern=r"^(|-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3})$",
        description="Where the utility supplies, as `south,west,north,east` in degrees (WGS 84): "
        "a place outside is asked about again; without it all of China",
    )

    document_days: int = Field(
        90,
        ge=30,
        description="Days after the end of a request for which its documents (identity cards, "
        "deeds) are kept",
    )

    @field_validator("service_area")
    @classmethod
    def _an_area(cls, value: str) -> str:
        if value:
            south, west, north, east = map(float, value.split(","))
            if not (-90 <= south < north <= 90 and -180 <= west < east <= 180):
                raise ValueError("it must be south,west,north,east in degrees")
        return value

    @property
    def area(self) -> Area | None:
        """Where the utility supplies; None where that is not said."""
        return Area(*map(float, self.service_area.split(","))) if self.service_area else None
