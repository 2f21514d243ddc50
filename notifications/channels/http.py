"""How a call by `Outbound` to a provider ended, where the provider has no codes of its own."""

import httpx

from notifications.channels.base import Busy, ProviderError, Refused, Unclear
from runtime.http import OutboundError

THROTTLED = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


def judged(error: OutboundError) -> ProviderError:
    """How a call that failed ended."""
    if error.refused:
        return Refused(f"http_{error.status}")
    if error.status in THROTTLED:
        return Busy(f"http_{error.status}")
    if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
        return Busy("not_reached")
    return Unclear("no_answer" if error.status is None else f"http_{error.status}")
