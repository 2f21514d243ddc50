"""A sign-in at a browser that was never the user's."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime.settings import load
from service.people.devices import program_and_system
from service.people.events import NewBrowser


def on_new(session: Session, event: NewBrowser) -> None:
    """Tell its owner at once, wherever they can be reached beside that browser."""
    notices.tell(
        session,
        "security.new_device",
        key=f"browser:{event.session_id}",
        user_id=event.user_id,
        params={"device": program_and_system(event.device), "at": event.at.isoformat()},
    )


@figures("security.new_device")
def of_browsers(_session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """What it calls itself, and when."""
    return [_figures(each, language) for each in told]


def _figures(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    return {
        "device": known["device"] or saying.word("unknown_device", language),
        "time": saying.moment(datetime.fromisoformat(known["at"]), language),
        "link": saying.link("/profile/devices"),
        "phone": load(LinkSettings).hotline,
    }
