"""A mail server that keeps every letter in the box at `/mail`; put together by Message-ID.

Submission on the loopback address with a log-in from the papers, without TLS. A mailbox that
begins with 0550 does not exist; one that begins with 0404 takes letters that nobody ever reads.
"""

import asyncio
import base64
import hmac
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox import dkim
from sandbox.box import Box
from sandbox.messages import MAIL, as_json, keep

NOBODY = "0550"
MOST_BYTES = 20 << 20
STEP = 0.1
TRY_LATER = "451 4.3.0 Out of order, try again later"


class Server:
    """The mail server of one sandbox, in a thread of its own."""

    def __init__(self, box: Box, host: str, port: int) -> None:
        self._controller = Controller(
            Postman(box),
            hostname=host,
            port=port,
            ready_timeout=60,
            data_size_limit=MOST_BYTES,
            authenticator=Doorkeeper(box),
            auth_require_tls=False,
            ident="Sandbox",
        )

    def start(self) -> None:
        """Return when it answers."""
        self._controller.start()

    def stop(self) -> None:
        """End it, with whatever waits in it."""
        self._controller.stop()


class Doorkeeper:
    """Lets the house in."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        papers = self._box.papers
        known = f"{papers.smtp_user}:{papers.smtp_password}".encode()
        said = given.login + b":" + given.password if isinstance(given, LoginPassword) else b""
        return AuthResult(success=hmac.compare_digest(said, known))


class Postman:
    """What the server does with a letter."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._suffers("error"):
            return TRY_LATER
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not MAIL.fullmatch(address) or address.startswith(NOBODY):
            return "550 5.1.1 There is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._suffers("timeout"):
            await self._hold("timeout")
            return TRY_LATER
        letter = cast(bytes, envelope.original_content)
        parsed = message_from_bytes(letter, policy=default)
        number = str(parsed["Message-ID"] or "").strip()
        if not number or parsed["From"] is None or parsed["Date"] is None:
            return "554 5.6.0 A letter needs From, Date and Message-ID"
        for recipient in envelope.rcpt_tos:
            self._keep(recipient, number, self._content(recipient, letter, parsed))
        await self._hold("lost_answer")
        return "250 2.0.0 OK"

    def _content(self, recipient: str, letter: bytes, parsed: EmailMessage) -> dict[str, Any]:
        papers = self._box.papers
        return {
            "to": recipient,
            "subject": str(parsed["Subject"] or ""),
            "text": _body(parsed, "plain"),
            "html": _body(parsed, "html"),
            "attachments": [_attachment(each) for each in parsed.iter_attachments()],
            "headers": {name: str(value) for name, value in parsed.items()},
            "dkim": dkim.verdict(letter, papers.dkim_selector, papers.dkim_key),
            "dkim_headers": dkim.signed_headers(letter),
        }

    def _keep(self, recipient: str, number: str, content: dict[str, Any]) -> None:
        with self._box.store.transaction() as db:
            keep(db, "mail", recipient, f"{number} {recipient}", as_json(content))

    def _suffers(self, kind: str) -> bool:
        outage = self._box.faults.outage("mail")
        return outage is not None and outage.kind == kind

    async def _hold(self, kind: str) -> None:
        """Return when an outage of this kind is over."""
        while self._suffers(kind):
            await asyncio.sleep(STEP)


def _body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n").strip("\n")


def _attachment(part: Any) -> dict[str, str]:
    content = part.get_payload(decode=True) or b""
    return {
        "name": part.get_filename() or "",
        "type": part.get_content_type(),
        "content": base64.b64encode(content).decode(),
    }
