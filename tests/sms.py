"""The SMS box of a whole house, in which its people find their codes."""

from typing import Any

import httpx

from tests.house import House
from tests.waiting import eventually


def messages_to(house: House, phone: str) -> list[dict[str, Any]]:
    """What lies in the box of this phone, the newest first."""
    box = httpx.get(f"{house.place.sandbox}/test/sms", params={"phone": phone}, trust_env=False)
    return list(box.json()["messages"])


def code_sent_to(house: House, phone: str, had: int = 0) -> str:
    """The code in the newest message, once there are more than the phone `had`."""
    eventually(lambda: len(messages_to(house, phone)) > had, pause=0.2)
    return str(messages_to(house, phone)[0]["params"]["code"])
