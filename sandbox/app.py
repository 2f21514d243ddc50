"""The application: both gateways, the cashiers, the boxes and the hooks in one."""

from pathlib import Path

from flask import Flask, Response, render_template

from sandbox import wechat_templates
from sandbox.alipay import alipay
from sandbox.box import Box
from sandbox.cashier import cashier
from sandbox.faults import Faults
from sandbox.hooks import hooks
from sandbox.invoices import invoices
from sandbox.messages import messages
from sandbox.notices import Schedule
from sandbox.papers import load
from sandbox.push import push
from sandbox.refunds import refund_hooks
from sandbox.reports import Reporter
from sandbox.sender import Sender
from sandbox.signing import signing
from sandbox.sms_hooks import sms_hooks
from sandbox.sms_pusher import Pusher
from sandbox.store import Store
from sandbox.unionpay import unionpay
from sandbox.voice import tell as tell_of_call
from sandbox.voice import voice
from sandbox.wechat import wechat
from sandbox.wechat_account import account
from sandbox.wechat_templates import templates

MOST_BYTES = 1 << 20
BLUEPRINTS = (
    wechat,
    account,
    templates,
    push,
    voice,
    alipay,
    unionpay,
    cashier,
    messages,
    sms_hooks,
    signing,
    invoices,
    hooks,
    refund_hooks,
)


def create_app(
    keys: Path,
    data: Path,
    schedule: Schedule,
    refund_seconds: float,
    wechat_callback: str,
    sms_callback: str,
    sms_signature: str,
    voice_callback: str,
) -> Flask:
    """The sandbox with papers from `keys` and memory in `data`. Raises PapersError.

    `wechat_callback` and `sms_callback` are the addresses that the service account has registered
    with WeChat, and the merchant with the providers of text messages; they know `sms_signature`.
    `voice_callback` is where calls are reported, if anywhere.
    """
    store = Store(data / "sandbox.sqlite3")
    box = Box(load(keys), store, Faults(store), schedule, refund_seconds)
    app = Flask("sandbox", template_folder=str(Path(__file__).parent / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.config["WECHAT_CALLBACK"] = wechat_callback
    app.extensions["sandbox"] = box
    app.config["SMS_SIGNATURE"] = sms_signature
    app.config["VOICE_CALLBACK"] = voice_callback
    app.extensions["sender"] = Sender(box)
    app.extensions["pusher"] = Pusher(box, sms_callback)
    app.extensions["reporter"] = Reporter(
        app, box, {"wechat": wechat_templates.tell, "voice": tell_of_call}
    )
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.register_error_handler(404, not_found)
    return app


def healthz() -> Response:
    return Response('{"status":"ok"}', content_type="application/json")


def not_found(_error: Exception) -> tuple[str, int]:
    return render_template(
        "refused.html", code="404", reason="这里没有这样的页面或订单 There is no such page or order"
    ), 404
