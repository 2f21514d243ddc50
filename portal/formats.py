"""How figures, dates and names look on a page. Formatting happens here and nowhere else."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel import Locale
from flask import Flask
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.i18n import gettext as _
from portal.i18n import language
from runtime import clock, money

MINUS = "\N{MINUS SIGN}"
WH_PER_KWH = Decimal(1000)
MONTHS = Locale("en").months["format"]["wide"]
SHORT_MONTHS = Locale("en").months["format"]["abbreviated"]
_FORMS = "公司|集团|厂|企业|合作社|事务所|中心|学校|医院|银行|委员会|协会"
_ORGANISATION = re.compile(rf".{{3,}}(?:{_FORMS})|.+\W(?:co|ltd|limited|inc|llc|plc)\.?", re.I)
"""How the names of organisations end; a person's Chinese name is shorter."""
WEEKDAYS = (_l("周一"), _l("周二"), _l("周三"), _l("周四"), _l("周五"), _l("周六"), _l("周日"))


def register(app: Flask) -> None:
    """Offer every format to the templates as a filter of the same name."""
    for form in FILTERS:
        app.jinja_env.filters[form.__name__] = form


def yuan(fen: int) -> str:
    """14951 -> `149.51`; negative with a real minus sign."""
    return money.yuan(fen)


def amount(fen: int) -> str:
    """14951 -> `¥149.51`."""
    return f"{MINUS if fen < 0 else ''}¥{money.yuan(abs(fen))}"


def about(fen: int) -> str:
    """What is estimated is said in whole yuan: 17249 -> `¥172`."""
    return f"¥{Decimal(fen) / 100:,.0f}"


def change(fen: int) -> str:
    """8247 -> `+82.47`, -216 -> `−2.16`."""
    return f"+{money.yuan(fen)}" if fen > 0 else money.yuan(fen)


def kwh(wh: int, digits: int | None = None) -> str:
    """Wh as a number of kWh: whole ones plain (`286`), others with one digit (`11.8`)."""
    if digits is None:
        digits = 0 if wh % 1000 == 0 or abs(wh) >= 1_000_000 else 1
    return f"{Decimal(wh) / WH_PER_KWH:,.{digits}f}".replace("-", MINUS)


def energy(wh: int, digits: int | None = None) -> str:
    """Wh with its unit: `286 度`, `286 kWh`."""
    return _("%(number)s 度", number=kwh(wh, digits))


def exact(kwh: Decimal) -> str:
    """kWh as a bill counts them, to a hundredth: `214.10 度`; whole ones plain: `286 度`."""
    digits = 0 if kwh == kwh.to_integral_value() else 2
    return _("%(number)s 度", number=f"{kwh:,.{digits}f}".replace("-", MINUS))


def power(watts: int) -> str:
    """W as kW with its unit: `1.85 千瓦`; the larger, the fewer decimals."""
    digits = 2 if abs(watts) < 10_000 else 1 if abs(watts) < 100_000 else 0
    text = f"{Decimal(watts) / 1000:,.{digits}f}"
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return _("%(number)s 千瓦", number=short)


def power_factor(hundredths: int) -> str:
    """92 -> `0.92`."""
    return f"{Decimal(hundredths) / 100:.2f}"


def weekday(when: date) -> str:
    """`周四`, `Thursday`."""
    return str(WEEKDAYS[when.weekday()])


def number(value: Decimal) -> str:
    """A quantity with its own decimals, thousands parted, no zeros that say nothing."""
    text = f"{value:,f}"
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return short.replace("-", MINUS)


def register_name(register: str) -> str:
    """A meter's register in words."""
    return {"import": _("用电"), "export": _("送上电网"), "reactive": _("无功")}[register]


def joined(sentences: Iterable[str]) -> str:
    """Sentences one after the other, parted as the language parts them; empty ones left out."""
    return (" " if language() == "en" else "").join(each for each in sentences if each)


def channel_name(channel: str) -> str:
    """The way in which a payment came, in words."""
    known = {
        "wechat": _("微信支付"),
        "alipay": _("支付宝"),
        "unionpay": _("云闪付 / 银联"),
        "counter": _("营业厅现金"),
        "bank": _("银行代扣"),
        "hall": _("营业厅"),
        "agent": _("代收点"),
    }
    return known.get(channel, _("其他方式"))


def price(yuan_per_unit: Decimal | str) -> str:
    """A price of the tariff, unrounded, with at least three decimals: `0.588`, `0.050`."""
    text = f"{Decimal(yuan_per_unit):f}"
    decimals = text.partition(".")[2].rstrip("0")
    return f"{Decimal(text):.{max(3, len(decimals))}f}".replace("-", MINUS)


def day(when: date) -> str:
    """`12 月 18 日`, with the year when it is not this one."""
    if when.year == clock.today().year:
        return _("%(month)s 月 %(day)s 日", month=_month_name(when.month), day=when.day)
    return full_day(when)


def full_day(when: date) -> str:
    """`2026 年 12 月 18 日`, for what is kept for years."""
    parts = {"year": when.year, "month": _month_name(when.month), "day": when.day}
    return _("%(year)s 年 %(month)s 月 %(day)s 日", **parts)


def month(period: str) -> str:
    """A billing period `2026-11` -> `11 月`, with the year when it is not this one."""
    if period[:4] != f"{clock.today():%Y}":
        return full_month(period)
    return _("%(month)s 月", month=_month_name(int(period[5:])))


def full_month(period: str) -> str:
    """A billing period `2026-11` -> `2026 年 11 月`."""
    return _("%(year)s 年 %(month)s 月", year=period[:4], month=_month_name(int(period[5:])))


def short_month(number: int) -> str:
    """`11 月`, `Nov`: where there is little room."""
    return SHORT_MONTHS[number] if language() == "en" else _("%(month)s 月", month=number)


def clock_time(when: datetime) -> str:
    """`20:14` in Beijing time."""
    return when.astimezone(clock.BEIJING).strftime("%H:%M")


def moment(when: datetime) -> str:
    """`今天 06:10`, or with the day when it was not today."""
    civil = clock.civil_date(when)
    named = _("今天") if civil == clock.today() else day(civil)
    return f"{named} {clock_time(when)}"


def full_moment(when: datetime) -> str:
    """`2026 年 12 月 11 日 20:14`, for what is kept for years."""
    return f"{full_day(clock.civil_date(when))} {clock_time(when)}"


def deadline(when: datetime) -> str:
    """Before what time something must be: `20:14` today; a midnight is the day's 24:00."""
    if when == clock.civil_midnight(clock.civil_date(when)):
        last = clock.civil_date(when) - timedelta(days=1)
        named = _("今天") if last == clock.today() else day(last)
        return f"{named} 24:00"
    return clock_time(when) if clock.civil_date(when) == clock.today() else moment(when)


def days_left(due: date) -> str:
    """`还有 7 天`, `就在今天`, `晚了 3 天`."""
    days = (due - clock.today()).days
    if days == 0:
        return _("就在今天")
    if days > 0:
        return ngettext("还有 %(num)s 天", "还有 %(num)s 天", days)
    return ngettext("晚了 %(num)s 天", "晚了 %(num)s 天", -days)


def masked_name(name: str | None) -> str:
    """`王建华` -> `王*华`; enough to know oneself by, too little for others.

    An organisation's name is no secret, it stands in a public register: it stays whole, so that
    whoever pays for a firm sees exactly which one.
    """
    text = (name or "").strip()
    if len(text) <= 1 or _ORGANISATION.fullmatch(text):
        return text
    if not is_han(text):
        return f"{text.split()[0]} {text.split()[-1][0]}." if " " in text else text[0] + "***"
    return text[0] + "*" + (text[-1] if len(text) > 2 else "")


def masked_phone(phone: str) -> str:
    """`13800002046` -> `138 **** 2046`."""
    return f"{phone[:3]} **** {phone[-4:]}"


def grouped(number: str) -> str:
    """`420011875603` -> `4200 1187 5603`, as it is read aloud."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _month_name(number: int) -> int | str:
    """Chinese counts the months, English names them."""
    return MONTHS[number] if language() == "en" else number


def is_han(text: str) -> bool:
    """Whether a name is written in Chinese characters, in whole or part."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


FILTERS = (
    yuan,
    amount,
    about,
    change,
    kwh,
    energy,
    exact,
    power,
    power_factor,
    weekday,
    number,
    register_name,
    channel_name,
    joined,
    price,
    day,
    full_day,
    month,
    full_month,
    clock_time,
    moment,
    full_moment,
    deadline,
    days_left,
    masked_name,
    masked_phone,
    grouped,
)
