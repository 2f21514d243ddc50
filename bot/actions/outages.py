"""Whether an outage that is known already explains why the power is off.

Not knowing it keeps nobody from reporting.
"""

from actions.api import Refused, Unavailable
from actions.say import Turn


async def known_outage(turn: Turn, account_no: str | None, address: str | None) -> str | None:
    """The portal's sentence about an outage that is on there now; None without one."""
    if not account_no and not address:
        return None
    place = {"address": address} if address else {"account_no": account_no}
    try:
        found = await turn.get("outages", **place)
    except (Refused, Unavailable):
        return None
    on = [each for each in found["outages"] if each["state"] == "now"]
    return on[0]["sentence"] if on else None
