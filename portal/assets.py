"""Styles, scripts and pictures: served under a hash of their content, compressed, for ever.

An address carries `?v=` with the hash, so a browser may keep the file until its content
changes. Everything is read and compressed once, when it is first asked for.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, abort, request, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from portal.access import public
from portal.compression import takes_gzip

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
SERVED = ("css", "js", "img", "vendor")
COMPRESSED_TYPES = frozenset(
    {"text/css", "text/javascript", "image/svg+xml", "application/json", "text/plain"}
)
FOREVER = "public, max-age=31536000, immutable"
SOURCES_ONLY = frozenset({".mjs", ".ttf"})
"""Kinds of file under static/ that a browser never gets."""

blueprint = public(Blueprint("assets", __name__))


@dataclass(frozen=True)
class Asset:
    """A file's bytes, as they are and compressed where that pays."""

    content: bytes
    compressed: bytes | None
    media_type: str
    version: str


@cache
def load(path: str) -> Asset | None:
    """The asset at `path` below static/, or None."""
    found = safe_join(str(STATIC), path)
    if found is None or path.split("/")[0] not in SERVED or Path(found).suffix in SOURCES_ONLY:
        return None
    try:
        content = Path(found).read_bytes()
    except OSError:
        return None
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    compressed = gzip.compress(content, 9, mtime=0) if media_type in COMPRESSED_TYPES else None
    return Asset(content, compressed, media_type, hashlib.sha256(content).hexdigest()[:16])


@cache
def address(path: str) -> str:
    """The address of an asset in a page. An unknown path is an error of the page.

    It is the same wherever the portal is mounted (`portal.staff.customers.viewing`).
    """
    asset = load(path)
    if asset is None:
        raise FileNotFoundError(f"static/{path} is missing; `npm ci && npm run build` makes assets")
    built = url_for("assets.serve", path=path, v=asset.version)
    return built.removeprefix(request.script_root)


def register(app: Flask) -> None:
    """Let templates write `asset('css/tokens.css')`."""
    app.jinja_env.globals["asset"] = address


@blueprint.get("/static/<path:path>")
def serve(path: str) -> Response:
    asset = load(path) or abort(404)
    packed = asset.compressed is not None and takes_gzip()
    response = Response(asset.compressed if packed else asset.content, mimetype=asset.media_type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    if asset.compressed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    current = request.args.get("v") == asset.version
    response.headers["Cache-Control"] = FOREVER if current else "no-cache"
    response.set_etag(asset.version + ("-gzip" if packed else ""))
    return response.make_conditional(request)
