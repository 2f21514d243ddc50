"""What a person reads when something went wrong: one plain sentence and a next step.

Handlers are registered here once. A customer never sees a message of a library, a gateway or
the core; those go to the log.
"""

from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal import words
from portal.unit import undo
from runtime.errors import Conflict, Forbidden, NotFound, Refused, TooManyTries, Unavailable
from runtime.http import OutboundError
from runtime.logs import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True)
class Trouble:
    """An error as a person sees it."""

    title: LazyString | str
    advice: LazyString | str


TROUBLES = {
    400: Trouble(
        _l("这一页放得太久了"), _l("没有提交成功，什么都没改。回到上一页，刷新一下再提交。")
    ),
    401: Trouble(_l("要先登录"), _l("登录以后再来。")),
    403: Trouble(
        _l("这件事您现在不能办"), _l("这个户号没有给您这样的权限。请户主办，或打 %(hotline)s。")
    ),
    404: Trouble(
        _l("这里没有这一页"), _l("地址可能抄错了，也可能这份资料不在您名下。从首页再找找看。")
    ),
    405: Trouble(_l("这一步不能这样打开"), _l("请从首页重新进来，一步一步走。")),
    409: Trouble(_l("情况刚刚变了"), _l("没有改动任何东西。回去看看最新的样子，再决定。")),
    413: Trouble(_l("交上来的内容太大了"), _l("没有保存。删短一些，或换一个小一点的文件再试。")),
    429: Trouble(_l("试得太多了"), _l("过 15 分钟再来，或打 %(hotline)s。")),
    500: Trouble(
        _l("这一页暂时打不开"),
        _l("数据没丢，我们已经知道了。10 分钟后再看；着急就打 %(hotline)s。"),
    ),
    503: Trouble(_l("系统正在维护"), _l("数据没丢。10 分钟后再看；停电和急修随时打 %(hotline)s。")),
}
CORE_DOWN = Trouble(
    _l("电费系统在维护"), _l("账单和用电还看得到，只是这一步要等一等。10 分钟后再试。")
)
GATEWAY_DOWN = Trouble(
    _l("付款通道暂时连不上"), _l("没有付款，钱没有扣。换一种方式，或过几分钟再试。")
)
WHAT_IS_DOWN = {"core.unavailable": CORE_DOWN, "gateway.unavailable": GATEWAY_DOWN}
"""Refusals that name what does not answer: the page says that, rather than that all is down."""

DATABASE_FAULTS = (OperationalError, InterfaceError, PoolTimeout)
STATUS_OF_REFUSAL: tuple[tuple[type[Refused], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (TooManyTries, 429),
    (Conflict, 409),
    (Unavailable, 503),
    (Refused, 400),
)


def register(app: Flask) -> None:
    """Turn every error of the application into a page."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(OutboundError, _outside_is_down)
    for fault in DATABASE_FAULTS:
        app.register_error_handler(fault, _database_is_down)
    app.register_error_handler(DataError, _unkeepable)
    app.register_error_handler(Exception, _unexpected)


def status_of(refusal: Refused) -> int:
    """The status in which a refusal is answered."""
    return next(code for kind, code in STATUS_OF_REFUSAL if isinstance(refusal, kind))


def trouble_of(status: int) -> Trouble:
    """What a person reads of an error of which no more is known."""
    return TROUBLES.get(status, TROUBLES[500 if status >= 500 else 400])


def page(status: int, trouble: Trouble | None = None, *, bare: bool = False) -> Response:
    """The error page. A `bare` one asks the database nothing, for when it may be down.

    The request's unit of work has failed with it: what the page itself asks belongs to a new one.
    """
    undo()
    if bare:
        g.without_user = True
    shown = trouble or trouble_of(status)
    response = make_response(
        render_template("errors/error.html", trouble=shown, status=status, bare=bare), status
    )
    if status == 503:
        response.headers["Retry-After"] = "600"
    return response


def _stale_form(error: CSRFError) -> Response:
    _log.info("form_token_refused", page=request.endpoint, reason=error.description)
    return page(400)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return cast(Response, Response.force_type(error.get_response(), request.environ))
    response = page(error.code or 500)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _refused(refusal: Refused) -> Response:
    if down := WHAT_IS_DOWN.get(refusal.code):
        return page(503, down)
    status = status_of(refusal)
    said = words.refusal_or_none(refusal)
    known = TROUBLES[status]
    return page(status, Trouble(known.title, said) if said else known)


def _outside_is_down(error: OutboundError) -> Response:
    _log.error("outside_is_down", system=error.name, status=error.status)
    return page(503, CORE_DOWN if error.name == "core" else GATEWAY_DOWN)


def _database_is_down(error: Exception) -> Response:
    _log.error("database_is_down", error=type(error).__name__, page=request.endpoint)
    return page(503, bare=True)


def _unkeepable(error: DataError) -> Response:
    """A NUL in a text, a number beyond all numbers: no page has it and no form brings it."""
    _log.warning("request_unkeepable", error=type(error.orig).__name__, page=request.endpoint)
    return page(404 if request.method in ("GET", "HEAD") else 400)


def _unexpected(error: Exception) -> Response:
    _log.error("request_failed", page=request.endpoint, method=request.method, exc_info=error)
    return page(500, bare=True)
