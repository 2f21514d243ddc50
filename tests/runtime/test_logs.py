"""Nothing that a log must not show gets through, whichever way it comes."""

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from runtime import logs
from runtime.logs import get_logger
from runtime.masking import mask

PHONE = "13812345678"
RESIDENT = "11010119900307425X"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
TOKEN = "yKyAovHWAoJM8P2tBuqyhupcMPEbU2JjlkYMbjOCgnE"
PASSWORD = "correct-horse"
SECRETS = [PHONE, "1234 5678", "1234-5678", RESIDENT, RESIDENT.lower(), JWT, TOKEN, PASSWORD]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process writes; the loggers of the test run are put back afterwards."""
    root, hooks = logging.getLogger(), (sys.excepthook, __import__("threading").excepthook)
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("DEBUG", process="test", stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:], root.level = before[0], before[1]
    sys.excepthook, __import__("threading").excepthook = hooks
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _nothing_leaked(stream: io.StringIO) -> None:
    text = stream.getvalue()
    assert text
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_line_says_when_who_and_what(written: io.StringIO) -> None:
    get_logger("service.bills").info("bill_issued", bill=7, fen=123450, ratio=0.5, paid=False)
    (line,) = _lines(written)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "bill_issued",
        "level": "info",
        "logger": "service.bills",
        "process": "test",
        "bill": 7,
        "fen": 123450,
        "ratio": 0.5,
        "paid": False,
    }


@dataclass
class Customer:
    name: str
    phone: str
    note: str


class Rude:
    """An object that shows everything."""

    def __repr__(self) -> str:
        return f"<Rude {PHONE} {RESIDENT} {JWT}>"


class Broken:
    def __str__(self) -> str:
        raise RuntimeError(PHONE)


@pytest.mark.parametrize(
    "value",
    [
        PHONE,
        int(PHONE),
        float(PHONE),
        PHONE.encode(),
        bytearray(PHONE.encode()),
        memoryview(PHONE.encode()),
        f"+86{PHONE}",
        f"0086 {PHONE}",
        "call 138 1234 5678 now",
        "138-1234-5678",
        f"电话{PHONE}，姓名",
        "１３８１２３４５６７８",
        f"a{PHONE}b",
        f"/accounts?q={PHONE}&x=1",
        RESIDENT,
        RESIDENT.lower(),
        f"身份证{RESIDENT}号",
        [PHONE, (RESIDENT, {PHONE})],
        {"a": {"b": [{"c": PHONE}]}},
        {PHONE: RESIDENT},
        Customer("某", PHONE, f"ID {RESIDENT}"),
        Rude(),
        [Rude(), {"x": Rude()}],
        ValueError(f"no such phone {PHONE}"),
        f"Bearer {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"Basic {TOKEN}",
        JWT,
        TOKEN,
        f'WECHATPAY2-SHA256-RSA2048 mchid="1",signature="{TOKEN}"',
        f"postgresql://denghuo:{PASSWORD}@/denghuo",
        f"password={PASSWORD}",
        f'{{"password": "{PASSWORD}"}}',
        f"{{'new_password': '{PASSWORD}'}}",
        f"?access_token={TOKEN}",
        f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{PASSWORD}",
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_leaks(value: object, written: io.StringIO) -> None:
    log = get_logger("test")
    log.info("as a field", value=value)
    log.info("as an argument %s", value)
    log.info(f"as text {value}")
    log.bind(bound=value).warning("bound")
    logging.getLogger("some.library").warning(
        "as an argument %s and %r", "x", "y", extra={"v": value}
    )
    logging.getLogger("some.library").error(value)
    _nothing_leaked(written)
    assert len(_lines(written)) == 6


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "passwd",
        "token",
        "core_token",
        "Authorization",
        "Cookie",
        "secret_key",
        "api_key",
        "apiKey",
        "private_key",
        "phone",
        "mobile",
        "phone_number",
        "otp",
        "id_number",
        "sms_code",
        "DENGHUO_ENCRYPTION_KEYS",
        "csrf_token",
        "session_key",
    ],
)
def test_a_field_named_like_a_secret_is_empty(name: str, written: io.StringIO) -> None:
    get_logger("test").info("x", **{name: PASSWORD}, nested={"deep": [{name: PASSWORD}]})
    logging.getLogger("library").info("x", extra={f"{name}": PASSWORD})
    _nothing_leaked(written)
    assert _lines(written)[0][name] == logs.HIDDEN


def test_exceptions_do_not_leak(written: io.StringIO) -> None:
    try:
        try:
            raise KeyError(PHONE)
        except KeyError as error:
            raise RuntimeError(f"Bearer {TOKEN}\n{RESIDENT}") from error
    except RuntimeError:
        get_logger("test").exception("failed")
        logging.getLogger("library").exception("failed")
        logging.getLogger("library").error("failed", exc_info=True, stack_info=True)
    _nothing_leaked(written)
    assert "RuntimeError" in _lines(written)[0]["exception"]
    assert len(_lines(written)) == 3


def test_warnings_and_unwritable_lines_do_not_leak(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    _without_handlers_of_pytest()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"old phone {PHONE}", UserWarning, stacklevel=1)
    logging.getLogger("library").warning("%d", PHONE + "x")
    logging.getLogger("library").warning(Broken())
    get_logger("test").warning("field", value=Broken())
    _nothing_leaked(written)
    assert _lines(written)[1:3] == [
        {"event": "unwritable_log_line", "error": "TypeError"},
        {"event": "unwritable_log_line", "error": "RuntimeError"},
    ]
    assert _lines(written)[3]["value"] == "<Broken>"
    assert capsys.readouterr().err == ""


def _without_handlers_of_pytest() -> None:
    """They format a line too, and raise where it cannot be formatted."""
    root = logging.getLogger()
    root.handlers[:] = [each for each in root.handlers if isinstance(each, logs._Handler)]


def test_handlers_that_libraries_brought_are_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    library = logging.getLogger("library.with.handler")
    library.addHandler(logging.StreamHandler())
    library.propagate = False
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure(stream=stream)
    library.warning("phone %s", PHONE)
    logging.captureWarnings(False)
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()
    _nothing_leaked(stream)
    assert capsys.readouterr().err == ""


def test_an_uncaught_error_is_a_log_line_too() -> None:
    script = (
        "from threading import Thread\n"
        "from runtime import logs\n"
        "logs.configure()\n"
        "def fail(): raise ValueError('phone 13812345678')\n"
        "thread = Thread(target=fail); thread.start(); thread.join()\n"
        "fail()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert PHONE not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["uncaught_error", "uncaught_error"]


@pytest.mark.parametrize(
    "text",
    [
        "order 20260101123456789012345678 paid",
        "123450 fen",
        "account 0100234567",
        "2026-01-01T00:00:00+08:00",
        "meter 138123456789",
        "a5f3c2e1b4d6a5f3c2e1b4d6a5f3c2e1b4d6a5f3",
        "runtime/migrations/versions/0001_jobs.py",
        "http://127.0.0.1:8000/bills/7?page=2",
        "中文，标点；全角（括号）",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert mask(text) == text
