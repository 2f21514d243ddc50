"""Pages leave compressed: a bill has to be there quickly on a phone in a lift."""

import gzip

from flask import Flask, Response, request

SMALLEST = 1024
LEVEL = 4
"""The level at which a page is small and the processor hardly notices."""
TYPES = frozenset({"text/html", "text/csv", "application/json"})


def compress_pages(app: Flask) -> None:
    app.after_request(_compress)


def takes_gzip() -> bool:
    """Whether who asks can read what is compressed."""
    return request.accept_encodings.quality("gzip") > 0


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or response.is_streamed or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= SMALLEST and takes_gzip() and "Content-Encoding" not in response.headers:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
