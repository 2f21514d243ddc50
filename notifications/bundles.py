"""What one person is told in one message: one thing, or several that may be told together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from notifications.channels import registry
from notifications.going_on import has_words
from notifications.kinds import Level, kind
from notifications.models import Notice
from notifications.preferences import Wishes, addresses
from notifications.together import DIGEST, MANY


@dataclass(frozen=True)
class Bundle:
    """Notices of one person for one message; `name` is the kind of its words.

    `plan` are the channels in order that there are words for and that reach the person; with
    `at_once` all of them are used, else the first.
    """

    user_id: int
    name: str
    level: Level
    notices: tuple[Notice, ...]
    wishes: Wishes
    plan: tuple[str, ...]
    to: Mapping[str, Sequence[str]]
    at_once: bool = False


def bundles(
    session: Session, notices: Sequence[Notice], known: Mapping[int, Wishes]
) -> list[Bundle]:
    """The bundles of many people; who is no longer there has none."""
    reach = _reach(session, notices, known)
    made = []
    for group in _grouped([each for each in notices if each.id in known], known):
        made.append(_bundle(session, group, known[group[0].id], reach))
    return made


def _grouped(notices: Sequence[Notice], known: Mapping[int, Wishes]) -> list[list[Notice]]:
    """Those of a person that may be told together, in the place of the first of them.

    Only what is wanted on the same channels: one must neither bring another where it was opted
    out of, nor keep it from where it is wanted.
    """
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for each in notices:
        found, wish = kind(each.kind), known[each.id]
        together = wish.channels, bool(wish.plan(found))
        alone = (each.id,)
        key = together if found.digest and wish.digest else alone
        groups.setdefault((each.user_id, *key), []).append(each)
    return list(groups.values())


def _bundle(
    session: Session,
    group: Sequence[Notice],
    wish: Wishes,
    reach: Mapping[str, Mapping[int, Sequence[str]]],
) -> Bundle:
    """On the channels of the one that knows most: what it may fall back to is for all of them."""
    leading = max((kind(each.kind) for each in group), key=lambda each: len(wish.plan(each)))
    user_id = group[0].user_id or 0
    name = _name(session, group, wish.language)
    plan = tuple(
        each
        for each in wish.plan(leading)
        if registry.offers(each)
        and reach[each].get(user_id)
        and has_words(session, name, each, wish.language)
    )
    return Bundle(
        user_id,
        name,
        _level(group),
        tuple(group),
        wish,
        plan,
        {each: reach[each][user_id] for each in plan},
        leading.all_channels,
    )


def _name(session: Session, group: Sequence[Notice], language: str) -> str:
    """One speaks for itself; several of a kind may have words of their own; else a digest."""
    names = {each.kind for each in group}
    if len(group) == 1:
        return group[0].kind
    many = f"{group[0].kind}{MANY}"
    if len(names) == 1 and any(has_words(session, many, each, language) for each in _ANY):
        return many
    return DIGEST


def _level(group: Sequence[Notice]) -> Level:
    levels = {kind(each.kind).level for each in group}
    return next(each for each in Level if each in levels)


def _reach(
    session: Session, notices: Sequence[Notice], known: Mapping[int, Wishes]
) -> dict[str, Mapping[int, Sequence[str]]]:
    """Where each person can be reached on each channel that is thought of."""
    users: dict[str, set[int]] = {each: set() for each in _ANY}
    for each in notices:
        if each.id in known and each.user_id is not None:
            for channel in known[each.id].plan(kind(each.kind)):
                users[channel].add(each.user_id)
    return {
        channel: addresses(session, ids, channel) if ids else {} for channel, ids in users.items()
    }


_ANY = ("wechat", "sms", "mail", "voice", "push")
