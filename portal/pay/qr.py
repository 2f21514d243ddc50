"""A code to scan, drawn as SVG into the page: no file, no script, sharp at every size."""

from markupsafe import Markup
from segno import make_qr


def drawn(address: str) -> Markup:
    """The QR code of an address; dark on the light ground of `.qr`, with its quiet zone."""
    code = make_qr(address, error="m")
    return Markup(  # noqa: S704 - drawn by segno from modules; the address is not in it as text
        code.svg_inline(border=2, omitsize=True, dark="currentColor", svgclass=None, lineclass=None)
    )
