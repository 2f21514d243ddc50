"""Whether a letter is signed as its sender's domain says (RFC 6376), rsa-sha256, with one key.

Written from the standard with `cryptography` alone, so that a mistake on our side meets somebody
else's reading of the rules.
"""

import base64
import binascii
import re
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

Field = tuple[str, bytes]
"""A header's name in small letters, and all of it as it came, its line ends included."""


class UnsignedError(Exception):
    """The signature does not hold; one or two words say why."""


def verdict(letter: bytes, selector: str, key: RSAPublicKey) -> str:
    """`pass`, `none` without a signature, or `fail` with its reason."""
    fields, body = _parted(letter)
    signatures = [whole for name, whole in fields if name == "dkim-signature"]
    if not signatures:
        return "none"
    try:
        _verify(fields, body, signatures[0], selector, key)
    except UnsignedError as no:
        return f"fail ({no})"
    return "pass"


def signed_headers(letter: bytes) -> list[str]:
    """Names of the headers that the signature says it covers."""
    for name, whole in _parted(letter)[0]:
        if name == "dkim-signature":
            return _names(_tags(whole))
    return []


def _verify(
    fields: list[Field], body: bytes, signature: bytes, selector: str, key: RSAPublicKey
) -> None:
    tags = _tags(signature)
    names = _names(tags)
    if tags.get("v") != "1" or tags.get("a") != "rsa-sha256" or tags.get("s") != selector:
        raise UnsignedError("unknown key")
    if "from" not in names or not _is_from(fields, tags.get("d", "")):
        raise UnsignedError("another domain")
    ways = (tags.get("c", "simple/simple") + "/simple").split("/")
    if ways[0] != "relaxed":
        raise UnsignedError("canonicalisation")
    if sha256(_body(body, ways[1])).digest() != _decoded(tags.get("bh", "")):
        raise UnsignedError("body")
    covered = _covered(fields, names) + _relaxed(_without_signature(signature)).removesuffix(
        b"\r\n"
    )
    try:
        key.verify(_decoded(tags.get("b", "")), covered, PKCS1v15(), SHA256())
    except InvalidSignature as no:
        raise UnsignedError("signature") from no


def _parted(letter: bytes) -> tuple[list[Field], bytes]:
    head, _, body = letter.partition(b"\r\n\r\n")
    lines = re.split(rb"\r\n(?![ \t])", head)
    wholes = [line + b"\r\n" for line in lines]
    return [
        (each.partition(b":")[0].decode("latin-1").lower().strip(), each) for each in wholes
    ], body


def _tags(signature: bytes) -> dict[str, str]:
    text = re.sub(r"\s", "", signature.partition(b":")[2].decode("latin-1"))
    return dict(each.partition("=")[::2] for each in text.split(";") if each)


def _names(tags: dict[str, str]) -> list[str]:
    return tags.get("h", "").lower().split(":")


def _is_from(fields: list[Field], domain: str) -> bool:
    """Whether the letter names one sender, of this domain."""
    senders = [whole.decode("latin-1") for name, whole in fields if name == "from"]
    found = re.search(r"@([A-Za-z0-9.-]+)>?\s*$", senders[0]) if len(senders) == 1 else None
    return found is not None and found[1].lower() == domain.lower()


def _covered(fields: list[Field], names: list[str]) -> bytes:
    """The headers named, each from the last on; one that is not there counts as nothing."""
    left = list(fields)
    content = b""
    for name in names:
        found = next((each for each in reversed(left) if each[0] == name), None)
        if found:
            left.remove(found)
            content += _relaxed(found[1])
    return content


def _relaxed(whole: bytes) -> bytes:
    name, _, value = whole.partition(b":")
    unfolded = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b""))
    return name.strip().lower() + b":" + unfolded.strip() + b"\r\n"


def _body(body: bytes, way: str) -> bytes:
    if way == "relaxed":
        lines = [re.sub(rb"[ \t]+", b" ", each).rstrip(b" ") for each in body.split(b"\r\n")]
        body = b"\r\n".join(lines)
    trimmed = re.sub(rb"(\r\n)*\Z", b"", body)
    return trimmed + b"\r\n" if trimmed or way == "simple" else b""


def _without_signature(signature: bytes) -> bytes:
    return re.sub(rb"(;\s*b\s*=)[^;]*", rb"\1", signature)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UnsignedError("base64") from error
