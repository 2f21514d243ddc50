"""Short messages about debits under an agreement, in the payer's language."""

from calendar import month_name
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from notifications import sms
from notifications.sms import Params
from runtime.money import yuan
from service.events import AutoPayNews

WAYS = {
    "zh": {"wechat": "微信支付", "alipay": "支付宝"},
    "en": {"wechat": "WeChat Pay", "alipay": "Alipay"},
}


def queue_news(session: Session, event: AutoPayNews) -> None:
    """Write the message down and ask for it to be sent; nobody is there to tell: no message."""
    sms.queue_to_user(session, event.user_id, f"autopay_{event.kind}", partial(_known, event))


def _known(event: AutoPayNews, language: str) -> Params:
    """All that can be said of it; each kind's template takes what it needs."""
    return {
        "way": WAYS[language][event.gateway],
        "tail": event.account_no[-4:],
        "month": _month(event.period, language) if event.period else "",
        "amount": yuan(event.amount_fen) if event.amount_fen is not None else "",
        "limit": yuan(event.limit_fen) if event.limit_fen is not None else "",
        "day": _day(event.day, language) if event.day else "",
        "link": event.pay_url,
    }


def _month(period: str, language: str) -> str:
    number = int(period[5:])
    return month_name[number] if language == "en" else f"{number} 月"


def _day(day: date, language: str) -> str:
    if language == "en":
        return f"{day.day} {month_name[day.month]}"
    return f"{day.month} 月 {day.day} 日"
