"""UnionPay's papers: a root, a middle authority, UnionPay's own certificate, the merchant's.

The house is given root and middle certificate, and the merchant's key with its certificate. The
names are those of the gateway's own test environment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sandbox.keys import new_private_pem, private_key

ROOT_NAME = "SANDBOX ROOT CA"
MIDDLE_NAME = "SANDBOX OCA31"
OWN_NAME = "041@Z12@00040000:SIGN@00000001"
YEARS = 10

Write = Callable[[Path, Callable[[], str]], None]
"""Writes a paper unless it is there."""


@dataclass(frozen=True)
class UnionPayPapers:
    """What UnionPay knows of its one merchant, and its own key with the certificate of it."""

    merid: str
    serial: str
    merchant_key: rsa.RSAPublicKey
    own_key: rsa.RSAPrivateKey
    own_certificate: str
    """With CR LF, because a browser that posts a form sends every line end so."""


def create(folder: Path, write: Write) -> None:
    """Complete the papers in `folder`; authorities first, because they sign the others."""
    inside = folder / "gateway"
    root = _authority(folder, write, "root", ROOT_NAME, None)
    middle = _authority(folder, write, "middle", MIDDLE_NAME, root)
    own = inside / "unionpay_private_key.pem"
    write(own, new_private_pem)
    write(inside / "unionpay_certificate.pem", lambda: issue(OWN_NAME, private_key(own), middle))
    ours = folder / "denghuo_unionpay_private_key"
    write(ours, new_private_pem)
    merid = (folder / "denghuo_unionpay_merid").read_text(encoding="utf-8").strip()
    name = f"041@{merid}@merchant@00000001"
    write(folder / "denghuo_unionpay_certificate", lambda: issue(name, private_key(ours), middle))


def is_foreign(folder: Path) -> bool:
    """Whether the root certificate was given by the real gateway."""
    given = folder / "denghuo_unionpay_root_certificate"
    return given.exists() and not (folder / "gateway" / "unionpay_root_key.pem").exists()


def load(folder: Path) -> UnionPayPapers:
    """Raises FileNotFoundError, ValueError."""
    inside = folder / "gateway"
    paper = folder / "denghuo_unionpay_certificate"
    merchant = x509.load_pem_x509_certificate(paper.read_bytes())
    key = merchant.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the gateway uses RSA")
    return UnionPayPapers(
        merid=(folder / "denghuo_unionpay_merid").read_text(encoding="utf-8").strip(),
        serial=str(merchant.serial_number),
        merchant_key=key,
        own_key=private_key(inside / "unionpay_private_key.pem"),
        own_certificate=_with_returns(inside / "unionpay_certificate.pem"),
    )


@dataclass(frozen=True)
class Authority:
    """Who signs certificates."""

    name: str
    key: rsa.RSAPrivateKey


def issue(
    name: str, key: rsa.RSAPrivateKey, by: Authority | None, *, authority: bool = False
) -> str:
    """A certificate as PEM; without `by` it is signed by itself."""
    issuer = by or Authority(name, key)
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer.name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer.key, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def _authority(folder: Path, write: Write, role: str, name: str, by: Authority | None) -> Authority:
    path = folder / "gateway" / f"unionpay_{role}_key.pem"
    write(path, new_private_pem)
    authority = Authority(name, private_key(path))
    certificate = folder / f"denghuo_unionpay_{role}_certificate"
    write(certificate, lambda: issue(name, authority.key, by, authority=True))
    return authority


def _with_returns(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip().replace("\n", "\r\n")


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
