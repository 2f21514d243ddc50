"""Short messages about prepaid balances, in the language of whoever wanted to be told."""

from sqlalchemy.orm import Session

from notifications import sms
from runtime.money import yuan
from service.events import BalanceSank


def queue_low(session: Session, event: BalanceSank) -> None:
    """Write the message down and ask for it to be sent; nobody is there to tell: no message."""
    name = "balance_spent" if event.balance_fen < 0 else "balance_sank"
    known = {
        "tail": event.account_no[-4:],
        "left": yuan(abs(event.balance_fen)),
        "below": yuan(event.below_fen),
        "link": event.top_up_url,
    }
    sms.queue_to_user(session, event.user_id, name, lambda _language: known)
