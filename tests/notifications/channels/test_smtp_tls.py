"""The log-in goes over a connection to a server that can be believed, or not at all."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from notifications.channels.base import Busy, Parcel
from notifications.channels.smtp import Smtp
from notifications.settings import SmtpSettings
from runtime.settings import load
from tests.sandbox.server import free_port

PARCEL = Parcel(
    reference="r1",
    recipient="lin@home.example",
    template="arrears_before_zh",
    language="zh",
    params={},
    words={"subject": "s", "text": "t"},
)
Place = Callable[..., tuple["Mailbox", int]]


class Mailbox:
    """What arrived, and over what."""

    def __init__(self) -> None:
        self.log_ins: list[tuple[bytes, bool]] = []
        self.letters: list[bytes] = []

    def authenticate(self, server: Any, session: Any, envelope: Any, way: str, given: Any) -> Any:
        assert isinstance(given, LoginPassword)
        sealed = server.transport.get_extra_info("ssl_object") is not None
        self.log_ins.append((given.password, sealed))
        return AuthResult(success=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope.content)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True
        )
        .sign(key, SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(built.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public, private


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[Place]:
    """Starts a mail server: `server(tls=True)` talks TLS from the first byte."""
    running = []

    def start(*, tls: bool) -> tuple[Mailbox, int]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        mailbox, port = Mailbox(), free_port()
        ways: dict[str, Any] = {"ssl_context": context} if tls else {"tls_context": context}
        options = {"authenticator": mailbox.authenticate, "auth_require_tls": False, **ways}
        controller = Controller(
            mailbox, hostname="127.0.0.1", port=port, ready_timeout=60, **options
        )
        controller.start()
        running.append(controller)
        return mailbox, port

    yield start
    for each in running:
        each.stop()


def smtp(port: int, security: str) -> Smtp:
    told = {"smtp_host": "127.0.0.1", "smtp_user": "u", "smtp_password": "secret"}
    return Smtp(load(SmtpSettings, smtp_port=port, smtp_security=security, **told))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_log_in_is_sealed(
    server: Place,
    certificate: tuple[Path, Path],
    settings_env: pytest.MonkeyPatch,
    security: str,
) -> None:
    mailbox, port = server(tls=security == "tls")
    settings_env.setenv("SSL_CERT_FILE", str(certificate[0]))
    smtp(port, security).send(PARCEL)
    assert mailbox.log_ins == [(b"secret", True)]
    assert len(mailbox.letters) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_hears_no_password(
    server: Place, settings_env: pytest.MonkeyPatch, security: str
) -> None:
    mailbox, port = server(tls=security == "tls")
    with pytest.raises(Busy):
        smtp(port, security).send(PARCEL)
    assert (mailbox.log_ins, mailbox.letters) == ([], [])
