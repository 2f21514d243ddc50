"""What a person is told on their home page when an outage hits an account of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.i18n import gettext as _
from portal.outages import saying
from portal.outages.board import own_outages, titles
from service.outages.finding import OwnOutage, Phase
from service.people.links import LinkedAccount


@dataclass(frozen=True)
class OwnNotice:
    """`who`: what is dark or will be; `text`: when; and where more of it stands."""

    now: bool
    who: str
    text: str
    more: str
    address: str

    @property
    def aloud(self) -> str:
        """As it is read aloud."""
        return _("%(who)s：%(text)s", who=self.who, text=self.text)


def own_notice(session: Session, accounts: Sequence[LinkedAccount]) -> OwnNotice | None:
    """The outage that is nearest: one that is there, else the first that comes."""
    own = own_outages(session)
    if not own:
        return None
    first = own[0]
    others = len(own) - 1
    more = ngettext("另有 %(num)s 次停电", "另有 %(num)s 次停电", others) if others else ""
    return OwnNotice(
        now=first.outage.phase is Phase.NOW,
        who=_who(first, accounts),
        text=saying.sentence(first.outage),
        more=more,
        address=url_for("outages.show", outage_no=first.outage.outage_no),
    )


def _who(hit: OwnOutage, accounts: Sequence[LinkedAccount]) -> str:
    """The only home is simply home; of several accounts it is said which."""
    if len(accounts) == 1 and accounts[0].kind == "residential":
        return _("您家这一片")
    named = titles(hit.account_nos)
    if len(named) == 1:
        return named[0]
    return ngettext("%(name)s 等 %(num)s 户", "%(name)s 等 %(num)s 户", len(named), name=named[0])
