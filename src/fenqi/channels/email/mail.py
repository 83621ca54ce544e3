"""One mail with a text and an HTML part, sent by a backend of Django's; what is known of it afterwards."""

import smtplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from django.core.mail import EmailMultiAlternatives, get_connection

from fenqi.channels.environment import readable, required

SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"
PATIENCE_SECONDS: Final = 10
_PERMANENT: Final = 500


class MailOutcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: the address or the mail is not taken."""
    UNREACHED = "unreached"
    """Not sent: nobody was there, or the server asked to come again later."""
    UNKNOWN = "unknown"
    """The connection broke while the mail was handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`message_id` is ours and stays the same when the mail is sent again, so that mailboxes can tell."""

    to: str = field(repr=False)
    subject: str
    text: str
    html: str
    message_id: str
    language: str = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceipt:
    outcome: MailOutcome
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfig:
    sender: str
    backend: str = SMTP
    host: str = ""
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "starttls"
    """`starttls`, `tls`, or `none`, which is for this machine only."""
    name: str = "email"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_EMAIL_FROM`, `_BACKEND`, `_HOST`, `_PORT`, `_USER`, `_PASSWORD`, `_SECURITY`.

        None when no sender is named. Raises ChannelMisconfigured.
        """
        if not environ.get("FENQI_EMAIL_FROM"):
            return None
        backend = environ.get("FENQI_EMAIL_BACKEND", "").strip() or SMTP
        host = required("email", environ, "FENQI_EMAIL_HOST") if backend == SMTP else ""
        known = {"FENQI_EMAIL_PORT": "587", "FENQI_EMAIL_SECURITY": "starttls", **environ}
        return cls(
            sender=required("email", environ, "FENQI_EMAIL_FROM"),
            backend=backend,
            host=host,
            port=readable("email", known, "FENQI_EMAIL_PORT", int),
            user=environ.get("FENQI_EMAIL_USER", ""),
            password=environ.get("FENQI_EMAIL_PASSWORD", ""),
            security=readable("email", {**known, "host": host}, "FENQI_EMAIL_SECURITY", _security(host)),
        )


def _security(host: str) -> Any:
    def read(word: str) -> str:
        if word not in ("starttls", "tls", "none") or (word == "none" and host not in ("127.0.0.1", "localhost", "")):
            raise ValueError("starttls or tls; none only to this machine")
        return word

    return read


class Mailer:
    """Sends single mails. Safe to share between threads: each mail has a connection of its own."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config

    @property
    def name(self) -> str:
        return self._config.name

    def send(self, mail: Mail) -> MailReceipt:
        """Never raises for what the server or the network does."""
        message = EmailMultiAlternatives(
            subject=mail.subject,
            body=mail.text,
            from_email=self._config.sender,
            to=[mail.to],
            headers={
                "Message-ID": mail.message_id,
                "Content-Language": mail.language,
                "Auto-Submitted": "auto-generated",
            },
        )
        message.attach_alternative(mail.html, "text/html")
        try:
            connection = self._connection()
            connection.open()
            if self._config.backend == SMTP:
                connection.connection.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as refused:
            return MailReceipt(outcome=MailOutcome.REFUSED, code=f"smtp.{refused.smtp_code}")
        except Exception as fault:  # noqa: BLE001 - each backend has faults of its own
            return MailReceipt(outcome=MailOutcome.UNREACHED, code=type(fault).__name__[:64])
        try:
            connection.send_messages([message])
        except Exception as fault:  # noqa: BLE001 - as above
            return _read(fault)
        finally:
            _closed(connection)
        return MailReceipt(outcome=MailOutcome.ACCEPTED)

    def _connection(self) -> Any:
        config = self._config
        if config.backend != SMTP:
            return get_connection(config.backend)
        return get_connection(
            SMTP,
            host=config.host,
            port=config.port,
            username=config.user,
            password=config.password,
            use_tls=config.security == "starttls",
            use_ssl=config.security == "tls",
            timeout=PATIENCE_SECONDS,
        )


def _closed(connection: Any) -> None:
    """Saying good-bye may fail, and changes nothing."""
    with suppress(Exception):
        connection.close()


def _read(fault: Exception) -> MailReceipt:
    """What the server said of this mail; without its word nobody knows."""
    codes = [fault.smtp_code] if isinstance(fault, smtplib.SMTPResponseException) else []
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in fault.recipients.values()]
    if not codes:
        return MailReceipt(outcome=MailOutcome.UNKNOWN, code=type(fault).__name__[:64])
    is_final = max(codes) >= _PERMANENT
    outcome = MailOutcome.REFUSED if is_final else MailOutcome.UNREACHED
    return MailReceipt(outcome=outcome, code=f"smtp.{max(codes)}")
