"""Short messages about debits under an agreement, in the payer's language."""

from calendar import month_name
from datetime import date

from sqlalchemy.orm import Session

from notifications import sms
from notifications.sms import Params
from runtime.errors import NotFound
from runtime.money import yuan
from service.events import AutoPayNews
from service.people.users import get_user

WAYS = {
    "zh": {"wechat": "微信支付", "alipay": "支付宝"},
    "en": {"wechat": "WeChat Pay", "alipay": "Alipay"},
}


def queue_news(session: Session, event: AutoPayNews) -> None:
    """Write the message down and ask for it to be sent; nobody is there to tell: no message."""
    try:
        user = get_user(session, event.user_id)
    except NotFound:
        return
    language = user.language or "zh"
    sms.queue(session, user.phone, f"autopay_{event.kind}_{language}", _params(event, language))


def _params(event: AutoPayNews, language: str) -> Params:
    """What the template of this kind needs and no more."""
    known = {
        "way": WAYS[language][event.gateway],
        "tail": event.account_no[-4:],
        "month": _month(event.period, language) if event.period else None,
        "amount": yuan(event.amount_fen) if event.amount_fen is not None else None,
        "limit": yuan(event.limit_fen) if event.limit_fen is not None else None,
        "day": _day(event.day, language) if event.day else None,
        "link": event.pay_url,
    }
    return {name: known[name] or "" for name in NEEDED[event.kind]}


NEEDED = {
    "announced": ("day", "way", "tail", "month", "amount"),
    "done": ("way", "tail", "month", "amount"),
    "failed": ("way", "tail", "month", "amount", "day", "link"),
    "given_up": ("way", "tail", "month", "amount", "link"),
    "over_limit": ("tail", "month", "amount", "limit", "link"),
    "ended": ("way", "tail", "link"),
}
"""The parameters of each kind's template."""


def _month(period: str, language: str) -> str:
    number = int(period[5:])
    return month_name[number] if language == "en" else f"{number} 月"


def _day(day: date, language: str) -> str:
    if language == "en":
        return f"{day.day} {month_name[day.month]}"
    return f"{day.month} 月 {day.day} 日"
