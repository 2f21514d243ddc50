"""Who meets over a passkey."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """Whose passkeys these are: the name that devices know us by, and where our pages are."""

    rp_id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Holder:
    """A person as their device keeps them; `handle` names them without saying who they are."""

    handle: bytes
    name: str
    display_name: str
