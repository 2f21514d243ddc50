"""What the field pages need of a phone: the service worker, who is signed in, the page offline."""

from functools import cache
from hashlib import sha256

from flask import Response, jsonify, render_template, url_for
from flask_wtf.csrf import generate_csrf

from portal import assets
from portal.field.room import blueprint
from portal.security import asker_id

SCRIPTS = ("field-queue.js", "field.js", "field-form.js", "field-sign.js", "field-scan.js")
PARTS = (
    "css/tokens.css",
    "css/components.css",
    "css/pages.css",
    "js/page.js",
    *(f"js/{name}" for name in SCRIPTS),
    "vendor/zxing.min.js",
    "img/lamp.svg",
)
"""All that the pages are made of; a test compares them."""


@blueprint.get("/worker.js")
def worker() -> Response:
    """The service worker. Another version of any part of it makes it a new one."""
    script = Response(_worker(), mimetype="text/javascript")
    script.headers["Service-Worker-Allowed"] = url_for(".index")
    script.headers["Cache-Control"] = "no-cache"
    return script


@blueprint.get("/here")
def here() -> Response:
    """Who is signed in, with a token for what waits to be sent."""
    return jsonify(worker=str(asker_id()), token=generate_csrf())


@blueprint.get("/offline")
def offline() -> str:
    """Stands for pages that the phone has not kept."""
    return render_template("field/offline.html")


@cache
def _worker() -> str:
    script = assets.load("js/field-worker.js")
    assert script is not None  # noqa: S101 - it is one of ours
    parts = [assets.address(part) for part in PARTS]
    shell = {
        "version": sha256("\n".join(parts).encode() + script.content).hexdigest()[:16],
        "queue": assets.address("js/field-queue.js"),
        "assets": parts,
        "lost": url_for(".offline"),
    }
    return f"const SHELL = {jsonify(shell).get_data(as_text=True).strip()};\n" + (
        script.content.decode()
    )
