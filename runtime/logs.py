"""Logs: one JSON object a line, in which no phone number, ID number or token can stand.

Every line of this process passes here, those of libraries and the text of exceptions
included. Fields whose name speaks of a secret lose their value; in all other text, whatever
looks like a mobile number, a resident ID, a token, a key or a password is replaced.
"""

import dataclasses
import logging
import sys
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from runtime.masking import mask, names_a_secret

HIDDEN = "[hidden]"
DEEPEST = 8
"""Levels of nesting that a log line shows."""


def configure(
    level: str = "INFO", *, process: str = "denghuo", stream: TextIO | None = None
) -> None:
    """Send every log line of this process, named `process`, to `stream` (standard error)."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_formatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _take_over_library_loggers()
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger for one module: `log.info("bill_issued", bill=7)`."""
    return cast(FilteringBoundLogger, structlog.stdlib.get_logger(name))


def masked(value: Any, depth: int = 0) -> Any:
    """A copy of `value` for JSON in which nothing secret is left."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        text = str(value)
        return value if mask(text) == text else mask(text)
    if depth >= DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return _masked_fields(value, depth)
    if isinstance(value, bytes | bytearray | memoryview):
        return mask(bytes(value).decode("utf-8", "backslashreplace"))
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each, depth + 1) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _masked_fields(vars(value) if hasattr(value, "__dict__") else {}, depth)
    return mask(_text(value))


def _masked_fields(fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        mask(str(name)): HIDDEN if names_a_secret(str(name)) else masked(value, depth + 1)
        for name, value in fields.items()
    }


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a broken __str__ must not lose the line
        return f"<{type(value).__name__}>"


class _Handler(logging.StreamHandler[TextIO]):
    """Writes a line; what cannot be written is named by its kind and place alone."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        kind = sys.exc_info()[0]
        name = kind.__name__ if kind else "error"
        try:
            self.stream.write(f'{{"event": "unwritable_log_line", "error": "{name}"}}\n')
        except (OSError, ValueError):
            return


def _formatter(process: str) -> logging.Formatter:
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
    ]

    def name_process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_process,
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _mask_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    clean: MutableMapping[str, Any] = masked(event)
    return clean


def _take_over_library_loggers() -> None:
    """Libraries that brought handlers of their own write through ours from now on."""
    for logger in _loggers(logging.root.manager.loggerDict.values()):
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("httpx").setLevel("WARNING")
    logging.getLogger("procrastinate").setLevel("WARNING")


def _loggers(known: Iterable[Any]) -> list[logging.Logger]:
    return [each for each in known if isinstance(each, logging.Logger)]


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("denghuo").critical("uncaught_error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
