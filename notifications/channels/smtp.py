"""Letters by SMTP: submission to one server, secured and signed as the settings say.

Answers of the server (RFC 5321) and what they become:

| answer | when | error |
|---|---|---|
| 5xx | to the recipient or the letter | Refused |
| 5xx | to the log-in or the sender | Busy: the operator can mend it, the reader cannot |
| 4xx | anywhere | Busy |
| none | before the letter was begun | Busy |
| none | from the letter's first byte on | Unclear |
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

import dkim

from notifications.channels.base import Busy, Channel, Parcel, Provider, Refused, Unclear
from notifications.channels.letters import written
from notifications.settings import SmtpSettings

GO_AHEAD = 354
SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"auto-submitted",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
"""Headers that DKIM covers; those of unsubscribing must be among them (RFC 8058, 4)."""


class Smtp(Provider):
    """E-mail by a mail server.

    A letter has the same Message-ID over all tries. Mail knows no transaction: a letter that was
    taken without our hearing of it is handed over again, and it is up to the reader's mailbox to
    put two letters with one Message-ID together. The large ones do; one that does not shows it
    twice. So `is_idempotent` says that sending again is right, not that it can never be seen.
    """

    name = "smtp"
    channel = Channel.MAIL
    is_idempotent: ClassVar[bool] = True

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def _send(self, parcel: Parcel) -> str:
        content = signed(written(parcel, self._settings).as_bytes(), self._settings)
        with self._server() as server:
            _allow(server.mail(self._settings.mail_from))
            _agree(server.rcpt(parcel.recipient))
            _agree(server.docmd("DATA"), GO_AHEAD)
            try:
                _agree(_pour(server, content))
            except (OSError, smtplib.SMTPServerDisconnected) as error:
                raise Unclear(type(error).__name__) from error
        return parcel.reference

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A server that we have logged in to. Raises Busy when there is none."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise Busy(_reason(error)) from error
        try:
            yield server
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise Busy(type(error).__name__) from error
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        told, trusted = self._settings, ssl.create_default_context()
        place = (told.smtp_host, told.smtp_port, told.mail_from.partition("@")[2])
        if told.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *place, timeout=told.smtp_timeout, context=trusted
            )
        else:
            server = smtplib.SMTP(*place, timeout=told.smtp_timeout)
        try:
            if told.smtp_security == "starttls":
                server.starttls(context=trusted)
            if told.smtp_user:
                server.login(told.smtp_user, told.smtp_password.get_secret_value())
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server


def signed(letter: bytes, settings: SmtpSettings) -> bytes:
    """The letter under its DKIM signature, where there is a key."""
    key = settings.dkim_key.get_secret_value()
    if not key:
        return letter
    there = {
        line.partition(b":")[0].lower() for line in letter.partition(b"\r\n\r\n")[0].split(b"\r\n")
    }
    signature: bytes = dkim.sign(
        letter,
        settings.dkim_selector.encode(),
        settings.mail_from.partition("@")[2].encode(),
        key.strip().encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[each for each in SIGNED if each in there] + [b"from"],
    )
    return signature + letter


def _pour(server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
    """The letter itself, its lines that begin with a dot doubled, and what the server says."""
    dotted = content.replace(b"\r\n.", b"\r\n..")
    server.send(dotted.removesuffix(b"\r\n") + b"\r\n.\r\n")
    return server.getreply()


def _allow(answer: tuple[int, bytes]) -> None:
    """Raises Busy when we may not send at all."""
    if answer[0] // 100 != 2:
        raise Busy(f"smtp_{answer[0]}")


def _agree(answer: tuple[int, bytes], wanted: int = 250) -> None:
    """Raises Busy and Refused for what the server says no to."""
    code = answer[0]
    if code // 100 == wanted // 100:
        return
    reason = f"smtp_{code}"
    raise Refused(reason) if code >= 500 else Busy(reason)


def _reason(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"smtp_{code}" if code else type(error).__name__
