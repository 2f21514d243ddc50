"""What the core may be told, and the database it works on."""

from decimal import Decimal

from pydantic import Field, SecretStr

from runtime.database import Database, database_url
from runtime.settings import CryptoSettings, Settings


class BillingSettings(Settings):
    """Terms of payment, and when a bill is looked at before it goes out."""

    core_due_days: int = Field(
        15, ge=1, le=90, description="Days from the issue of a bill to the day it is due"
    )
    core_bill_chunk: int = Field(
        500, ge=1, le=10_000, description="Service points that a bill run bills in one transaction"
    )
    core_sudden_rise: Decimal = Field(
        Decimal("2.5"),
        gt=1,
        description="A bill is held when its daily use is above this many times the average "
        "of the three months before",
    )
    core_sudden_fall: Decimal = Field(
        Decimal("0.3"),
        gt=0,
        lt=1,
        description="A bill is held when its daily use is below this part of the average "
        "of the three months before",
    )
    core_off_last_year: Decimal = Field(
        Decimal("3"),
        gt=1,
        description="A bill is held when its daily use is above this many times that of the same "
        "month last year, or below one such part of it",
    )
    core_anomaly_wh_per_day: int = Field(
        3000,
        ge=0,
        description="A difference in daily use of no more than this many Wh holds no bill",
    )


class CoreSettings(BillingSettings, CryptoSettings):
    """What the core's process needs."""

    core_token: SecretStr = Field(
        min_length=16, description="Token with which the customer side speaks to the core"
    )
    core_host: str = Field("127.0.0.1", description="Address on which the core answers")
    core_port: int = Field(
        8300, ge=0, le=65535, description="Port on which the core answers; 0 takes any that is free"
    )
    core_readings_megabytes: int = Field(
        64, ge=1, le=1024, description="Largest file of readings that the core takes, in MB"
    )
    core_outage_notice_days: int = Field(
        7,
        ge=0,
        le=60,
        description="Days before its beginning by which planned maintenance is announced",
    )


def core_database(settings: Settings) -> Database:
    """The core's own database, or the common one. Raises SettingsError when there is none."""
    return Database(settings.core_database_url or database_url(settings))
