"""The sandbox as a process of its own, and somebody who receives its notifications: for tests over real HTTP."""

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fenqi.channels.alipay.rsa2 import sign, signed_text
from fenqi.channels.interface import Callback

WAIT_SECONDS = 20
SELLER = "2088000000000007"


def local_client(**options: Any) -> httpx.Client:
    """For plain HTTP on this machine: no proxies, and no authorities to believe, which take longest to read."""
    return httpx.Client(trust_env=False, verify=False, **{"timeout": WAIT_SECONDS, **options})


@dataclass
class Sandbox:
    """A running town and what a test tells it to do."""

    url: str
    process_id: int
    http: httpx.Client = field(default_factory=local_client)
    misbehaves: bool = False  # told to, and not yet told to stop

    def tell(self, path: str, **body: object) -> Any:
        """A call of its control API; the answer's JSON."""
        return self.http.post(f"{self.url}/control/api/{path}", json=body).raise_for_status().json()

    def ask(self, path: str, **query: str) -> Any:
        return self.http.get(f"{self.url}/control/api/{path}", params=query).raise_for_status().json()

    def order(self, operation: str, kind: str, value: str = "", times: int = 1, *, channel: str = "alipay") -> None:
        self.misbehaves = True
        self.tell("faults", channel=channel, operation=operation, kind=kind, value=value, times=times)

    def behave(self) -> None:
        """What was ordered and has not happened does not happen any more."""
        if self.misbehaves:
            self.tell("faults/forget")
            self.misbehaves = False

    def act(self, out_trade_no: str, action: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.tell(f"trades/{out_trade_no}/{action}")
        return answer

    def trade(self, out_trade_no: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(f"trades/{out_trade_no}")
        return answer

    def messages(self, phone: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.ask("sms", phone=phone)["messages"]
        return messages

    def browser(self) -> httpx.Client:
        """A payer's browser: keeps cookies and follows the redirects inside the town only when told to."""
        return local_client(base_url=self.url)


@dataclass
class Merchant:
    """An application registered with the town."""

    sandbox: Sandbox
    key: RSAPrivateKey
    app_id: str = "2021000000000007"

    def register(self) -> "Merchant":
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.sandbox.tell("alipay/register", app_id=self.app_id, seller_id=SELLER, public_key=pem)
        return self

    def signed(self, method: str, biz: dict[str, object], **changes: str) -> dict[str, str]:
        now = datetime.now(UTC).astimezone(timezone(timedelta(hours=8)))
        parameters = {
            "app_id": self.app_id,
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{now:%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "biz_content": json.dumps(biz),
            **changes,
        }
        return {**parameters, "sign": sign(signed_text(parameters), self.key)}

    def call(self, method: str, biz: dict[str, object], **changes: str) -> dict[str, Any]:
        """The response object of a call, whatever it says."""
        return self.send(self.signed(method, biz, **changes))

    def send(self, parameters: dict[str, str]) -> dict[str, Any]:
        members = self.sandbox.http.post(f"{self.sandbox.url}/gateway.do", data=parameters).json()
        return next(value for name, value in members.items() if name != "sign")

    def address(self, **changes: object) -> tuple[str, str]:
        """A new number, and the signed address of its cashier. URLs and biz_content can be changed by name."""
        number = secrets.token_hex(8)
        urls = {name: str(changes.pop(name)) for name in ("notify_url", "return_url") if name in changes}
        biz = {"out_trade_no": number, "total_amount": "88.80", "subject": "第 1 期", "product_code": "QUICK_WAP_WAY"}
        parameters = self.signed("alipay.trade.wap.pay", {**biz, **changes}, **urls)
        return number, f"{self.sandbox.url}/gateway.do?{urlencode(parameters)}"

    def opened(self, **changes: object) -> str:
        """The number of a trade whose payer stands before the cashier."""
        number, address = self.address(**changes)
        assert self.sandbox.http.get(address).status_code == 302
        return number


@contextmanager
def running_sandbox(folder: Path, *, pace: int = 1200) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "fenqi.sandbox", "--port", "0", "--state", str(folder), "--pace", str(pace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Sandbox(url=process.stdout.readline().split()[-1], process_id=process.pid)
        finally:
            process.terminate()
            process.wait(timeout=WAIT_SECONDS)


@dataclass
class Receiver:
    """Where notifications arrive. `answer` decides what is said to each, and with which HTTP status."""

    url: str = ""
    callbacks: list[Callback] = field(default_factory=list)
    answer: Callable[[Callback], str] = lambda _callback: "success"
    status: int = 200

    def wait_for(self, count: int) -> list[Callback]:
        until(lambda: len(self.callbacks) >= count)
        return self.callbacks


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            callback = Callback(headers=headers, body=self.rfile.read(int(headers["content-length"])))
            receiver.callbacks.append(callback)
            self.send_response(receiver.status)
            self.end_headers()
            self.wfile.write(receiver.answer(callback).encode())

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/notify"
        yield receiver
        server.shutdown()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another process will do."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
