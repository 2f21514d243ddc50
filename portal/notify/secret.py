"""The secret in an address by which a provider that signs nothing is known."""

import hmac

from notifications.settings import PushSettings
from runtime.settings import load


def is_known(given: str) -> bool:
    """Without a secret of ours nobody knows it."""
    known = load(PushSettings).notify_secret.get_secret_value()
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())
