"""What the settings say of requests."""

from functools import cache

from runtime.settings import load
from service.settings import RequestSettings


@cache
def request_settings() -> RequestSettings:
    """Those of this process, read once."""
    return load(RequestSettings)
