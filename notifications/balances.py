"""A prepaid balance has sunk below what its user wanted to be told of."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from runtime import clock
from runtime.money import yuan
from service.events import BalanceSank


def on_sank(session: Session, event: BalanceSank) -> None:
    """Tell whoever asked for it; it is told once for each time by who publishes it."""
    kind = "balance.spent" if event.balance_fen < 0 else "balance.sank"
    notices.tell(
        session,
        kind,
        key=f"balance:{event.account_no}:{clock.now().isoformat()}",
        user_id=event.user_id,
        account_no=event.account_no,
        params={
            "balance_fen": event.balance_fen,
            "below_fen": event.below_fen,
            "link": event.top_up_url,
        },
    )


@figures("balance.sank", "balance.spent")
def of_balances(_session: Session, told: Sequence[Notice], _language: str) -> list[Figures | None]:
    """What was left when it was noticed: the reader acts on that."""
    return [_figures(each) for each in told]


def _figures(notice: Notice) -> Figures:
    known = params_of(notice)
    return {
        "tail": saying.tail(notice.account_no or ""),
        "left": yuan(abs(known["balance_fen"])),
        "below": yuan(known["below_fen"]),
        "link": known["link"],
    }
