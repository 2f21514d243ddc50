"""The slip of a visit: what was done, when, by whom, and who signed for it."""

from dataclasses import dataclass

from flask import g
from flask_babel import ngettext

from portal import formats
from portal.field import saying
from portal.i18n import gettext as _
from portal.i18n import language, utility_name
from portal.requests import saying as requests_saying
from portal.settings import current_settings
from service.field import visiting
from service.field.models import FieldVisit
from service.models import Account, User
from service.requests import moving, reading
from service.requests.models import Request

Pair = tuple[str, str]


@dataclass(frozen=True)
class Slip:
    """All words and figures of the paper; `signed` says by whom, whether by hand or by name."""

    language: str
    issuer: str
    kind: str
    hotline: str
    title: str
    step: str
    facts: tuple[Pair, ...]
    found_title: str
    found: tuple[Pair, ...]
    note: str
    signed_title: str
    signed: str
    foot: str


def slip(visit: FieldVisit, request: Request) -> Slip:
    """What the slip of a visit says."""
    return Slip(
        language=language(),
        issuer=utility_name(),
        kind=_("现场服务单"),
        hotline=_("服务电话 %(hotline)s", hotline=current_settings().hotline),
        title=requests_saying.kind_name(request.kind),
        step=_step(visit, request),
        facts=_facts(visit, request),
        found_title=_("现场情况"),
        found=_found(visit, request),
        note=visit.note or "",
        signed_title=_("客户签字"),
        signed=visit.signer or ("" if visit.signature else _("没有签字")),
        foot=_(
            "受理号 %(number)s，%(at)s",
            number=request.request_no,
            at=formats.full_moment(visit.done_at),
        ),
    )


def _step(visit: FieldVisit, request: Request) -> str:
    name = saying.step_name(request, visit.step)
    if visit.deed == visiting.PAUSE:
        return _("%(step)s：没有办成，等客户", step=name)
    return name


def _facts(visit: FieldVisit, request: Request) -> tuple[Pair, ...]:
    account = g.session.get(Account, request.account_no) if request.account_no else None
    address = reading.values(request).get("address") or (account.address if account else "")
    facts = [
        (_("受理号"), request.request_no),
        (_("户名"), formats.masked_name(account.holder_name) if account else ""),
        (_("户号"), formats.grouped(account.account_no) if account else ""),
        (_("地址"), address),
        (_("时间"), formats.full_moment(visit.done_at)),
        (_("电表"), _meter(visit)),
        (_("经办"), saying.colleague(g.session.get(User, visit.worker_id))),
        (_("照片"), _photos(visit)),
    ]
    return tuple((name, fact) for name, fact in facts if fact)


def _meter(visit: FieldVisit) -> str:
    if visit.meter_no is None or visit.meter_agrees is None:
        return visit.meter_no or ""
    if visit.meter_agrees:
        return _("%(number)s，和户号对得上", number=visit.meter_no)
    return _("%(number)s，不是这一户登记的", number=visit.meter_no)


def _photos(visit: FieldVisit) -> str:
    count = len(visit.photos)
    return ngettext("%(num)s 张", "%(num)s 张", count) if count else ""


def _found(visit: FieldVisit, request: Request) -> tuple[Pair, ...]:
    step = next((each for each in moving.steps(request) if each.name == visit.step), None)
    filled = visiting.values(visit)
    return tuple(
        (requests_saying.said(each.label), requests_saying.value_words(each, filled[each.name]))
        for each in (step.form if step else ())
        if each.name in filled
    )
