"""Logs: one JSON object a line on stderr, without personal data."""

import re
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

MASK = "***"
# Values under these names are personal or secret whatever they look like.
PRIVATE_NAMES = re.compile(
    r"phone|mobile|(real|buyer|customer|full)_?name|address|email|id_?(card|number)|card_?(no|number)|password|secret|token"
    r"|authorization|cookie|api_?key|private_?key|otp|sms_?code",
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)")
IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def scrubbed(value: Any) -> Any:
    """The same value, with what looks like a person's phone, identity number or e-mail masked at any depth."""
    match value:
        case str():
            for pattern in (IDENTITY_NUMBER, PHONE, EMAIL):
                value = pattern.sub(MASK, value)
            return value
        case Mapping():
            return {name: MASK if PRIVATE_NAMES.search(str(name)) else scrubbed(part) for name, part in value.items()}
        case list() | tuple() | set():
            return [scrubbed(part) for part in value]
        case _:
            return value


def scrub(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The last processor before a line is written."""
    return dict(scrubbed(event))


SHARED_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(*, level: str) -> dict[str, Any]:
    """Settings for `logging.config.dictConfig`, and the same way for structlog's own loggers."""
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*SHARED_PROCESSORS, structlog.stdlib.PositionalArgumentsFormatter()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    scrub,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "propagate": False},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "httpx": {"level": "WARNING"},  # it writes whole addresses, with what was signed
            "procrastinate.blueprints": {"level": "WARNING"},
        },
    }
