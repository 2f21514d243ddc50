"""Cards about the town: outages and halls, open to everybody."""

from flask import g

from portal.chat.cards.money import Shown, reader
from portal.chat.kinds import HallsCard, OutagesCard
from portal.halls import saying as of_halls
from portal.outages import saying as of_outages
from portal.outages.board import own_outages, titles
from runtime import clock
from service.halls.places import halls as all_halls
from service.outages import finding

MOST = 3


def outages(card: OutagesCard) -> Shown:
    """What hits an account, or what is off and announced at all."""
    mine = {each.outage.outage_no: titles(each.account_nos) for each in own_outages(g.session)}
    if card.account_no is not None:
        found = finding.for_account(g.session, reader(), card.account_no)
    else:
        found = finding.current_and_coming(g.session)
        found.sort(key=lambda each: each.outage_no not in mine)
    if not found:
        return None
    return {"outages": found[:MOST], "mine": mine, "saying": of_outages}


def halls(_card: HallsCard) -> Shown:
    """Where one can go, and whether it is open now."""
    now = clock.now()
    found = [(hall, hall.opening(now)) for hall in all_halls()[:MOST]]
    return {"halls": found, "saying": of_halls} if found else None
