"""Short messages about prepaid balances, in the language of whoever wanted to be told."""

from sqlalchemy.orm import Session

from notifications import sms
from runtime.errors import NotFound
from runtime.money import yuan
from service.events import BalanceSank
from service.people.users import get_user


def queue_low(session: Session, event: BalanceSank) -> None:
    """Write the message down and ask for it to be sent; nobody is there to tell: no message."""
    try:
        user = get_user(session, event.user_id)
    except NotFound:
        return
    params = {
        "tail": event.account_no[-4:],
        "left": yuan(abs(event.balance_fen)),
        "below": yuan(event.below_fen),
        "link": event.top_up_url,
    }
    kind = "sank"
    if event.balance_fen < 0:
        kind = "spent"
        del params["below"]
    sms.queue(session, user.phone, f"balance_{kind}_{user.language or 'zh'}", params)
