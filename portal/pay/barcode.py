"""A number as a barcode, drawn as SVG into the page: what the scanner at a counter reads."""

from itertools import groupby

from barcode import Code128
from markupsafe import Markup

QUIET = 10
"""Modules of light ground that a Code 128 needs on both sides (ISO/IEC 15417)."""

HEIGHT = 40


def drawn(number: str) -> Markup:
    """The Code 128 of a number; in the ink of `.slip` on its light ground, as wide as it may be.

    Not of one that begins with 99: `python-barcode` takes those digits for the sign that all that
    follows are digits, and leaves them out.
    """
    if number.startswith("99"):
        raise ValueError("a number that begins with 99 cannot be drawn")
    modules = Code128(number).build()[0]
    bars, at = [], QUIET
    for module, run in groupby(modules):
        width = len(list(run))
        if module == "1":
            bars.append(f"M{at} 0h{width}v{HEIGHT}h-{width}z")
        at += width
    return Markup(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        '<path d="{}"/></svg>'
    ).format(at + QUIET, HEIGHT, "".join(bars))
