"""What customers of the demo have asked for: some of it done, some on its way, some late.

Everything goes the ways of the house itself, each deed under a key of its own, so that a second
call changes nothing. All people and places are invented.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from denghuo.house import Place
from denghuo.wiring import wire
from runtime import clock, crypto
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.errors import Refused
from runtime.settings import CryptoSettings, load
from service.people.links import linked_accounts
from service.people.users import find_by_phone
from service.requests import asking, moving, ratings, talking
from service.requests.askers import Asker
from service.requests.kinds import kind
from service.requests.models import Request

AGENT, LEAD = "13800009600", "13800009603"
FIELD = ("13800009604", "13800009605")
HOME, ELDERS, PV_HOME, SHOP, FIRM = (
    "13800002046",
    "13800001932",
    "13800002587",
    "13800002719",
    "13800002960",
)
HERE = {
    "梧桐里": "31.091200,113.082600",
    "柳荫路": "31.096900,113.076700",
    "临江苑": "31.085400,113.089200",
    "青杉湾": "31.079600,113.097900",
    "纺织东路": "31.108500,113.103800",
    "码头路": "31.072800,113.071400",
}
"""Where the streets of the city lie, latitude and longitude."""


@dataclass(frozen=True)
class Deed:
    """A step that was reached so many minutes after the asking."""

    step: str
    minutes: int
    by: str = AGENT
    note: str = ""
    filled: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """One request: who asked (a phone, or None for a stranger), how many minutes ago, for what."""

    name: str
    kind: str
    minutes_ago: int
    told: dict[str, str]
    who: str | None = None
    deeds: tuple[Deed, ...] = ()
    assigned: str | None = None
    urgent: bool = False
    needs: str = ""
    said: tuple[tuple[str, str], ...] = ()  # (customer or the phone of staff, words)
    score: tuple[int, str] | None = None


DAY, HOUR = 24 * 60, 60


def _repair(name: str, ago: int, where: str, trouble: str = "no_power", **more: object) -> Story:
    told = {"trouble": trouble, "address": where, "phone": f"1390000{len(where):02}{ago % 100:02}"}
    return Story(name, "outage_repair", ago, told, **more)  # type: ignore[arg-type]


SENT = Deed("crew_sent", 6, AGENT, "抢修三班去")
MENDED = (
    SENT,
    Deed("arrived", 31, FIELD[0]),
    Deed("restored", 74, FIELD[0], "", {"cause": "meter", "done": "换了表前开关"}),
)
STORIES = (
    _repair("oxygen", 3, "梧桐里 9 栋 201", urgent=True),
    _repair("flicker", 21, "柳荫路 12 号", "voltage"),
    _repair("box", 33, "临江苑 1 栋 602", "meter", deeds=(SENT,), assigned=FIELD[0]),
    _repair("pole", 58, "码头路 21 号旁", "line", deeds=(SENT,), assigned=FIELD[0]),
    _repair("half", 16, "青杉湾 3 号", "part", deeds=(SENT,), assigned=FIELD[0]),
    _repair("night", 9 * HOUR, "柳荫路 20 号", "meter", deeds=MENDED),
    _repair("street", 30 * HOUR, "纺织东路 40 号", "meter", deeds=MENDED),
    _repair("late", 52 * HOUR, "码头路 5 号", "meter", deeds=(SENT, Deed("arrived", 96, FIELD[1]))),
    _repair("mended", 4 * DAY, "临江苑 2 栋 301", "meter", deeds=MENDED),
    _repair("mended-2", 9 * DAY, "梧桐里 3 栋 104", "meter", deeds=MENDED),
    _repair("mended-3", 13 * DAY, "青杉湾 11 号", "meter", deeds=MENDED),
    Story(
        "charger",
        "ev_charger",
        3 * DAY,
        {"address": "梧桐里地下车库 B2-117", "capacity": "7", "space": "owned"},
        HOME,
        (
            Deed(
                "visited",
                DAY + 3 * HOUR,
                FIELD[0],
                "表箱有空位，从 B2 东墙走线，42 米。",
                {"wiring": "表箱有空位，从 B2 东墙走线，42 米。"},
            ),
        ),
        assigned=FIELD[0],
        said=(
            ("customer", "装的那天家里要有人吗？"),
            (AGENT, "不用。车位能进就行，装好给您打电话。"),
        ),
    ),
    Story(
        "reading",
        "dispute",
        26 * HOUR,
        {"reason": "too_high", "note": "十一没在家，怎么还多了。"},
        HOME,
        (Deed("checking", 4 * HOUR),),
        assigned=AGENT,
    ),
    Story(
        "test",
        "meter_check",
        2 * DAY,
        {"reason": "fast", "address": "柳荫路 8 号"},
        ELDERS,
        (Deed("agreed", 5 * HOUR, AGENT, "上门前半小时给您打电话。"),),
        assigned=FIELD[1],
    ),
    Story(
        "call",
        "call_back",
        20 * DAY,
        {"about": "想问问大字账单怎么寄", "time": "morning"},
        ELDERS,
        (Deed("called", 3 * HOUR, AGENT, "", {"outcome": "answered"}),),
        score=(5, "说得很清楚，谢谢姑娘。"),
    ),
    Story(
        "roof",
        "pv_connection",
        6 * DAY,
        {"capacity": "5.5", "mode": "own_use", "address": "青杉湾 7 号"},
        PV_HOME,
        (Deed("answered", 2 * DAY, FIELD[1], "", {"plan": "单相接入，从 3 号变出线。"}),),
    ),
    Story(
        "name",
        "transfer",
        2 * DAY + 3 * HOUR,
        {"reason": "renamed", "new_holder": "刘满仓", "note": "营业执照上的名字换了。"},
        SHOP,
        assigned=AGENT,
        needs="营业执照的照片看不清，请再拍一张。",
    ),
    Story(
        "kitchen",
        "complaint",
        20 * HOUR,
        {"about": "outages", "story": "这个月停了三次电，面都糊了。"},
        SHOP,
        assigned=LEAD,
    ),
    Story(
        "factory",
        "increase_capacity",
        9 * DAY,
        {"supply": "high_single", "capacity": "1250", "address": "纺织东路 1 号"},
        FIRM,
        (
            Deed(
                "agreed",
                3 * DAY,
                FIELD[1],
                "",
                {"plan": "10 千伏纺织线 T 接，新装 630 千伏安一台。", "capacity": "1250"},
            ),
        ),
        assigned=AGENT,
    ),
    Story(
        "site",
        "temporary_supply",
        15 * DAY,
        {
            "purpose": "works",
            "address": "柳荫路 20 号工地",
            "capacity": "50",
            "holder": "江城柳荫建设有限公司",
            "months": "6",
        },
        FIRM,
        (
            Deed("agreed", 2 * DAY, FIELD[0], "", {"plan": "低压接入。", "capacity": "50"}),
            Deed("energised", 6 * DAY, FIELD[0], "", {"meter": "M3520077", "reading": "0"}),
        ),
        score=(2, "电是通了，说好上午来，等到下午四点。"),
    ),
    Story(
        "tiers",
        "suggestion",
        5 * DAY,
        {"story": "账单上写清楚每一档还剩多少。"},
        HOME,
        (Deed("answered", 2 * DAY, LEAD, "", {"answer": "已经加上了，首页就能看到。"}),),
        score=(4, ""),
    ),
)


def settle_requests(place: Place) -> None:
    """Ask for all of it, and do what has been done; a second call changes nothing."""
    wire()
    crypto.use_keys(KeyRing.from_settings(load(CryptoSettings, var=place.var)))
    database = Database.from_settings(load(CryptoSettings, var=place.var))
    try:
        for story in STORIES:
            with database.unit_of_work() as session:
                _tell(session, story, clock.now())
    finally:
        database.dispose()


def _tell(session: Session, story: Story, now: datetime) -> None:
    """One story from its beginning; one that was told before is passed over whole."""
    asker, key = _asker(session, story), f"demo-{story.name}"
    if asking.opened(session, asker, key) is not None:
        return
    asked_at = now - timedelta(minutes=story.minutes_ago)
    request = _ask(session, asker, story, key, asked_at)
    for deed in story.deeds:
        moving.complete(
            session,
            request.request_no,
            deed.step,
            by=_person(session, deed.by),
            note=deed.note,
            values=deed.filled,
            at=asked_at + timedelta(minutes=deed.minutes),
        )
    _around(session, asker, story, request)


def _around(session: Session, asker: Asker, story: Story, request: Request) -> None:
    """Who has it in hand, what is asked of the customer, what was said, how it was."""
    number, agent = request.request_no, _person(session, AGENT)
    if story.assigned:
        moving.assign(session, [number], _person(session, story.assigned), by=agent)
    if story.urgent:
        moving.urge(session, number, urgent=True, by=agent)
    if story.needs:
        moving.pause(session, number, story.needs, by=agent)
    for at, (who, words) in enumerate(story.said):
        if who == "customer":
            talking.say(session, asker, number, words, f"demo-{at}")
        else:
            by = _person(session, who)
            talking.answer(session, number, words, by=by, key=f"demo-{at}")
    if story.score:
        ratings.rate(session, asker, number, *story.score)


def _ask(session: Session, asker: Asker, story: Story, key: str, asked_at: datetime) -> Request:
    wanted = kind(story.kind)
    told = dict(story.told)
    account = None
    if story.who and asker.user_id is not None:
        account = linked_accounts(session, asker.user_id)[0].account_no
        told.setdefault("phone", story.who)
    names = {each.name for each in wanted.fields}
    place = next((name for name in HERE if name in told.get("address", "")), None)
    if place and "point" in names:
        told["point"] = HERE[place]
    prepared = asking.prepare(session, asker, story.kind, account)
    for each in prepared.fields:
        if each.field.type == "bill" and each.value:
            told.setdefault(each.field.name, each.value)
        if each.field.type == "day" and each.field.required:
            day = clock.today() + timedelta(days=int(each.field.least or 0) + 3)
            told.setdefault(each.field.name, day.isoformat())
    account = account if wanted.account != "none" else None
    return asking.apply(session, asker, story.kind, account, told, key, at=asked_at)


def _asker(session: Session, story: Story) -> Asker:
    if story.who is None:
        return Asker.of_browser(f"demo-{story.name}")
    return Asker.of_user(_person(session, story.who))


def _person(session: Session, phone: str) -> int:
    """Raises Refused for a phone that has no log-in."""
    found = find_by_phone(session, phone)
    if found is None:
        raise Refused("person.not_found")
    return found.id
