"""How a call over HTTP ended decides what follows."""

import httpx
import pytest

from notifications.channels.base import Busy, ProviderError, Refused, Unclear
from notifications.channels.http import judged
from runtime.http import Outbound, OutboundError


def failure(answer: httpx.Response | Exception) -> ProviderError:
    """What a call becomes that a network answers so."""

    def speak(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    provider = Outbound("http://voice.test", name="voice", transport=httpx.MockTransport(speak))
    with pytest.raises(OutboundError) as caught:
        provider.post("/", json={})
    return judged(caught.value)


@pytest.mark.parametrize(
    ("status", "becomes"),
    [(400, Refused), (401, Refused), (422, Refused), (429, Busy), (503, Busy), (500, Unclear)],
)
def test_an_answer_decides_what_follows(status: int, becomes: type[ProviderError]) -> None:
    found = failure(httpx.Response(status))
    assert (type(found), found.reason) == (becomes, f"http_{status}")


@pytest.mark.parametrize(
    ("trouble", "becomes"),
    [
        (httpx.ConnectError("refused"), Busy),
        (httpx.ConnectTimeout("no way there"), Busy),
        (httpx.ReadTimeout("silence"), Unclear),
        (httpx.RemoteProtocolError("broken off"), Unclear),
    ],
)
def test_who_was_not_reached_took_nothing(trouble: Exception, becomes: type[ProviderError]) -> None:
    assert type(failure(trouble)) is becomes
