"""`denghuo sandbox`: make the papers, run the outside world."""

import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from sandbox import papers

HOST = "127.0.0.1"


class Seconds(click.ParamType[tuple[float, ...]]):
    """Positive seconds parted by commas."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        try:
            seconds = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value} is not a list of seconds like 1,2,4", param, ctx)
        if not all(0 < each < 86400 for each in seconds):
            self.fail("every pause must be above zero and below a day", param, ctx)
        return seconds


@click.group()
def sandbox() -> None:
    """WeChat Pay, Alipay, SMS and mail in a box, for demo and tests. No real money."""


@sandbox.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the papers; by default secrets in DENGHUO_VAR.",
)
@click.option("--var", envvar="DENGHUO_VAR", type=click.Path(path_type=Path), default=Path("var"))
def keys(folder: Path | None, var: Path) -> None:
    """Make numbers, keys and tokens of merchant and gateways; what is there stays."""
    folder = folder or var / "secrets"
    try:
        papers.create(folder)
    except papers.PapersError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"Sandbox papers are in {folder}")


@sandbox.command()
@click.option("--port", envvar="DENGHUO_SANDBOX_PORT", type=click.IntRange(1, 65535), default=8400)
@click.option(
    "--smtp-port",
    envvar="DENGHUO_SANDBOX_SMTP_PORT",
    type=click.IntRange(1, 65535),
    default=8425,
    show_default=True,
    help="Port of the mail server.",
)
@click.option("--var", envvar="DENGHUO_VAR", type=click.Path(path_type=Path), default=Path("var"))
@click.option(
    "--keys",
    "keys_folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the papers; by default secrets in DENGHUO_VAR.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of its memory; by default sandbox in DENGHUO_VAR.",
)
@click.option(
    "--schedule",
    type=Seconds(),
    default="1,2,4,8,15,30,60",
    show_default=True,
    help="Pauses between the tries of a callback; the last one repeats.",
)
@click.option(
    "--refund-seconds",
    type=click.FloatRange(0, 3600),
    default=1.0,
    show_default=True,
    help="Seconds until a WeChat Pay refund has arrived.",
)
@click.option(
    "--wechat-callback",
    envvar="DENGHUO_WECHAT_CALLBACK",
    default="http://127.0.0.1:8000/wechat/messages",
    show_default=True,
    help="Where WeChat brings what people write to the service account.",
)
@click.option(
    "--sms-callback",
    envvar="DENGHUO_SMS_CALLBACK",
    default="",
    help="Where the providers of text messages push reports and replies; by default nowhere.",
)
@click.option(
    "--sms-signature",
    envvar="DENGHUO_SMS_SIGNATURE",
    default="灯火",
    show_default=True,
    help="The one signature that the providers of text messages have approved.",
)
@click.option(
    "--voice-callback",
    envvar="DENGHUO_VOICE_CALLBACK",
    default="",
    help="Where the provider of voice calls reports them; by default nowhere.",
)
def run(
    port: int,
    smtp_port: int,
    var: Path,
    keys_folder: Path | None,
    data: Path | None,
    schedule: tuple[float, ...],
    refund_seconds: float,
    wechat_callback: str,
    sms_callback: str,
    sms_signature: str,
    voice_callback: str,
) -> None:
    """Serve on the loopback address until SIGTERM or Ctrl-C."""
    from werkzeug.serving import make_server  # here, so that `keys` starts fast

    from sandbox.app import create_app
    from sandbox.notices import Schedule
    from sandbox.smtp import Server

    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        app = create_app(
            keys_folder or var / "secrets",
            data or var / "sandbox",
            Schedule(schedule),
            refund_seconds,
            wechat_callback,
            sms_callback,
            sms_signature,
            voice_callback,
        )
    except papers.PapersError as problem:
        raise click.ClickException(str(problem)) from problem
    server = make_server(HOST, port, app, threaded=True)
    mail = Server(app.extensions["sandbox"], HOST, smtp_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    app.extensions["sender"].start()
    app.extensions["pusher"].start()
    app.extensions["reporter"].start()
    mail.start()
    click.echo(f"Sandbox: http://{HOST}:{port}")
    try:
        server.serve_forever()
    finally:
        server.server_close()
        mail.stop()
        app.extensions["sender"].stop()
        app.extensions["pusher"].stop()
        app.extensions["reporter"].stop()


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
