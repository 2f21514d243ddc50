"""Secrets made by the machine at the first start, kept in `<var>/secrets`, one file each.

A file holds one setting under its lower-case name. It is written whole or not at all, and
never overwritten: whoever comes second reads what the first has made.
"""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives.asymmetric import ec


def ensure_secrets(var: Path) -> Path:
    """Make the secrets that are missing in `var`; returns the folder that holds them."""
    folder = secrets_folder(var)
    for name, make in GENERATORS.items():
        ensure_secret(folder / name, make)
    return folder


def secrets_folder(var: Path) -> Path:
    """`<var>/secrets`, made with rights for its owner alone where it is missing."""
    folder = var / "secrets"
    for each in (var, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def ensure_secret(path: Path, make: Callable[[], str]) -> str:
    """The content of the secret file `path`; made by `make` when there is none yet (0600)."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        _write_once(path, make())
    return path.read_text(encoding="utf-8")


def token() -> str:
    """43 characters that carry 256 random bits and need no quoting in a URL."""
    return secrets.token_urlsafe(32)


def key() -> str:
    """32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signing_key() -> str:
    """A private key on P-256, its 32 bytes in base64url without padding."""
    private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(private.to_bytes(32)).decode("ascii").rstrip("=")


GENERATORS: dict[str, Callable[[], str]] = {
    "denghuo_secret_key": token,
    "denghuo_encryption_keys": lambda: f"1:{key()}",
    "denghuo_blind_index_key": key,
    "denghuo_core_token": token,
    "denghuo_kiosk_token": token,
    "denghuo_notify_secret": token,
    "denghuo_assistant_token": token,
    "denghuo_database_password": token,
    "denghuo_vapid_key": signing_key,
}
"""File name to generator. A room may add its own before `ensure_secrets` is called."""


def _write_once(path: Path, content: str) -> None:
    """A hard link is made only where no file stands, and shows the whole content at once."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=".new-", encoding="utf-8") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return
