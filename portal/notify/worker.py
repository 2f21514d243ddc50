"""The script that shows reminders while no page is open: for the whole site, and for nothing else.

It is everybody's: a browser looks for a newer one whoever is signed in.
"""

from flask import Blueprint, Response

from portal import assets
from portal.access import public

blueprint = public(Blueprint("push_worker", __name__, url_prefix="/push"))


@blueprint.get("/worker.js")
def script() -> Response:
    """The service worker."""
    asset = assets.load("js/push-worker.js")
    assert asset is not None  # noqa: S101 - it is one of ours
    answer = Response(asset.content, mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
