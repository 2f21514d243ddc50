"""Settings of how people are told who have set nothing themselves."""

from pydantic import Field

from runtime.settings import Settings


class PreferenceSettings(Settings):
    """What holds for whoever has not chosen."""

    notice_daily_cap: int = Field(
        5,
        ge=1,
        le=99,
        description="Messages a day to one person who has set no number of their own; what is "
        "urgent, or owed by law, is not counted",
    )
