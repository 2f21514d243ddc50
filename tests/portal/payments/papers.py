"""Receipts as a test reads them."""

import io
import re

from flask.testing import FlaskClient
from pypdf import PdfReader


def receipt(client: FlaskClient, order_no: str, query: str = "") -> tuple[str, int]:
    """The words of the paper, and how many pages it has."""
    answer = client.get(f"/payments/{order_no}/receipt.pdf{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.data)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)), len(pages)


def grouped(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, 12, 4))
