"""The words of a campaign at the moment at which they are sent, in the language of the reader."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import saying
from notifications.campaigns.course import KINDS
from notifications.campaigns.models import STOPPED, Campaign
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice


@figures(*KINDS)
def words(session: Session, notices: Sequence[Notice], language: str) -> list[Figures | None]:
    """Title, text and link; nothing any more of a campaign that was stopped."""
    numbers = [params_of(each)["campaign"] for each in notices]
    found = session.scalars(select(Campaign).where(Campaign.id.in_(set(numbers))))
    known = {each.id: _figures(each, language) for each in found}
    return [known.get(number) for number in numbers]


def _figures(campaign: Campaign, language: str) -> Figures | None:
    if campaign.state == STOPPED:
        return None
    said = campaign.words[language]
    link = saying.link(campaign.link or "/")
    return {"title": said["title"], "text": said["text"], "link": link}
