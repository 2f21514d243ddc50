"""PDFs: washed by a program of their own, so that a bent one bursts there and not here."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import Refused

PROGRAM = Path(__file__).with_name("pdf_washing.py")
SECONDS = 30
MOST_PAGES = 30
LARGEST_BYTES = 20 * 1024 * 1024
"""What a washed PDF may weigh; most weigh less than before."""

MEANT = {3: "pdf.locked", 4: "pdf.too_many_pages"}
"""What the program says by how it ends; anything else means that it is no sound PDF."""


@dataclass(frozen=True)
class Paper:
    """A PDF as it is kept."""

    content: bytes
    pages: int


def is_one(content: bytes) -> bool:
    """Whether it says of itself that it is a PDF; its name and what a browser says do not count."""
    return content[:1024].lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-")


def read(content: bytes) -> Paper:
    """The pages of what was uploaded and nothing that acts, hides or tells where it comes from.

    Raises Refused: "pdf.locked" (it wants a password), "pdf.too_many_pages", "pdf.not_one",
    "pdf.too_slow".
    """
    # Isolated: neither this folder nor the environment says what the program imports.
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        washed = subprocess.run(  # noqa: S603 - our own program; the file comes by stdin
            command, input=content, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("pdf.too_slow") from error
    pages, _line, clean = washed.stdout.partition(b"\n")
    if washed.returncode or not pages.isdigit() or len(clean) > LARGEST_BYTES:
        raise Refused(MEANT.get(washed.returncode, "pdf.not_one"), most=MOST_PAGES)
    return Paper(clean, int(pages))
