"""Secrets are made once, whole, and for their owner alone."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runtime.secrets import GENERATORS, ensure_secret, ensure_secrets, token


def test_secrets_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    folder = ensure_secrets(tmp_path / "deep" / "var")
    assert {path.name for path in folder.iterdir()} == set(GENERATORS)
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert oct(folder.parent.stat().st_mode & 0o777) == "0o700"
    ring = (folder / "denghuo_encryption_keys").read_text()
    assert ring.startswith("1:")
    assert len(base64.b64decode(ring.removeprefix("1:"))) == 32


def test_secrets_stay_as_they_are(tmp_path: Path) -> None:
    folder = ensure_secrets(tmp_path)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "denghuo_core_token").unlink()
    ensure_secrets(tmp_path)
    after = {path.name: path.read_text() for path in folder.iterdir()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"denghuo_core_token"}


def test_many_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: ensure_secret(tmp_path / "secret", token), range(64)))
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
