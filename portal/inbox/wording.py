"""Messages of the inbox that are said by wordings, as on every other channel."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import url_for
from sqlalchemy.orm import Session

from notifications import inboxed, wordings
from notifications.figures import Figures
from notifications.inbox import Told
from notifications.wordings import catalogue
from portal.i18n import gettext as _
from portal.i18n import language
from portal.inbox.said import Said


def said(session: Session, told: Sequence[Told]) -> dict[int, Said]:
    """Each in words, by its id. Raises KeyError for a kind that has none."""
    found = inboxed.figures_of(session, told, language())
    return {
        each.id: _said(session, each, figures) for each, figures in zip(told, found, strict=True)
    }


def _said(session: Session, told: Told, figures: Figures | None) -> Said:
    topic = catalogue.wordings()[told.kind]
    if figures is None:
        over = _("后来办好了，或者有了变化。点开看现在怎么样。")
        return Said(topic.title.said(language()), over, url_for(topic.page))
    form = wordings.in_force(session, told.kind, wordings.INBOX, language())
    parts = form.fill(figures)
    return Said(parts["title"], parts["text"], _address(figures.get("link")) or url_for(topic.page))


def _address(link: str | None) -> str:
    """The way to a page of ours out of a whole address; empty without one."""
    parts = urlsplit(link or "")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
