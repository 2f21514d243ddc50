"""News of debits under an agreement, for its payer."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from runtime import clock
from runtime.money import yuan
from service.events import AutoPayNews

KINDS = ("announced", "done", "failed", "given_up", "over_limit", "ended")


def on_news(session: Session, event: AutoPayNews) -> None:
    """Tell the payer; it is told once for each time by who publishes it."""
    notices.tell(
        session,
        f"autopay.{event.kind}",
        key=f"autopay:{event.account_no}:{event.kind}:{clock.now().isoformat()}",
        user_id=event.user_id,
        account_no=event.account_no,
        params={
            "gateway": event.gateway,
            "period": event.period,
            "amount_fen": event.amount_fen,
            "limit_fen": event.limit_fen,
            "day": event.day.isoformat() if event.day else None,
            "link": event.pay_url,
        },
    )


@figures(*(f"autopay.{each}" for each in KINDS))
def of_news(_session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """All that can be said of it; the words of each kind take what they need."""
    return [_figures(each, language) for each in told]


def _figures(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    return {
        "way": saying.way(known["gateway"], language),
        "tail": saying.tail(notice.account_no or ""),
        "month": saying.month(known["period"], language) if known["period"] else "",
        "amount": yuan(known["amount_fen"]) if known["amount_fen"] is not None else "",
        "limit": yuan(known["limit_fen"]) if known["limit_fen"] is not None else "",
        "day": saying.day(date.fromisoformat(known["day"]), language) if known["day"] else "",
        "link": known["link"],
    }
