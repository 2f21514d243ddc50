"""Whose signature it is: UnionPay sends the certificate of its key with every message.

Page "验签证书" of UnionPay's documentation for version 5.1.0, and its own SDK: the certificate is
valid now, issued by the middle certificate, that one by the root, and its common name has
UnionPay's name as the third of the parts between `@`.
"""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificate
from cryptography.x509.oid import NameOID

SIGNER = "中国银联股份有限公司"
TEST_SIGNER = "00040000:SIGN"
"""Who signs in UnionPay's test environment; never taken in production."""

LONGEST_PEM = 8_192


class Distrusted(Exception):  # noqa: N818 - an answer, not a fault
    """The certificate is not one of UnionPay's for signing, or not now."""


class Chain:
    """The certificates that the operator has been given by UnionPay."""

    def __init__(self, root: str, middle: str, signers: frozenset[str]) -> None:
        """PEM texts. `signers` are the names that may sign."""
        self._root = load_pem_x509_certificate(root.encode())
        self._middle = load_pem_x509_certificate(middle.encode())
        self._signers = signers

    def key_of(self, pem: str, now: datetime) -> RSAPublicKey:
        """The key of the certificate that a message brought. Raises Distrusted."""
        if len(pem) > LONGEST_PEM:
            raise Distrusted
        try:
            certificate = load_pem_x509_certificate(pem.encode())
            certificate.verify_directly_issued_by(self._middle)
            self._middle.verify_directly_issued_by(self._root)
            key, name = certificate.public_key(), _signer(certificate)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise Distrusted from error
        in_time = all(_is_valid(each, now) for each in (certificate, self._middle, self._root))
        if not in_time or name not in self._signers or not isinstance(key, RSAPublicKey):
            raise Distrusted
        return key


def _is_valid(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _signer(certificate: Certificate) -> str:
    """`041@8310000000083040@<name>@00000062`: the third part. Raises ValueError."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    parts = str(names[0].value).split("@") if len(names) == 1 else []
    if len(parts) < 3:
        raise ValueError("the common name has no third part")
    return parts[2]
