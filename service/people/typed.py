"""Numbers as people type them: with gaps, with dashes, in full-width digits."""

import re
import unicodedata

_GAPS = re.compile(r"[\s\-()]+")


def plain(text: str) -> str:
    """`text` in half-width characters, without spaces, dashes and brackets."""
    return _GAPS.sub("", half_width(text))


def half_width(text: str) -> str:
    """`text` with digits, letters and marks of one width."""
    return unicodedata.normalize("NFKC", text)
