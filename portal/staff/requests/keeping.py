"""Views of the queue that one keeps under a name."""

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.security import asker_id
from portal.staff.frame import done
from portal.staff.requests.room import blueprint, view
from service.desk import filters


@blueprint.post("/filters")
def keep() -> ResponseReturnValue:
    """Keep the queue that the address names."""
    here, name = view(), request.form.get("name", "")
    way = here.to(".index")
    return done(
        lambda: filters.keep(g.session, asker_id(), name, here.wanted), way, _("存好了。"), way
    )


@blueprint.post("/filters/<int:filter_id>/drop")
def drop(filter_id: int) -> ResponseReturnValue:
    way = url_for(".index")
    return done(lambda: filters.drop(g.session, asker_id(), filter_id), way, _("删掉了。"), way)
