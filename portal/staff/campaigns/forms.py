"""The form of a campaign: whom, what words, when and how fast."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from notifications.campaigns.course import (
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_PER_MINUTE,
    Plan,
)
from notifications.campaigns.models import Campaign
from notifications.campaigns.segments import Criteria, criteria_of
from portal.forms import Form, one_of, required
from portal.i18n import language
from portal.staff.campaigns.room import CHANNELS, KINDS
from portal.staff.classes import CLASSES
from runtime import clock
from runtime.errors import Refused
from service.bills import tariff_name
from service.models import ServicePoint

MOST_YEARS = 10
BANDS = {"low": _l("很少晚缴"), "middle": _l("有时晚缴"), "high": _l("常常晚缴")}
PAGES = {
    "/": _l("首页"),
    "/bills": _l("账单"),
    "/usage": _l("用电"),
    "/requests": _l("办事"),
    "/outages": _l("停电"),
}
"""Where the link of a campaign may lead: pages of ours."""


def _choices(options: dict[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in options.items()]


def ticked(label: object, options: dict[str, Any]) -> SelectMultipleField:
    """Any of a few values."""
    return SelectMultipleField(
        label,
        choices=_choices(options),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


def _in_these_years(_form: Form, field: DateTimeLocalField) -> None:
    """A year that nobody can mean is no date."""
    if field.data and abs(field.data.year - clock.today().year) > MOST_YEARS:
        raise ValidationError(_("请填日期和时间"))


class CampaignForm(Form):
    """A campaign as the desk writes it."""

    refusals = {  # noqa: RUF012
        "campaign.no_name": "name",
        "campaign.pace": "per_minute",
        "campaign.link": "link",
        "segment.area": "areas",
    }
    name = StringField(_l("起个名字"), [required(), Length(max=LONGEST_NAME)])
    kind = one_of(_l("哪一类消息"), KINDS.items(), validators=[required()])
    classes = ticked(_l("用电类别"), CLASSES)
    tariffs = ticked(_l("电价"), {})
    bands = ticked(_l("缴费习惯"), BANDS)
    in_arrears = BooleanField(_l("现在有过期没缴的账单"))
    areas = TextAreaField(_l("台区"))
    channel = SelectField(
        _l("用什么找得到"),
        choices=_choices(
            {"": _l("不限")} | {each: CHANNELS[each] for each in ("wechat", "mail", "push")}
        ),
    )
    title_zh = StringField(_l("标题"), [required(), Length(max=LONGEST_TITLE)])
    text_zh = TextAreaField(_l("正文"), [required(), Length(max=LONGEST_TEXT)])
    title_en = StringField(_l("英文标题"), [required(), Length(max=2 * LONGEST_TITLE)])
    text_en = TextAreaField(_l("英文正文"), [required(), Length(max=2 * LONGEST_TEXT)])
    link = SelectField(_l("点开看什么"), choices=_choices(PAGES))
    starts_at = DateTimeLocalField(
        _l("什么时候开始"),
        [InputRequired(_l("请填日期和时间")), _in_these_years],
        format="%Y-%m-%dT%H:%M",
    )
    per_minute = IntegerField(
        _l("一分钟最多发多少人"),
        [InputRequired(_l("请填一个数")), NumberRange(1, MOST_PER_MINUTE)],
    )


def campaign_form(session: Session, **given: Any) -> CampaignForm:
    """The form with the tariffs that there are; what is `given` stands in it at first."""
    form = CampaignForm(**given)
    known = session.scalars(select(ServicePoint.tariff).distinct().order_by(ServicePoint.tariff))
    form.tariffs.choices = _choices(tariff_names(known))
    return form


def tariff_names(tariffs: Iterable[str]) -> dict[str, str]:
    """What they are called now, in the reader's language."""
    today = f"{clock.today():%Y-%m}"
    return {each: tariff_name(each, today)[language()] for each in tariffs}


def of_campaign(campaign: Campaign) -> dict[str, Any]:
    """What stands in the form of a campaign that was written before."""
    said = campaign.words
    return of_criteria(criteria_of(campaign.criteria)) | {
        "name": campaign.name,
        "kind": campaign.kind,
        "title_zh": said["zh"]["title"],
        "text_zh": said["zh"]["text"],
        "title_en": said["en"]["title"],
        "text_en": said["en"]["text"],
        "link": campaign.link,
        "starts_at": campaign.starts_at.astimezone(clock.BEIJING),
        "per_minute": campaign.per_minute,
    }


def of_criteria(criteria: Criteria) -> dict[str, Any]:
    """What stands in the form of a query that was kept."""
    return {
        "classes": criteria.classes,
        "tariffs": criteria.tariffs,
        "bands": criteria.bands,
        "in_arrears": criteria.in_arrears,
        "areas": "\n".join(criteria.areas),
        "channel": criteria.channel or "",
    }


def plan(session: Session, form: CampaignForm) -> Plan:
    """The campaign as it was filled in. Raises Refused("segment.area", area=)."""
    return Plan(
        name=form.name.data,
        kind=form.kind.data,
        criteria=criteria(session, form),
        words={
            "zh": {"title": form.title_zh.data, "text": form.text_zh.data},
            "en": {"title": form.title_en.data, "text": form.text_en.data},
        },
        link=form.link.data,
        starts_at=_instant(form.starts_at.data),
        per_minute=form.per_minute.data,
    )


def criteria(session: Session, form: CampaignForm) -> Criteria:
    """Whom it is for. Raises Refused("segment.area", area=) for a place there is not."""
    return Criteria(
        tariffs=tuple(form.tariffs.data or ()),
        areas=_areas(session, form.areas.data or ""),
        classes=tuple(form.classes.data or ()),
        bands=tuple(form.bands.data or ()),
        in_arrears=form.in_arrears.data,
        channel=form.channel.data or None,
    )


def _areas(session: Session, typed: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(re.split(r"[\s,\uff0c]+", typed.strip()) if typed.strip() else ()))
    known = set(
        session.scalars(select(ServicePoint.area).where(ServicePoint.area.in_(wanted)).distinct())
    )
    for each in wanted:
        if each not in known:
            raise Refused("segment.area", area=each)
    return wanted


def _instant(typed: datetime) -> datetime:
    """What was typed is the time in Beijing."""
    return typed.replace(tzinfo=clock.BEIJING).astimezone(UTC)
