"""A letter as it goes over the wire: text and HTML, what belongs to it, and the headers it needs.

The same parcel gives the same bytes over all tries (its parts are parted by its reference), so
that whoever compares two of them finds one letter.
"""

import re
from collections.abc import Sequence
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, Policy
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import quote

import msgspec

from notifications.channels.base import Enclosure, Parcel, Refused
from notifications.settings import SmtpSettings
from runtime import clock

_ADDRESS = re.compile(r"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_LINK = re.compile(r"https?://[!-;=?-~]+", re.ASCII)
BUTTON = (
    '<p style="margin:24px 0 0"><a href="{link}" style="display:inline-block;background:#f5b041;'
    "color:#14213d;padding:14px 28px;border-radius:12px;font-weight:600;"
    'text-decoration:none">{label}</a></p>'
)


class Links(UnstructuredHeader, BaseHeader):
    """A header of addresses in angle brackets, folded between them.

    `email` would hide a long address in an encoded word, which nobody who reads it expects.
    """

    def fold(self, *, policy: Policy) -> str:
        """The whole header, a line for each address."""
        return f"{self.name}: {str(self).replace('>, <', f'>,{policy.linesep} <')}{policy.linesep}"


class Labels(msgspec.Struct, frozen=True):
    """What stands in a letter besides its own words, in one language."""

    button: str
    sender: str
    unsubscribe: str


def written(parcel: Parcel, settings: SmtpSettings) -> EmailMessage:
    """The letter. Raises Refused for a recipient to whom no letter can be written."""
    if not _ADDRESS.fullmatch(parcel.recipient):
        raise Refused("address")
    letter = EmailMessage(policy=_policy())
    letter["From"] = Address(settings.mail_sender, addr_spec=settings.mail_from)
    letter["To"] = Address(addr_spec=parcel.recipient)
    letter["Subject"] = _line(parcel.words["subject"])
    letter["Date"] = parcel.created_at or clock.now()
    letter["Message-ID"] = message_id(parcel.reference, settings)
    letter["Auto-Submitted"] = "auto-generated"
    _let_unsubscribe(letter, parcel, settings)
    letter.set_content(_text(parcel), cte="base64")
    letter.add_alternative(_html(parcel, settings), subtype="html", cte="base64")
    _enclose(letter, parcel.enclosures)
    _part(letter, parcel.reference)
    return letter


def message_id(reference: str, settings: SmtpSettings) -> str:
    """The same over all tries."""
    return f"<{reference}@{settings.mail_from.partition('@')[2]}>"


def _let_unsubscribe(letter: EmailMessage, parcel: Parcel, settings: SmtpSettings) -> None:
    """One click (RFC 8058), and a letter where somebody reads them."""
    if not _LINK.fullmatch(parcel.unsubscribe):
        return
    ways = [f"<{parcel.unsubscribe}>"]
    if settings.mail_unsubscribe:
        subject = quote(f"unsubscribe {parcel.reference}")
        ways.append(f"<mailto:{settings.mail_unsubscribe}?subject={subject}>")
    letter["List-Unsubscribe"] = ", ".join(ways)
    if parcel.unsubscribe.startswith("https://"):
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _text(parcel: Parcel) -> str:
    labels, lines = _labels()[parcel.language], [parcel.words["text"]]
    if parcel.link and parcel.link not in parcel.words["text"]:
        lines.append(parcel.link)
    foot = [labels.sender]
    if _LINK.fullmatch(parcel.unsubscribe):
        foot.append(f"{labels.unsubscribe}: {parcel.unsubscribe}")
    return "\n\n".join([*lines, "-- \n" + "\n".join(foot)]) + "\n"


def _html(parcel: Parcel, settings: SmtpSettings) -> str:
    labels = _labels()[parcel.language]
    paragraphs = "\n".join(
        f'<p style="margin:0 0 12px">{escape(each.strip()).replace(chr(10), "<br>")}</p>'
        for each in parcel.words["text"].split("\n\n")
    )
    foot = escape(labels.sender)
    if _LINK.fullmatch(parcel.unsubscribe):
        way = escape(parcel.unsubscribe)
        foot += f'<br><a href="{way}" style="color:#47526a">{escape(labels.unsubscribe)}</a>'
    return _form().substitute(
        lang="zh-CN" if parcel.language == "zh" else "en",
        subject=escape(_line(parcel.words["subject"])),
        sender=escape(settings.mail_sender),
        paragraphs=paragraphs,
        button=_button(parcel, labels),
        foot=foot,
    )


def _button(parcel: Parcel, labels: Labels) -> str:
    if not _LINK.fullmatch(parcel.link):
        return ""
    label = parcel.words.get("button") or labels.button
    return BUTTON.format(link=escape(parcel.link), label=escape(label))


def _enclose(letter: EmailMessage, enclosures: Sequence[Enclosure]) -> None:
    for each in enclosures:
        main, _, sub = each.media_type.partition("/")
        letter.add_attachment(
            each.content, maintype=main, subtype=sub or "octet-stream", filename=_line(each.name)
        )


def _part(letter: MIMEPart, reference: str) -> None:
    """Name what parts the parts, which `email` would draw by lot."""
    for number, each in enumerate(letter.walk()):
        if each.is_multipart():
            each.set_boundary(f"={reference}-{number}=")


def _line(text: str) -> str:
    """One line: a header ends where its line does."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@cache
def _policy() -> Any:
    registry = HeaderRegistry()
    registry.map_to_type("list-unsubscribe", Links)
    return SMTP.clone(header_factory=registry)


@cache
def _labels() -> dict[str, Labels]:
    source = files("notifications.channels").joinpath("letter.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=dict[str, Labels])


@cache
def _form() -> Template:
    source = files("notifications.channels").joinpath("letter.html")
    return Template(source.read_text(encoding="utf-8"))
