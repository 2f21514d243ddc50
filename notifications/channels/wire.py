"""What several channels must know of `requests`, by which they talk."""

import requests
from urllib3.exceptions import NewConnectionError


def never_left(error: requests.RequestException) -> bool:
    """Whether there was nobody to take what was to be sent."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
