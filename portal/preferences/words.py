"""What is said of channels and topics, and what people agree to, word for word."""

from collections.abc import Iterable
from datetime import time

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from notifications.preferences import consents, topics
from notifications.preferences.choosing import Chosen
from notifications.preferences.models import ALL
from portal.i18n import gettext as _
from portal.i18n import language, utility_name

CHANNELS: dict[str, LazyString] = {
    "wechat": _l("微信"),
    "push": _l("设备提醒"),
    "sms": _l("短信"),
    "mail": _l("邮件"),
    "voice": _l("电话"),
}


def channel(name: str) -> str:
    """A channel in words."""
    return str(CHANNELS[name])


def channels(names: Iterable[str]) -> str:
    """Several, in the order given."""
    return _("、").join(channel(each) for each in names)


def topic(name: str) -> str:
    """A topic in words; all of them have a word, and so has mail as such."""
    if name == ALL:
        return _("全部内容")
    if name == consents.MAIL:
        return _("用邮箱收提醒")
    return topics.described()[name].name.said(language())


def example(name: str) -> str:
    """What is said of a topic, for instance."""
    return topics.described()[name].example.said(language())


def news_consent(name: str) -> str:
    """What is agreed to when news are, on a channel."""
    return _(
        "我同意%(utility)s用%(channel)s告诉我活动和新服务。"
        "不同意不影响用电和办事，随时可以在这里取消。",
        utility=utility_name(),
        channel=channel(name),
    )


def mail_consent() -> str:
    """What is agreed to by whoever answers our letter."""
    return _(
        "用这个邮箱收%(utility)s的账单和提醒，随时可以在网页上或者信里取消。",
        utility=utility_name(),
    )


def mail_end() -> str:
    """What is said by whoever takes an address away."""
    return _("不再用这个邮箱收提醒。")


def stops(name: str) -> str:
    """What the link in a letter stops."""
    if name == ALL:
        return _("不再给您发任何邮件")
    return _("不再给您发这类邮件：%(topic)s", topic=topic(name))


def begins_again(name: str) -> str:
    """What is said when that is taken back."""
    if name == ALL:
        return _("刚才停掉的邮件照常发")
    return _("这类邮件照常发：%(topic)s", topic=topic(name))


def clock(hour: time) -> str:
    """An hour of the day."""
    return hour.strftime("%H:%M")


def summary(chosen: Chosen) -> list[tuple[str, str]]:
    """What is set, a line for each topic: its name, and the channels that reach this person."""
    return [(topic(name), _ways(chosen, name)) for name in topics.choices()]


def _ways(chosen: Chosen, name: str) -> str:
    on = [each for each in chosen.order if each in reached(chosen) and chosen.is_on(name, each)]
    return channels(on) or (_("没有同意过，不发") if name == topics.NEWS else _("只在消息里看"))


def reached(chosen: Chosen) -> tuple[str, ...]:
    """The channels that reach this person, in the usual order."""
    return tuple(each.value for each in topics.USUAL if each in chosen.wishes.reachable)
