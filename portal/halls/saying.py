"""A hall in words: when it is open, what is done there, where to call."""

from collections.abc import Sequence

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.i18n import gettext as _
from portal.i18n import language
from portal.settings import current_settings
from runtime import clock
from service.halls.models import Door, Hall, Opening, Span

SERVICES: dict[str, LazyString] = {
    "bills": _l("缴费"),
    "invoices": _l("发票"),
    "connection": _l("新装"),
    "business": _l("企业用电"),
    "capacity": _l("增减容量"),
    "transfer": _l("过户"),
    "meter": _l("校表"),
    "solar": _l("光伏并网"),
    "charger": _l("充电桩"),
    "complaints": _l("投诉建议"),
    "self_service": _l("24 小时自助"),
}


def name(hall: Hall) -> str:
    return hall.name.of(language())


def address(hall: Hall) -> str:
    return hall.address.of(language())


def phone(hall: Hall) -> str:
    """Its own number, else the hotline."""
    return hall.phone or current_settings().hotline


def services(hall: Hall) -> list[str]:
    """What is done there."""
    return [str(SERVICES[each]) for each in hall.services]


def hours(hall: Hall) -> str:
    """`工作日 08:30–17:30，双休日和节假日 09:00–16:00`."""
    working, off = hall.hours.working, hall.hours.days_off
    if working == off:
        return _("每天 %(hours)s", hours=_spans(working))
    words = {"working": _spans(working), "off": _spans(off)}
    if not off:
        return _("工作日 %(working)s，双休日和节假日不开", **words)
    return _("工作日 %(working)s，双休日和节假日 %(off)s", **words)


def today(opening: Opening) -> str:
    """When it is open today."""
    if not opening.today:
        return _("今天不开")
    return _("今天 %(hours)s", hours=_spans(opening.today))


def door(opening: Opening) -> str:
    """Whether one can go in, and until or from when."""
    if opening.door is Door.OPEN:
        if opening.closes_at is None:
            return _("现在开着")
        return _("现在开着，%(at)s 关门", at=formats.clock_time(opening.closes_at))
    if opening.opens_at is None:
        return _("最近一个月不开")
    if opening.door is Door.LATER:
        return _("现在没开，%(at)s 开门", at=formats.clock_time(opening.opens_at))
    day = clock.civil_date(opening.opens_at)
    at = f"{formats.day(day)} {formats.clock_time(opening.opens_at)}"
    return _("现在没开，%(at)s 开门", at=at)


def _spans(spans: Sequence[Span]) -> str:
    return _("、").join(span.words for span in spans) or _("不开")
