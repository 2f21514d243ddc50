"""What a campaign will take, before it is asked for: people, channels, messages, money, time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications import saying, wordings
from notifications.campaigns.segments import Criteria, count, people
from notifications.channels.base import Channel
from notifications.channels.segments import cost_fen, segments
from notifications.kinds import Level, kind
from notifications.preferences import wishes

SAMPLE = 5000
"""With more people than these the shares of the channels come from so many, taken at random."""
CHUNK = 500


class Estimate(msgspec.Struct, frozen=True):
    """`by_channel`: how many would be told by what first; `inbox` by the portal alone.

    `cost_fen` is what the SMS cost. `sampled`: reckoned from a part of the people.
    """

    people: int
    by_channel: dict[str, int]
    segments: int
    cost_fen: int
    minutes: int
    sampled: bool


def estimate(
    session: Session,
    criteria: Criteria,
    kind_name: str,
    words: dict[str, dict[str, str]],
    link: str,
    per_minute: int,
) -> Estimate:
    """Reckon with everybody's wishes as they are now; words are `{language: {title, text}}`."""
    total = count(session, criteria, kind_name)
    first: Counter[str] = Counter()
    parts = {
        each: _segments(session, kind_name, each, {**said, "link": saying.link(link)})
        for each, said in words.items()
    }
    in_sms = 0
    looked_at = _some(session, criteria, kind_name, total)
    for channel, language in _ways(session, looked_at, kind_name):
        first[channel] += 1
        in_sms += parts[language] if channel == Channel.SMS else 0
    share = total / len(looked_at) if looked_at else 0
    needed = round(in_sms * share)
    return Estimate(
        people=total,
        by_channel={channel: round(each * share) for channel, each in sorted(first.items())},
        segments=needed,
        cost_fen=cost_fen(needed),
        minutes=-(-total // per_minute),
        sampled=total > len(looked_at),
    )


def _some(session: Session, criteria: Criteria, kind_name: str, total: int) -> Sequence[int]:
    """All of the people, or a sample of them."""
    everybody = people(criteria, kind_name).subquery()
    query = select(everybody.c.user_id)
    if total > SAMPLE:
        query = query.order_by(func.random()).limit(SAMPLE)
    return session.scalars(query).all()


def _ways(session: Session, users: Sequence[int], kind_name: str) -> Iterator[tuple[str, str]]:
    """The first channel of each, and their language."""
    found = kind(kind_name)
    for start in range(0, len(users), CHUNK):
        for each in wishes(session, users[start : start + CHUNK], found.topic).values():
            yield next(iter(each.plan(found)), "inbox"), each.language


def _segments(session: Session, kind_name: str, language: str, said: Mapping[str, str]) -> int:
    """SMS that one message takes."""
    form = wordings.in_force(session, kind_name, Channel.SMS, language)
    return segments(form.fill(said)["text"], news=kind(kind_name).level is Level.NEWS)
