"""The areas, each with what is known of it: a map without streets."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.current import visitor
from runtime.errors import NotFound
from service.outages import finding, watching
from service.outages.finding import OutageView, Phase

MOST_TILES = 300
"""Areas up to which all are shown; of more only those of which there is something to say."""


@dataclass(frozen=True)
class Area:
    """An area: its full name, the part that its district leaves open, and its next outage."""

    name: str
    outage: OutageView | None

    @property
    def short(self) -> str:
        return self.name.rpartition("-")[2]


@dataclass(frozen=True)
class District:
    """Areas whose names begin alike."""

    name: str
    areas: list[Area]


@dataclass(frozen=True)
class Map:
    """The districts, and how many areas of which nothing is to be said are left out."""

    districts: list[District]
    left_out: int


@dataclass(frozen=True)
class AreaPage:
    """What the page of one area shows; `past` are those that are over, the last in front."""

    name: str
    awaited: list[OutageView]
    past: list[OutageView]
    is_watched: bool


def area_map(session: Session) -> Map:
    """Every area with the outage that is nearest."""
    nearest: dict[str, OutageView] = {}
    for outage in finding.current_and_coming(session):
        for name in outage.areas:
            nearest.setdefault(name, outage)
    names = watching.known_areas(session)
    shown = names if len(names) <= MOST_TILES else [each for each in names if each in nearest]
    return Map(_districts(Area(each, nearest.get(each)) for each in shown), len(names) - len(shown))


def area_page(session: Session, name: str) -> AreaPage:
    """One area. Raises NotFound for what is none and was in no outage."""
    found = finding.of_area(session, name)
    if not found and name not in watching.known_areas(session):
        raise NotFound("outage.area_unknown")
    awaited = [each for each in found if each.phase in (Phase.NOW, Phase.COMING)]
    return AreaPage(
        name=name,
        awaited=awaited[::-1],
        past=[each for each in found if each not in awaited],
        is_watched=name in watched_areas(session),
    )


def watched_areas(session: Session) -> set[str]:
    """The areas that the reader watches by choice; none for a stranger."""
    person = visitor()
    return watching.watched(session, person.id) if person else set()


def _districts(areas: Iterable[Area]) -> list[District]:
    found: dict[str, list[Area]] = defaultdict(list)
    for each in areas:
        found[each.name.rpartition("-")[0]].append(each)
    return [District(name, found[name]) for name in sorted(found)]
