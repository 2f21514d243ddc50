"""Files at addresses that a gateway names: followed only to the gateway itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from payments.gateways.base import GatewayUnavailable
from payments.statements.base import StatementRefused
from runtime.http import Outbound, OutboundError, TooLarge


@dataclass(frozen=True)
class Source:
    """Who is asked, how long a step may take, and how many bytes are taken."""

    gateway: str
    timeout: float
    most: int


def named(gateway: str, said: object, api: str, domain: str) -> httpx.URL:
    """The address that a gateway has named, if it is the gateway's own.

    That is the origin of its API at `api`, or, where that lies in its `domain`, any host there;
    these are asked by https whatever is said. Raises GatewayUnavailable.
    """
    try:
        url, home = httpx.URL(str(said)), httpx.URL(api)
    except httpx.InvalidURL as error:
        raise GatewayUnavailable(gateway, "unreadable_answer") from error
    if _is_within(home.host, domain) and _is_within(url.host, domain):
        url = url.copy_with(scheme="https")
        if url.port is None and not url.userinfo:
            return url
    if (url.scheme, url.netloc, url.userinfo) != (home.scheme, home.netloc, b""):
        raise GatewayUnavailable(gateway, "unreadable_answer")
    return url


def save(source: Source, url: httpx.URL, path: Path, headers: Mapping[str, str]) -> None:
    """The file at the address, to `path`. No redirect is followed.

    Raises GatewayUnavailable, or StatementRefused when it is too large.
    """
    home = f"{url.scheme}://{url.netloc.decode('ascii')}"
    target = url.raw_path.decode("ascii")
    try:
        with (
            Outbound(home, timeout=source.timeout, name=source.gateway) as http,
            path.open("wb") as file,
        ):
            http.save(target, file, most=source.most, headers=dict(headers))
    except TooLarge as error:
        raise StatementRefused(source.gateway, "malformed") from error
    except OutboundError as error:
        raise GatewayUnavailable(source.gateway, "unreachable") from error


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
