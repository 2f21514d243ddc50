"""What the person is told, by which way and when: first said what would change, then changed.

News are never begun here: whoever agrees to them has to see the words of it, on the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from notifications.preferences import choosing, consents, topics
from notifications.preferences.choosing import EARLIEST_QUIET, LATEST_QUIET, Chosen, Pair
from notifications.preferences.wishing import QUIET_FROM, QUIET_UNTIL
from portal import formats
from portal.assistant.bodies.notices import NoticesAnswer, NoticeWish
from portal.assistant.talk import Talk
from portal.i18n import gettext as _
from portal.i18n import language
from portal.preferences import words
from runtime.errors import Refused

LEGAL = "reminder"
"""The topic that holds what nobody can be spared."""


@dataclass(frozen=True)
class _Plan:
    """What a wish comes to: pairs as they should be, the channel that goes first, the hours."""

    wanted: dict[Pair, bool]
    first: str | None
    quiet: tuple[time, time]


def offer(talk: Talk, wish: NoticeWish) -> NoticesAnswer:
    """What would change, to be agreed to; nothing is changed. Raises as `change`."""
    now = choosing.chosen(talk.session, talk.user_id)
    if not _changes(now, _plan(now, wish)):
        return NoticesAnswer(changes=False, sentence=_("已经是这样设的，不用改。"))
    return NoticesAnswer(changes=True, sentence=formats.joined(_said(now, wish)))


def change(talk: Talk, wish: NoticeWish) -> NoticesAnswer:
    """Change it.

    Raises Refused("notice.news") for news that would begin, Refused("notice.not_reached") for a
    channel that does not reach the person, Refused("notice.other_way") for a topic that does not
    go that way, and Refused("preference.quiet_hours").
    """
    now = choosing.chosen(talk.session, talk.user_id)
    plan = _plan(now, wish)
    if not _changes(now, plan):
        return NoticesAnswer(changes=False, sentence=_("已经是这样设的，不用改。"))
    _keep(talk, now, plan)
    return NoticesAnswer(changes=True, sentence=_("改好了，现在是这样："))


def _keep(talk: Talk, now: Chosen, plan: _Plan) -> None:
    choosing.choose(
        talk.session,
        talk.user_id,
        plan.wanted,
        how=consents.ASSISTANT,
        language=language(),
        words=words.news_consent,
    )
    if plan.first:
        order = [plan.first, *(each for each in now.order if each != plan.first)]
        choosing.set_order(talk.session, talk.user_id, order)
    if plan.quiet != _quiet_now(now):
        choosing.set_quiet(talk.session, talk.user_id, *plan.quiet)


def _plan(now: Chosen, wish: NoticeWish) -> _Plan:
    wanted = _switched(now, wish) if wish.on is not None else {}
    if wish.first:
        wanted |= _moved(now, wish, wish.first)
    first = None if wish.topics else wish.first
    return _Plan(wanted, first, _quiet(now, wish))


def _changes(now: Chosen, plan: _Plan) -> bool:
    is_first = now.wishes.has_order and now.order[0] == plan.first
    return (
        any(now.is_on(*pair) != is_on for pair, is_on in plan.wanted.items())
        or (plan.first is not None and not is_first)
        or plan.quiet != _quiet_now(now)
    )


def _switched(now: Chosen, wish: NoticeWish) -> dict[Pair, bool]:
    """Topics on channels, on or off."""
    if wish.on and wish.topics and topics.NEWS in wish.topics:
        raise Refused("notice.news")
    ways = wish.channels or words.CHANNELS
    pairs = [each for each in choosing.pairs() if each[0] in _named(wish) and each[1] in ways]
    if not pairs:
        raise Refused("notice.other_way", channel=words.channels(ways))
    if not wish.on:
        return dict.fromkeys(pairs, False)
    _reach(now, wish.channels or ())
    heard = set() if wish.channels else {topic for topic, way in now.on if way in _reached(now)}
    return {pair: True for pair in pairs if pair[0] not in heard}


def _moved(now: Chosen, wish: NoticeWish, first: str) -> dict[Pair, bool]:
    """Everything goes on this channel; topics that are named go on no other."""
    _reach(now, [first])
    named = set(_named(wish)) - {topics.NEWS}
    meant = [each for each in choosing.pairs() if each[0] in named]
    if not any(way == first for _topic, way in meant):
        raise Refused("notice.other_way", channel=words.channel(first))
    return {pair: pair[1] == first for pair in meant if wish.topics or pair[1] == first}


def _named(wish: NoticeWish) -> list[str]:
    """The topics that are meant: all where none is named, but news only where they end."""
    if wish.topics:
        return list(wish.topics)
    return [each for each in topics.choices() if each != topics.NEWS or wish.on is False]


def _reach(now: Chosen, channels: Iterable[str]) -> None:
    missing = [each for each in channels if each not in _reached(now)]
    if missing:
        raise Refused("notice.not_reached", channel=words.channels(missing))


def _reached(now: Chosen) -> tuple[str, ...]:
    return now.wishes.reachable


def _quiet(now: Chosen, wish: NoticeWish) -> tuple[time, time]:
    """The hours that are wished; what lies inside of everybody's quiet hours asks for those."""
    begin, end = _quiet_now(now)
    if wish.quiet_from:
        begin = time.fromisoformat(wish.quiet_from)
        begin = begin if QUIET_UNTIL <= begin <= QUIET_FROM else QUIET_FROM
    if wish.quiet_until:
        end = max(time.fromisoformat(wish.quiet_until), QUIET_UNTIL)
    if begin < EARLIEST_QUIET or end > LATEST_QUIET:
        raise Refused("preference.quiet_hours")
    return begin, end


def _quiet_now(now: Chosen) -> tuple[time, time]:
    return now.wishes.quiet_from, now.wishes.quiet_until


def _said(now: Chosen, wish: NoticeWish) -> list[str]:
    """What would be, a sentence for each part of a wish."""
    said = []
    if wish.first:
        said.append(_goes_first(wish, words.channel(wish.first)))
    if wish.on is not None and not (wish.first and wish.topics):
        said.append(_goes(now, wish))
    if wish.on is False and (not wish.topics or LEGAL in wish.topics):
        said.append(_("欠费停电的正式通知，法律规定一定要通知到您，这一种关不掉。"))
    if wish.quiet_from or wish.quiet_until:
        begin, end = (words.clock(each) for each in _quiet(now, wish))
        said.append(
            _(
                "每天 %(begin)s 到第二天早上 %(end)s 不发，停电和账号安全这样的急事除外。",
                begin=begin,
                end=end,
            )
        )
    return said


def _goes_first(wish: NoticeWish, channel: str) -> str:
    if wish.topics:
        return _("以后“%(topics)s”只用%(channel)s发。", topics=_topics(wish), channel=channel)
    return _("以后先用%(channel)s发，没送到才用别的方式。", channel=channel)


def _goes(now: Chosen, wish: NoticeWish) -> str:
    named, by = _topics(wish), words.channels(wish.channels or ())
    if wish.on:
        used = {way for topic, way in choosing.pairs() if topic in _named(wish)}
        by = by or words.channels(each for each in _reached(now) if each in used)
        return _("以后“%(topics)s”用%(channels)s告诉您。", topics=named, channels=by)
    if not by:
        return _("以后“%(topics)s”不发了，在“消息”里还看得到。", topics=named)
    return _("以后“%(topics)s”不用%(channels)s发，在“消息”里还看得到。", topics=named, channels=by)


def _topics(wish: NoticeWish) -> str:
    return topics.names(wish.topics, language()) if wish.topics else _("所有提醒")
