"""The card that compares tariffs by the reader's own use."""

from flask import g

from portal.assistant.pricing import called
from portal.chat.cards.money import Shown, reader
from portal.chat.kinds import AdviceCard
from portal.current import my_account
from service.advice.tariff import tariff_advice


def advice(card: AdviceCard) -> Shown:
    """What a year would have cost under each tariff to choose from, the cheapest first."""
    account = my_account(card.account_no)
    if account is None:
        return None
    found = tariff_advice(g.session, reader(), card.account_no)
    if not found.options:
        return None
    most = max(each.year_fen for each in found.options) or 1
    return {
        "account": account,
        "months": len(found.months),
        "options": [
            (called(each.tariff), each, round(100 * each.year_fen / most, 1))
            for each in found.options
        ],
    }
