"""What a page offers to keep."""

from flask import Response


def attachment(content: bytes, mimetype: str, name: str) -> Response:
    """A file that the browser saves under this name instead of showing it."""
    disposition = f'attachment; filename="{name}"'
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": disposition})
