"""What every room of the desk stands in: who may enter, its place in the bar, how a deed goes.

A room is a blueprint made by `desk`; the bar shows the rooms of the person's role in the order in
which `portal.app.BLUEPRINTS` names them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_login import current_user

from portal import words
from portal.access import staff_only
from runtime.errors import NotFound, Refused

AGENTS = ("agent", "lead", "admin")
FINANCE = ("finance", "lead", "admin")
COUNTER = ("agent", "finance", "lead", "admin")
FIELD = ("field", "lead", "admin")
LEADS = ("lead", "admin")
AUDIT = ("inspector", "admin")
ADMINS = ("admin",)


@dataclass(frozen=True)
class Room:
    """A room of the desk as the bar shows it."""

    blueprint: str
    title: LazyString
    icon: str
    roles: frozenset[str]


_rooms: dict[str, Room] = {}


def desk(
    name: str, import_name: str, title: LazyString, roles: Collection[str], *, icon: str = "bill"
) -> Blueprint:
    """The blueprint `desk_<name>` under `/desk/<name>`, open to `roles` alone.

    Its first page is the endpoint `index`.
    """
    blueprint = Blueprint(f"desk_{name}", import_name, url_prefix=f"/desk/{name}")
    return room(blueprint, title, roles, icon=icon)


def room(
    blueprint: Blueprint, title: LazyString, roles: Collection[str], *, icon: str
) -> Blueprint:
    """Make a blueprint a room of the bar, open to `roles` alone; it begins at `index`."""
    _rooms[blueprint.name] = Room(blueprint.name, title, icon, frozenset(roles))
    return staff_only(blueprint, roles)


def rooms(role: str | None) -> list[Room]:
    """The rooms that a role may enter, in the order of the bar."""
    known = (_rooms.get(name) for name in current_app.blueprints)
    return [room for room in known if room is not None and role in room.roles]


def leads() -> bool:
    """Whether the asker leads others: sees their work, and may give it to somebody else."""
    return current_user.staff_role in LEADS


def done(deed: Callable[[], object], way_on: str, said: str, way_back: str) -> ResponseReturnValue:
    """Do it and go on, or say why not and go back. Raises NotFound."""
    try:
        deed()
    except NotFound:
        raise
    except Refused as refusal:
        flash(words.refusal(refusal), "bad")
        return redirect(way_back, 303)
    if said:
        flash(said)
    return redirect(way_on, 303)
