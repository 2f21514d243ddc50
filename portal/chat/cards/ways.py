"""Cards that lead on: the menu, and a page by its name."""

from dataclasses import dataclass

from flask import current_app, g, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.chat.cards.money import Shown
from portal.chat.kinds import LinkCard, MenuCard
from portal.current import current_account, my_accounts, visitor
from portal.display import view
from service.people import users


@dataclass(frozen=True)
class Door:
    """A page that a card may lead to; `open_to_all` without sign-in."""

    endpoint: str
    title: LazyString
    open_to_all: bool = False


PAGES = {
    "bind": Door("accounts.bind", _l("去绑定户号")),
    "unbind": Door("accounts.index", _l("去我的户号，选要解绑的")),
    "reminders": Door("preferences.index", _l("去设提醒")),
    "statements": Door("usage.index", _l("去下载用电数据")),
    "invoices": Door("invoices.index", _l("去看发票")),
    "requests": Door("requests.index", _l("去看办的事")),
    "profile": Door("profile.index", _l("去“我的”")),
    "sign_in": Door("sign_in.sign_in", _l("登录"), open_to_all=True),
    "payments": Door("payments.index", _l("去看付款记录")),
    "follow": Door("report.index", _l("凭受理号查进度"), open_to_all=True),
    "agreements": Door("agreements.index", _l("去看自动缴")),
}
"""The pages that the assistant may name."""

MENU = (
    Door("sign_in.sign_in", _l("登录，看自己的账单"), open_to_all=True),
    Door("bills.index", _l("看账单")),
    Door("pay.index", _l("缴电费")),
    Door("usage.index", _l("看用电")),
    Door("payments.index", _l("钱付到哪了")),
    Door("outages.index", _l("停电信息"), open_to_all=True),
    Door("requests.index", _l("办事和进度")),
    Door("halls.index", _l("营业厅"), open_to_all=True),
)


def menu(_card: MenuCard) -> Shown:
    """What can be done here, whether the assistant is there or not."""
    doors = [door for door in MENU if _is_open(door)]
    return {"doors": [(_address(door), door.title) for door in doors]}


def link(card: LinkCard) -> Shown:
    """A page; large letters are a switch rather than a page.

    The switch follows the profile as it stands now: the words above the card may have changed it
    in this turn, and what the browser keeps is from before.
    """
    if card.to == "elder":
        person = visitor()
        user = users.get_user(g.session, person.id) if person else None
        return {"to": "elder", "large": user.elder_mode if user else view() == "elder"}
    door = PAGES[card.to]
    if not _is_open(door):
        return None
    address = _reminders() if card.to == "reminders" else None
    return {"to": card.to, "address": address or _address(door), "title": door.title}


def _is_open(door: Door) -> bool:
    """Whether it leads anywhere for this reader: the page exists and is theirs to see."""
    if door.endpoint not in current_app.view_functions:
        return False
    if door.endpoint == "sign_in.sign_in":
        return visitor() is None
    return door.open_to_all or visitor() is not None


def _address(door: Door) -> str:
    if door.endpoint == "sign_in.sign_in":
        return url_for(door.endpoint, next=url_for("chat.index"))
    return url_for(door.endpoint)


def _reminders() -> str | None:
    """The page on which a low balance is set, of an account that pays ahead."""
    if visitor() is None:
        return None
    here = current_account()
    prepaid = [each for each in my_accounts() if each.settlement == "prepaid"]
    account = here if here in prepaid else prepaid[0] if prepaid else None
    return url_for("low_balance.edit", account_no=account.account_no) if account else None
