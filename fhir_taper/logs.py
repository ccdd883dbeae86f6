"""What the program writes down while it runs: one line of JSON per event, for machines. Never a patient, a token, an address.

A leaf, and structlog's one door. Our own events are a fixed name with codes, counts and durations. What other libraries log is their fixed
text without what they fill in, and an error is its type and the places it passed through: its words may hold what somebody typed.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

Event = MutableMapping[str, Any]
_FRAMES: Final = 12
_LOUD: Final = ("urllib3", "asyncio", "multipart", "weasyprint", "fontTools", "alembic")


def configure_logs(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log line of the process to `stream` (standard error unless given), as JSON."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_text_without_values, *_STEPS],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)


def log(
    event: str, facts: Mapping[str, str | float | None] | None = None, *, level: int = logging.INFO, error: BaseException | None = None
) -> None:
    """One event: a fixed name and facts that are codes, counts or seconds; `error` is told by its type and where it came from."""
    structlog.get_logger("fhir_taper").log(level, event, **{**(facts or {}), **({"exc_info": error} if error is not None else {})})


def begin_request(request_id: str) -> None:
    """From here on every line of this request carries its id."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=request_id)


def _text_without_values(logger: object, method: str, event: Event) -> Event:
    """Another library's line: its fixed text; what it fills in may be an address or a name."""
    del logger, method
    record: logging.LogRecord = event["_record"]
    said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    return {**event, "event": said if record.name != "py.warnings" else "a warning of Python", "logger": record.name}


def _error_without_words(logger: object, method: str, event: Event) -> Event:
    del logger, method
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["error"] = type(error).__name__
        event["at"] = _places(error.__traceback__)
    event.pop("stack_info", None)
    return event


def _places(trace: TracebackType | None) -> list[str]:
    """Module line and function of the innermost calls, without source and values."""
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{frame.filename.rpartition('/site-packages/')[2].rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


_STEPS: Final[tuple[Any, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _error_without_words,
)
# At import, not by whoever starts the program: structlog as it comes prints every variable of a failed function.
structlog.configure(
    processors=[*_STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=False,
)
