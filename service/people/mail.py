"""Mail addresses as people type them."""

import re

from runtime.errors import Refused

LONGEST = 254
_MAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}", re.ASCII)


def normal_mail(text: str) -> str:
    """The address without spaces around it, its host in small letters.

    Raises Refused("mail.malformed").
    """
    name, _, host = text.strip().rpartition("@")
    address = f"{name}@{host.lower()}"
    if len(address) > LONGEST or not _MAIL.fullmatch(address):
        raise Refused("mail.malformed")
    return address
