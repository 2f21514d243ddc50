"""What no log may show, and how it is found in text."""

import re
import unicodedata

_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|authorization|cookie|credential|signature|csrf"
    r"|(?:api|private|encryption|blind_index|signing|session|apiv3)_?-?key|encryption_keys"
    r"|^(?:otp|pin|pwd|phone|mobile|id_?number|id_?card|sms_?code|verification_?code|code_sent)s?$"
    r"|(?:^|_)(?:phone|mobile)(?:_number|_no)?$",
    re.IGNORECASE,
)

_ID = (
    r"[1-9]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])"
    r"[ -]?\d{3}[\dXx]"
)
_PHONE = r"(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
        "[key]",
    ),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "[login]"),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){1,4}", re.ASCII), "[token]"),
    (
        re.compile(r"\b(Bearer|Basic|Digest|WECHATPAY2-SHA256-RSA2048)\s+[^\s,;\"']+.*", re.I),
        r"\1 [token]",
    ),
    (
        re.compile(
            r"((?:pass(?:word|wd|phrase)|pwd|secret|token|cookie|signature|authorization|otp"
            r"|(?:api|private|secret|session)[_-]?key)[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s&,;\"'}]+)",
            re.IGNORECASE,
        ),
        r"\1[hidden]",
    ),
    (re.compile(rf"(?<!\d){_ID}(?!\d)", re.ASCII), "[id]"),
    (re.compile(rf"(?<!\d){_PHONE}(?!\d)", re.ASCII), "[phone]"),
    (
        re.compile(
            r"(?<![\w+/=-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+-]{40,}={0,2}",
            re.ASCII,
        ),
        "[token]",
    ),
)


def mask(text: str) -> str:
    """`text` with every phone number, resident ID, token, key and password replaced."""
    clean = _plain(text)
    for pattern, stand_in in _MASKS:
        clean = pattern.sub(stand_in, clean)
    return clean


def names_a_secret(name: str) -> bool:
    """Whether a field of this name holds what no log may show, whatever it looks like."""
    return _SECRET_NAME.search(name) is not None


def _plain(text: str) -> str:
    """Digits and letters typed in full-width or styled forms would slip past the patterns."""
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text
    return "".join(
        unicodedata.normalize("NFKC", each) if each.isdigit() or each.isalpha() else each
        for each in text
    )
