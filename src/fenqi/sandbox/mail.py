"""An SMTP server on this machine, and the mailboxes that its mails arrive in."""

import asyncio
import email
import threading
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from fenqi.sandbox import faults
from fenqi.sandbox.faults import Fault, Kind, Operation
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

HOST: Final = "127.0.0.1"
TAKEN: Final = "250 Message accepted for delivery"
_port: list[int] = []


def start() -> None:
    """Take mail on a free port, in a thread of its own, for as long as the process lives."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(_Box(), enable_SMTPUTF8=True, loop=loop), HOST, 0))
    _port[:] = [server.sockets[0].getsockname()[1]]
    threading.Thread(target=loop.run_forever, name="mail", daemon=True).start()


def port() -> int:
    return _port[0] if _port else 0


def mails(*, to: str = "", limit: int = 100) -> list[Row]:
    """The newest first; to one address, if it is named."""
    return town().store.rows(
        "SELECT * FROM mail WHERE ? IN ('', recipient) ORDER BY id DESC LIMIT ?", to.lower(), limit
    )


class _Box:
    """What aiosmtpd asks of a handler. A fault is drawn for each connection, when it says hello."""

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        fault = faults.next_fault(town().store, "email", Operation.EMAIL)
        if fault and fault.kind is Kind.DOWN:
            _hang_up(server)
        session.fault = fault  # type: ignore[attr-defined]  # kept with the session until the mail is there
        return responses

    async def handle_MAIL(  # noqa: N802 - as above
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault: Fault | None = getattr(session, "fault", None)
        if fault and fault.kind is Kind.CODE:
            return f"{fault.value} refused by the sandbox"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        fault: Fault | None = getattr(session, "fault", None)
        if fault and fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds)
        _keep(envelope)
        if fault and fault.kind is Kind.RESET:
            _hang_up(server)
        return TAKEN


def _hang_up(server: Any) -> None:
    server.transport.abort()


def _keep(envelope: Envelope) -> None:
    message = email.message_from_bytes(_bytes(envelope.content), policy=default)
    assert isinstance(message, EmailMessage)
    text, html = _part(message, "plain"), _part(message, "html")
    with town().store.change() as db:
        db.executemany(
            "INSERT INTO mail (at, recipient, sender, subject, text, html, message_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    town().now(),
                    to.lower(),
                    str(message["From"] or ""),
                    str(message["Subject"] or ""),
                    text,
                    html,
                    str(message["Message-ID"] or "").strip(),
                )
                for to in envelope.rcpt_tos
            ],
        )


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
