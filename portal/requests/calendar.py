"""A visit as a file for calendars (RFC 5545)."""

from datetime import UTC, datetime

from portal.i18n import gettext as _
from portal.i18n import utility_name
from portal.requests import saying
from portal.settings import current_settings
from service.requests.models import Request
from service.requests.talk_models import Appointment

LONGEST_LINE = 75
"""Octets, without the line break."""


def visit(request: Request, appointment: Appointment, address: str) -> str:
    """One event. Moving a visit makes a newer one of the same name, which replaces the older."""
    title = _(
        "%(utility)s上门：%(kind)s",
        utility=utility_name(),
        kind=saying.kind_name(request.kind),
    )
    about = _(
        "受理号 %(number)s。有变动打 %(hotline)s。",
        number=request.request_no,
        hotline=current_settings().hotline,
    )
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Denghuo//Visits//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{request.request_no}-{appointment.step}@denghuo",
        f"SEQUENCE:{appointment.id}",
        f"DTSTAMP:{_stamp(appointment.at)}",
        f"DTSTART:{_stamp(appointment.starts_at)}",
        f"DTEND:{_stamp(appointment.ends_at)}",
        f"SUMMARY:{_text(title)}",
        f"DESCRIPTION:{_text(about)}",
        f"URL:{address}",
        "STATUS:CONFIRMED",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        "TRIGGER:-PT2H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return words.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A long line goes on in the next, which begins with a blank; no letter is cut in two."""
    parts, length = [""], 0
    for letter in line:
        octets = len(letter.encode())
        if length + octets > LONGEST_LINE:
            parts.append(" ")
            length = 1
        parts[-1] += letter
        length += octets
    return "\r\n".join(parts)
