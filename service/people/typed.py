"""Numbers as people type them: with gaps, with dashes, in full-width digits."""

import re
import unicodedata

_GAPS = re.compile(r"[\s\-()]+")


def plain(text: str) -> str:
    """`text` in half-width characters, without spaces, dashes and brackets."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text))
