"""The person of the conversation: who it is, what reminds them, who helps them."""

from typing import Literal

from payments.thresholds import setting
from portal import formats
from portal.assistant.bodies.person import (
    Context,
    Desk,
    Elder,
    ElderWish,
    Handoff,
    HandoffAsked,
    Reminder,
    Reminders,
    ReminderWish,
)
from portal.assistant.talk import MOST_NAMED, Talk, told
from portal.i18n import gettext as _
from portal.i18n import language, utility_name
from portal.settings import current_settings
from runtime import clock
from runtime.errors import Refused
from runtime.masking import mask
from service import conversations
from service.access import RIGHTS, Right
from service.conversations import Asked, hours
from service.models import User
from service.people import users
from service.people.links import LinkedAccount

USUAL_FEN = 50_00
"""Below so much a prepaid customer is told who has named no sum."""


def context(talk: Talk) -> Context:
    """Who is talking, and what holds everywhere."""
    person = users.get_user(talk.session, talk.user_id) if talk.signed_in else None
    accounts = talk.accounts if person else []
    return Context(
        signed_in=talk.signed_in,
        language="en" if language() == "en" else "zh",
        channel="wechat" if talk.conversation.channel == "wechat" else "web",
        elder=person is not None and person.elder_mode,
        today=clock.today(),
        greeting_name=_greeting_name(person),
        hotline=current_settings().hotline,
        utility=utility_name(),
        desk=_desk(),
        accounts=[told(each) for each in accounts[:MOST_NAMED]],
        account_count=len(accounts),
    )


def reminders(talk: Talk) -> Reminders:
    """Of which low balances the person is told: of the accounts that pay ahead."""
    known = setting.thresholds(talk.session, talk.user_id)
    found = [_low_balance(each, known.get(each.account_no)) for each in _prepaid(talk)[:MOST_NAMED]]
    return Reminders(reminders=found, sentence=_reminded(found))


def set_reminder(talk: Talk, wish: ReminderWish) -> Reminders:
    """A reminder on or off.

    Raises Refused("threshold.postpaid", "threshold.out_of_range"), and as `Talk.one` among
    prepaid accounts.
    """
    account = _meant(talk, wish.account_no)
    below_fen = None
    if wish.on:
        known = setting.threshold(talk.session, talk.user_id, account.account_no)
        below_fen = wish.threshold_fen if wish.threshold_fen is not None else known or USUAL_FEN
    setting.set_threshold(talk.session, talk.user_id, account.account_no, below_fen)
    return reminders(talk)


def handoff(talk: Talk, asked: HandoffAsked) -> Handoff:
    """Ask for a person. Raises Refused("handoff.phone_needed", "user.number_malformed")."""
    found = conversations.ask_for_person(
        talk.session,
        talk.conversation,
        asked.reason,
        without_names(talk, asked.summary),
        asked.phone,
    )
    return Handoff(
        state=_state(found),
        ahead=found.ahead,
        minutes=found.minutes,
        opens_words=formats.moment(found.opens_at) if found.opens_at else None,
        sentence=_handoff_words(found),
    )


def elder(talk: Talk, wish: ElderWish) -> Elder:
    """Large print on or off, in the person's profile."""
    users.set_display(talk.session, talk.user_id, elder_mode=wish.on)
    said = _("大字打开了，下一页起就是大字。") if wish.on else _("大字关掉了，下一页起是平常的字。")
    return Elder(on=wish.on, sentence=said)


def without_names(talk: Talk, text: str) -> str:
    """A text without phone numbers, and with the names of the person's own accounts masked."""
    clean = mask(text)
    names = {each.holder_name for each in talk.accounts} if talk.signed_in else set()
    for name in sorted((each for each in names if len(each) > 1), key=len, reverse=True):
        clean = clean.replace(name, formats.masked_name(name))
    return clean


def _greeting_name(person: User | None) -> str | None:
    """The first name in an alphabet. A Chinese name alone is no greeting, and 先生 is a guess."""
    name = (person.name or "").strip() if person else ""
    return name.split()[0] if name and not formats.is_han(name) else None


def _desk() -> Desk:
    settings = hours.desk_settings()
    opens, closes = f"{settings.desk_opens:%H:%M}", f"{settings.desk_closes:%H:%M}"
    words = _("每天 %(opens)s–%(closes)s", opens=opens, closes=closes)
    if opens == closes:
        words = _("每天 24 小时")
    return Desk(open=hours.is_open(), opens=opens, closes=closes, words=words)


def _prepaid(talk: Talk) -> list[LinkedAccount]:
    """The accounts that pay ahead and that the person may pay for."""
    return [
        each
        for each in talk.accounts
        if each.settlement == "prepaid" and Right.PAY in RIGHTS[each.role]
    ]


def _meant(talk: Talk, written: str | None) -> LinkedAccount:
    prepaid = _prepaid(talk)
    if written is None and not prepaid:
        raise Refused("threshold.postpaid")
    return talk.one(written, among=prepaid)


def _low_balance(account: LinkedAccount, below_fen: int | None) -> Reminder:
    if below_fen is None:
        words = _("%(label)s余额低了不发短信", label=account.title)
    else:
        below = formats.amount(below_fen)
        words = _("%(label)s余额低于 %(amount)s 时发短信", label=account.title, amount=below)
    return Reminder(kind="low_balance", on=below_fen is not None, words=words)


def _reminded(found: list[Reminder]) -> str:
    if not found:
        return _("您的户号都是先用电后缴费，没有余额要提醒。")
    return formats.joined(each.words + _("。") for each in found[:3])


def _state(found: Asked) -> Literal["waiting", "callback", "already"]:
    if found.state == "callback":
        return "callback"
    return "already" if found.again or found.state == "taken" else "waiting"


def _handoff_words(found: Asked) -> str:
    if found.state == "taken":
        return _("已经有人在和您说话了，直接打字就行。")
    if found.state == "callback":
        when = formats.moment(found.opens_at) if found.opens_at else _("今天")
        return _("现在没有人值班，%(when)s 上班后给您回电话。", when=when)
    first = _("已经在排队了") if found.again else _("已经为您转人工")
    if not found.ahead:
        return _("%(first)s，下一位就是您。", first=first)
    if found.minutes is None:
        return _("%(first)s，前面还有 %(ahead)s 位。", first=first, ahead=found.ahead)
    return _(
        "%(first)s，前面还有 %(ahead)s 位，约 %(minutes)s 分钟。",
        first=first,
        ahead=found.ahead,
        minutes=found.minutes,
    )
