"""What both providers of text messages share: the box, the registered templates, the limits.

A provider has no memory of references: the same one twice is two messages. A template that
nobody has registered is taken all the same, under its code and with its words unknown.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from flask import current_app

from sandbox import box, clock, conditions, messages, sms_pushes
from sandbox.messages import Message

MOBILE = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})", re.ASCII)
LIMIT = "sms_limit"
"""The condition that says how many messages a phone may get in a minute."""


@dataclass(frozen=True)
class Template:
    """A wording as a provider has approved it; `variables` in the order of its text."""

    code: str
    name: str
    text: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """A message that a provider is asked to send."""

    provider: str
    phone: str
    signature: str
    code: str
    params: Mapping[str, str]
    reference: str


def phone(given: str) -> str | None:
    """The eleven digits of a mainland mobile number; None for anything else."""
    found = MOBILE.fullmatch(given)
    return found[1] if found else None


def is_out_of_order(provider: str) -> bool:
    """Whether the provider does nothing of what is asked, alone or with all others."""
    return any(box.current().faults.refuses(each) for each in ("sms", provider))


def before_answering(provider: str) -> None:
    """Lose the answer, or take the time that a tester ordered."""
    for each in ("sms", provider):
        box.current().faults.linger(each)
        box.current().faults.lose(each)


def is_signature(name: str) -> bool:
    return name == str(current_app.config["SMS_SIGNATURE"])


def register(db: Connection, provider: str, template: Template) -> None:
    """Approve a template, in place of the one before."""
    values = (provider, template.code, template.name, template.text, json.dumps(template.variables))
    db.execute("insert or replace into sms_template values (?, ?, ?, ?, ?)", values)


def template(db: Connection, provider: str, code: str) -> Template | None:
    row = db.execute(
        "select code, name, text, variables from sms_template where provider = ? and code = ?",
        (provider, code),
    ).fetchone()
    if row is None:
        return None
    return Template(row["code"], row["name"], row["text"], tuple(json.loads(row["variables"])))


def is_too_often(db: Connection, provider: str, recipient: str) -> bool:
    """Whether the phone has had in this minute what a tester allows it."""
    most = int(conditions.get(db, LIMIT) or 0)
    if not most:
        return False
    row = db.execute(
        "select count(*) as had from message"
        " where medium = 'sms' and recipient = ? and provider = ? and created_at > ?",
        (recipient, provider, clock.now() - 60),
    ).fetchone()
    return int(row["had"]) >= most


def take(db: Connection, order: Order, known: Template | None, number: str) -> None:
    """Lay it into the box, and owe the merchant a report."""
    words = f"【{order.signature}】{_filled(known, order.params)}" if known else ""
    content = {
        "phone": order.phone,
        "signature": order.signature,
        "code": order.code,
        "template": known.name if known else order.code,
        "params": order.params,
        "text": words,
        "segments": segments(words),
    }
    kept = json.dumps(content, ensure_ascii=False)
    put = messages.put(db, "sms", number, order.reference, order.phone, kept, order.provider)
    sms_pushes.owe_report(db, order.provider, put)


def _filled(known: Template, params: Mapping[str, str]) -> str:
    """The words with `${name}` or `{1}` replaced."""
    values = dict(params) | {
        str(place): params.get(name, "") for place, name in enumerate(known.variables, 1)
    }
    return re.sub(r"\$?\{(\w+)\}", lambda found: values.get(found[1], ""), known.text)


def sent_to(
    db: Connection, provider: str, recipient: str, start: float, end: float
) -> list[Message]:
    """What a phone got from this provider from `start` until before `end`, the newest first."""
    rows = db.execute(
        "select * from message where medium = 'sms' and recipient = ? and provider = ?"
        " and created_at >= ? and created_at < ? order by id desc",
        (recipient, provider, start, end),
    )
    return [messages.message(row) for row in rows]


def last_provider(db: Connection, recipient: str) -> tuple[str, str] | None:
    """Whose number a phone would answer to: provider and signature of its newest message."""
    row = db.execute(
        "select provider, content from message"
        " where medium = 'sms' and recipient = ? and provider <> '' order by id desc limit 1",
        (recipient,),
    ).fetchone()
    return (row["provider"], json.loads(row["content"])["signature"]) if row else None


def segments(text: str) -> int:
    """Messages that a text takes: 70 UTF-16 units for one, 67 for each of several."""
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= 70 else -(-units // 67)


def by_place(known: Template | None, values: Sequence[Any]) -> dict[str, str]:
    """Values without names under the names of the template; under their places without one."""
    names = known.variables if known else [str(place) for place in range(1, len(values) + 1)]
    return dict(zip(names, map(str, values), strict=True))
