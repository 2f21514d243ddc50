"""A code to scan, drawn as SVG into the page: no file, no script, sharp at every size."""

from markupsafe import Markup
from segno import make_qr


def drawn(address: str) -> Markup:
    """The QR code of an address; in the ink of `.qr` on its light ground, with its quiet zone."""
    code = make_qr(address, error="m")
    return Markup(  # noqa: S704 - drawn by segno from modules; the address is not in it as text
        code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass="modules")
    )
