"""What the meter's dials showed, as a table."""

from dataclasses import dataclass
from decimal import Decimal

from portal import formats
from portal.i18n import gettext as _
from service.bills import BillView, MeterReading

CHARGED = 2
"""Decimals of a kWh that are charged; dials may show more."""


@dataclass(frozen=True)
class Grid:
    """A table: what is read stands left, figures stand right, `note` below."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def readings(bill: BillView) -> Grid | None:
    """The dials at the beginning and the end of the month; None where none are known."""
    if not bill.readings:
        return None
    digits = max(_decimals(each) for each in bill.readings)
    first, last = bill.summary.from_day, bill.summary.to_day
    return Grid(
        heads=(
            _("电表"),
            _("%(day)s 0 点", day=formats.day(first)),
            _("%(day)s 24 点", day=formats.day(last)),
            _("相差"),
        ),
        rows=tuple(_row(each, digits) for each in bill.readings),
        note=_("电表走到 0.001 度，收费算到 0.01 度。") if digits > CHARGED else "",
    )


def _row(reading: MeterReading, digits: int) -> tuple[str, ...]:
    figures = (reading.start, reading.end, reading.difference)
    name = f"{reading.meter_no} {formats.register_name(reading.register)}"
    return (name, *(f"{figure:,.{digits}f}".replace("-", formats.MINUS) for figure in figures))


def _decimals(reading: MeterReading) -> int:
    """How many a reading needs, all alike: none or as many as are charged, or those of the dial."""
    needed = max(-_exponent(figure) for figure in (reading.start, reading.end))
    return needed if needed <= 0 or needed > CHARGED else CHARGED


def _exponent(figure: Decimal) -> int:
    exponent = figure.normalize().as_tuple().exponent
    return min(0, int(exponent))
