"""The page on which customers say what they are told, by which way, and when."""

from datetime import time

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from notifications.preferences import choosing, consents, mailing, topics
from portal import words as sentences
from portal.access import customer_only
from portal.display import view
from portal.i18n import gettext as _
from portal.i18n import language, utility_name
from portal.preferences import simple, words
from portal.security import asker_id
from runtime.errors import Refused

blueprint = customer_only(Blueprint("preferences", __name__, url_prefix="/profile/notices"))

QUIET_FROM = tuple(time(hour) for hour in range(17, 22))
QUIET_UNTIL = tuple(time(hour) for hour in range(8, 13))
CAPS = (1, 2, 3, 5, 8, 10, 20)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Everything that can be set; in the simplified view three choices, unless all is asked for."""
    if view() == "elder" and request.args.get("show") != "all":
        return _simple()
    return _page()


@blueprint.post("")
def choose() -> ResponseReturnValue:
    """The topics by the channels that the page showed: what is ticked, and what no longer is."""
    ticked = set(request.form.getlist("on"))
    wanted = {_pair(each): each in ticked for each in request.form.getlist("shown")}
    if any(topic == topics.NEWS for topic, _channel in wanted):
        raise Refused("preference.unknown")
    _choose(wanted)
    return _saved(_("记下了。"))


@blueprint.post("/simple")
def choose_simply() -> ResponseReturnValue:
    """One of the three choices."""
    way = request.form.get("way", "")
    if not way:
        return _simple(refused=_("先选一样，再保存。"))
    simple.choose(g.session, asker_id(), way)
    return _saved(_("记下了。"))


@blueprint.post("/order")
def move() -> ResponseReturnValue:
    """A channel one place up or down; without one, the usual order again."""
    order = list(choosing.chosen(g.session, asker_id()).order)
    name, _mark, way = request.form.get("move", "").partition(":")
    if name in order:
        shown = [each for each in order if each in _shown()]
        choosing.set_order(g.session, asker_id(), _moved(shown, name, up=way == "up"))
    else:
        choosing.set_order(g.session, asker_id(), [])
    return _saved(_("顺序改好了。"), "order")


@blueprint.post("/hours")
def set_hours() -> ResponseReturnValue:
    """Quiet hours, at most how many a day, and whether they are put together."""
    try:
        most = int(request.form.get("daily_cap", "")[:3])
        ends = [_hour(request.form.get(each, "")) for each in ("from", "until")]
    except ValueError as error:
        raise Refused("preference.unknown") from error
    try:
        choosing.set_quiet(g.session, asker_id(), ends[0], ends[1])
        choosing.set_daily_cap(g.session, asker_id(), most)
    except Refused as refusal:
        return _page(refused=sentences.refusal(refusal))
    choosing.set_digest(g.session, asker_id(), "digest" in request.form)
    return _saved(_("记下了。"), "hours")


@blueprint.post("/news")
def agree() -> ResponseReturnValue:
    """To news on one channel, by the words that stand beside the button; or no longer."""
    name, given = request.form.get("channel", ""), request.form.get("agree") == "yes"
    _choose({(topics.NEWS, name): given})
    said = _("好的，有新的活动和服务就告诉您。") if given else _("好的，不再给您发活动和新服务。")
    return _saved(said, "news")


@blueprint.post("/mail")
def ask_for_mail() -> ResponseReturnValue:
    """Write to an address; nothing else goes there until it has answered."""
    try:
        is_asked = mailing.ask(
            g.session,
            asker_id(),
            request.form.get("address", ""),
            language=language(),
            utility=utility_name(),
        )
    except Refused as refusal:
        return _page(mail_refused=sentences.refusal(refusal))
    said = (
        _("信发出去了，打开信里的地址，按一下“确认”就好。")
        if is_asked
        else _("这个邮箱已经在用了。")
    )
    return _saved(said, "mail")


@blueprint.post("/mail/remove")
def remove_mail() -> ResponseReturnValue:
    """No more mail."""
    mailing.remove(g.session, asker_id(), words=words.mail_end(), language=language())
    return _saved(_("好的，不再用邮箱了。"), "mail")


@blueprint.post("/mail/forget")
def forget_mail() -> ResponseReturnValue:
    """The address that has not answered was a mistake."""
    mailing.forget_asked(g.session, asker_id())
    return _saved(_("好的，那封信不算了。"), "mail")


def _page(refused: str = "", mail_refused: str = "") -> ResponseReturnValue:
    chosen = choosing.chosen(g.session, asker_id())
    page = render_template(
        "preferences/index.html",
        wish=chosen,
        columns=words.reached(chosen),
        topics=[each for each in topics.choices() if each != topics.NEWS],
        ways=topics.choices(),
        news=[each for each in topics.choices()[topics.NEWS] if each in words.reached(chosen)],
        order=[each for each in chosen.order if each in words.reached(chosen)],
        mail=mailing.known(g.session, asker_id()),
        history=consents.history(g.session, asker_id()),
        hours=(
            sorted({*QUIET_FROM, chosen.wishes.quiet_from}),
            sorted({*QUIET_UNTIL, chosen.wishes.quiet_until}),
        ),
        caps=sorted({*CAPS, chosen.wishes.daily_cap}),
        words=words,
        typed=request.form.get("address", ""),
        refused=refused,
        mail_refused=mail_refused,
    )
    return page, 422 if refused or mail_refused else 200


def _simple(refused: str = "") -> ResponseReturnValue:
    chosen = choosing.chosen(g.session, asker_id())
    page = render_template(
        "preferences/simple.html",
        now=simple.of(chosen),
        is_called="voice" in words.reached(chosen),
        refused=refused,
        words=words,
    )
    return page, 422 if refused else 200


def _choose(wanted: dict[choosing.Pair, bool]) -> None:
    choosing.choose(
        g.session,
        asker_id(),
        wanted,
        how=consents.PAGE,
        language=language(),
        words=words.news_consent,
    )


def _shown() -> tuple[str, ...]:
    return words.reached(choosing.chosen(g.session, asker_id()))


def _moved(order: list[str], name: str, *, up: bool) -> list[str]:
    """The order with one channel moved by a place, at the ends not at all."""
    if name not in order:
        return order
    at = order.index(name)
    to = max(0, min(len(order) - 1, at + (-1 if up else 1)))
    order.insert(to, order.pop(at))
    return order


def _hour(text: str) -> time:
    """An hour of Beijing, whatever zone is written behind it. Raises ValueError."""
    return time.fromisoformat(text).replace(tzinfo=None)


def _pair(text: str) -> choosing.Pair:
    topic, _mark, channel = text.partition(":")
    return topic, channel


def _saved(said: str, place: str | None = None) -> ResponseReturnValue:
    flash(said)
    show = "all" if view() == "elder" and request.endpoint != "preferences.choose_simply" else None
    return redirect(url_for("preferences.index", show=show, _anchor=place), 303)
