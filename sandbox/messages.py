"""The boxes in which everything lies that was sent: text messages, letters and the others.

Text messages come by their providers (`aliyun_sms.py`, `tencent_sms.py`), letters by SMTP.
"""

import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, render_template, request

from sandbox import box, clock
from sandbox.json_answers import in_json

messages = Blueprint("messages", __name__)

PHONE = re.compile(r"(\+86)?1[3-9]\d{9}", re.ASCII)
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
DELIVERY_SECONDS = 1.0
DEAD_ENDING = "0404"
"""A number that ends so, or a mailbox that begins with it, is never reached."""


class RejectedError(Exception):
    """The provider does not take a message: HTTP status, code, sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Message:
    """One message; its delivery follows from its age and its recipient."""

    id: int
    medium: str
    message_id: str
    client_id: str
    recipient: str
    content: dict[str, Any]
    created_at: float
    provider: str = ""

    @property
    def is_due(self) -> bool:
        """Whether the network has said what became of it."""
        return clock.now() >= self.created_at + DELIVERY_SECONDS

    @property
    def is_dead(self) -> bool:
        """Whether it never arrives."""
        return self.recipient.endswith(DEAD_ENDING) or self.recipient.startswith(DEAD_ENDING)

    @property
    def status(self) -> str:
        """accepted, then delivered or failed."""
        if not self.is_due:
            return "accepted"
        return "failed" if self.is_dead else "delivered"

    @property
    def sent_at(self) -> str:
        return clock.wall(self.created_at)

    def shown(self) -> dict[str, Any]:
        """All of it as JSON, the content's fields at the top."""
        fields = asdict(self)
        content: dict[str, Any] = fields.pop("content")
        return content | fields | {"status": self.status}


@messages.errorhandler(RejectedError)
def reject(error: RejectedError) -> Response:
    return in_json({"code": error.code, "message": str(error)}, error.status)


@messages.get("/sms")
def sms_box() -> str:
    return _page("sms", request.args.get("phone"))


@messages.get("/mail")
def mail_box() -> str:
    return _page("mail", request.args.get("to"))


def _page(medium: str, recipient: str | None) -> str:
    with box.current().store.reading() as db:
        found = latest(db, medium, recipient)
    return render_template("messages.html", medium=medium, messages=found, recipient=recipient)


def latest(db: Connection, medium: str, recipient: str | None, limit: int = 200) -> list[Message]:
    """Newest first, perhaps of one recipient."""
    rows = db.execute(
        "select * from message where medium = ? and (? is null or recipient = ?)"
        " order by id desc limit ?",
        (medium, recipient or None, recipient, limit),
    )
    return [message(row) for row in rows]


def message(row: Any) -> Message:
    return Message(**(dict(row) | {"content": json.loads(row["content"])}))


def authorised(medium: str, token: str) -> dict[str, Any]:
    """The JSON object of a request with the right token, while the provider works."""
    if box.current().faults.refuses(medium):
        raise RejectedError(500, "unavailable", "The provider is out of order.")
    check_token(token)
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        raise RejectedError(400, "invalid_body", "The body must be a JSON object.")
    return content


def check_token(token: str) -> None:
    """Raises RejectedError for a request without this bearer token."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise RejectedError(401, "unauthorised", "The bearer token is missing or wrong.")


def text_of(content: dict[str, Any], name: str, most: int) -> str:
    """A field that must be there. Raises RejectedError."""
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise RejectedError(
            400, f"invalid_{name}", f"{name} must be a text of 1 to {most} characters."
        )
    return value


def as_json(content: dict[str, Any]) -> str:
    """As it is kept: the same content is the same text."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def keep(
    db: Connection, medium: str, recipient: str, client_id: str, content: str, number: str = ""
) -> Any:
    """The row of the one message that `client_id` stands for: this one, or the one before."""
    db.execute(
        "insert or ignore into message"
        " (medium, message_id, client_id, recipient, content, created_at)"
        " values (?, ?, ?, ?, ?, ?)",
        (medium, number or secrets.token_hex(12), client_id, recipient, content, clock.now()),
    )
    return db.execute(
        "select * from message where medium = ? and client_id = ?", (medium, client_id)
    ).fetchone()


def put(
    db: Connection,
    medium: str,
    number: str,
    client_id: str,
    recipient: str,
    content: str,
    provider: str = "",
) -> int:
    """Lay a message into its box; its id. `content` is JSON."""
    found = db.execute(
        "insert into message"
        " (medium, message_id, client_id, recipient, content, created_at, provider)"
        " values (?, ?, ?, ?, ?, ?, ?) returning id",
        (medium, number, client_id, recipient, content, clock.now(), provider),
    ).fetchone()
    return int(found["id"])
