"""Opening one's own account to one's own WeChat, and closing it again."""

from flask import Blueprint, flash, g, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access import customer_only
from portal.security import asker_id
from portal.wechat.account import account
from portal.wechat.enter import OPENID
from service.people import wechat

blueprint = customer_only(Blueprint("wechat_own", __name__, url_prefix="/wechat/own"))


@blueprint.before_request
def _where_there_is_one() -> None:
    account()


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The WeChat that stands at the door, and those that are let in already."""
    bound = wechat.bound(g.session, asker_id())
    return render_template("wechat/index.html", waits=OPENID in session, bound=bound)


@blueprint.post("")
def bind() -> ResponseReturnValue:
    """Let it in."""
    if openid := session.pop(OPENID, None):
        wechat.bind(g.session, openid, asker_id())
        flash(_("好了，回到微信里直接问就行。"))
    return redirect(url_for("wechat_own.index"), 303)


@blueprint.post("/<int:number>/end")
def end(number: int) -> ResponseReturnValue:
    """Let one in no longer."""
    wechat.unbind(g.session, asker_id(), number)
    flash(_("断开了，那个微信再也看不到您家的电。"))
    return redirect(url_for("wechat_own.index"), 303)
