"""`fenqi run`: the whole house on one machine, to try it and to work on it.

PostgreSQL, the sandbox, the web server and the job worker run as children of this process, which itself loads no
framework. It starts again what dies, and stops all of it on Ctrl-C. Everything it keeps is in the data folder.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import click
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from fenqi.config import environment, place, postgres
from fenqi.config.processes import Child, stop
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.commands.counterparties import introduce, staff_password, start_sandbox
from fenqi.interfaces.commands.demo_mall import HOTLINE, PEOPLE, RETURN_ADDRESS, Person
from fenqi.interfaces.commands.demo_year.people import Person as YearPerson
from fenqi.interfaces.commands.demo_year.people import people
from fenqi.interfaces.commands.demo_year.progressed import Progressed, refuse_unfinished

HOST = "127.0.0.1"
START_SECONDS = 60.0
LOOK_SECONDS = 0.2
PORTS_TO_TRY = 100
PEOPLE_TO_SHOW = 3
STAFF = {"lin.agent": "agent", "zhao.finance": "finance", "chen.admin": "admin"}

console = Console()


class AlreadyRunning(FenqiError):
    """Somebody runs this data folder already. Details: `address`."""

    code = "already_running"
    status = 409
    zh = "已经在运行：{address}。请先停止它，或用 FENQI_DATA 指定另一个数据目录。"
    en = "It is running already: {address}. Stop that one first, or name another data folder by FENQI_DATA."


class NotStarted(FenqiError):
    """A part did not come up. Details: `part`, `log`."""

    code = "not_started"
    status = 503
    zh = "{part} 未能启动，请查看 {log}。"
    en = "{part} did not start. See {log}."


@click.command()
@click.option("--port", envvar="FENQI_WEB_PORT", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--sandbox-port", envvar="FENQI_SANDBOX_PORT", type=click.IntRange(1, 65535), default=8100, show_default=True
)
@click.option("--sample/--no-sample", default=True, help="Load the sample mall.")
def run(*, port: int, sandbox_port: int, sample: bool) -> None:
    """Start everything on this machine and load the sample mall. Ctrl-C stops it; the next start goes on from there."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell that started us in the background ignores them
        signal.signal(number, signal.default_int_handler)
    refuse_unfinished(environment.data_folder())
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        port, sandbox_port = free_from(port), free_from(sandbox_port)
        web, sandbox = f"http://{HOST}:{port}", f"http://{HOST}:{sandbox_port}"
        stack.enter_context(alone(web))
        embedded = place.cluster() if place.runs_own_database() else None
        stack.enter_context(place.database())
        children: list[Child] = []
        stack.callback(stop, children)
        stack.callback(ignore_further_signals)
        stack.callback(place.introduction().unlink, missing_ok=True)
        place.load_keys(create=True)
        start(children, web=web, sandbox=sandbox, port=port, sandbox_port=sandbox_port, sample=sample)
        console.print(welcome(web=web, sandbox=sandbox))
        tend(children, embedded)


def start(children: list[Child], *, web: str, sandbox: str, port: int, sandbox_port: int, sample: bool) -> None:
    """Start the parts in the order they need each other. Raises NotStarted."""
    logs = environment.data_folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    children.append(start_sandbox(port=sandbox_port, logs=logs))
    wait_for(f"{sandbox}/healthz", children[0])
    introduced = introduce(sandbox, web=web)
    os.environ.update(introduced)
    postgres.write_private(place.introduction(), json.dumps(introduced))
    for name, value in {"FENQI_TLS": "no", "FENQI_PUBLIC_URL": web, "FENQI_WEB_PORT": str(port)}.items():
        os.environ.setdefault(name, value)
    if sample:
        os.environ.setdefault("FENQI_RETURN_ADDRESS", RETURN_ADDRESS)
        os.environ.setdefault("FENQI_HOTLINE", HOTLINE)
    os.environ.setdefault("FENQI_ORIGINS", f"{web},http://localhost:{port}")
    prepare(log=logs / "prepare.log", sample=sample)
    children.extend(
        Child(name, fenqi(*command), log=logs / f"{name}.log", environ=os.environ)
        for name, command in {"web": ("serve", "--port", str(port)), "worker": ("worker",)}.items()
    )
    wait_for(f"{web}/readyz", children[1])


def prepare(*, log: Path, sample: bool) -> None:
    """Run `fenqi prepare` to its end. Raises NotStarted."""
    wanted = "--sample" if sample else "--no-sample"
    command = fenqi("prepare", wanted, *(word for member in STAFF.items() for word in ("--staff", *member)))
    environ = {**os.environ, "FENQI_SAMPLE_PASSWORD": staff_password()}
    with log.open("ab") as output:
        done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stderr=output, check=False)
    if done.returncode != 0:
        raise NotStarted(part="prepare", log=log)


def tend(children: list[Child], embedded: postgres.Cluster | None) -> None:
    """Start again whatever dies, for ever."""
    while True:
        time.sleep(LOOK_SECONDS)
        if embedded and embedded.postmaster() is None:
            console.print("[yellow]PostgreSQL ended; it starts again.[/]")
            postgres.ensure_running(embedded)
        for child in children:
            if news := child.tend():
                console.print(f"[yellow]{news}[/]", soft_wrap=True)


def welcome(*, web: str, sandbox: str) -> Panel:
    """Where everything is, and how to sign in."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    phones = "、".join(f"{person.phone} {person.name}" for person in sample_people())
    for title, address, remark in (
        ("顾客 portal", f"{web}/", f"手机号 phone: {phones}"),
        ("短信 messages", f"{sandbox}/sms", "登录验证码在这里收 sign-in codes arrive here"),
        (
            "客服 console",
            f"{web}/console/",
            f"{' / '.join(STAFF)}, 密码 password: {staff_password()}",
        ),
        ("接口 API", f"{web}/api/v1/openapi.json", ""),
        ("沙箱 sandbox", f"{sandbox}/control", "让支付渠道出错 make the channels misbehave"),
        ("日志 logs", f"{environment.data_folder() / 'logs'}", ""),
    ):
        grid.add_row(f"[bold]{title}[/]", f"{address}\n[dim]{remark}[/]" if remark else address)
    return Panel(grid, title="Fenqi 分期", subtitle="Ctrl-C 停止 stops it all", title_align="left", expand=False)


def sample_people() -> Sequence[Person | YearPerson]:
    """Some who can sign in: of the sample mall, or of the year that was simulated here."""
    before = Progressed.of(environment.data_folder()).read()
    if before is None:
        return PEOPLE[:PEOPLE_TO_SHOW]
    everybody = people(before.year.customers, seed=before.year.seed)
    return [one for one in everybody if not one.changes_phone][:PEOPLE_TO_SHOW]


def fenqi(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "fenqi.interfaces.commands.main", *words]


@contextmanager
def alone(address: str) -> Iterator[None]:
    """Nobody else runs this data folder meanwhile. Raises AlreadyRunning."""
    folder = environment.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(address=file.read().strip()) from None
        file.truncate(0)
        print(address, file=file, flush=True)
        yield


def free_from(port: int) -> int:
    """The port, or the next free one, which is told."""
    free = next((candidate for candidate in range(port, port + PORTS_TO_TRY) if postgres.is_free(candidate)), port)
    if free != port:
        console.print(f"[yellow]Port {port} is taken: using {free}.[/]")
    return free


def wait_for(address: str, child: Child) -> None:
    """Until the address answers with 200. Raises NotStarted."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while child.is_alive() and time.monotonic() < deadline:
        with suppress(OSError), direct.open(address, timeout=2) as answer:
            if answer.status == HTTPStatus.OK:
                return
        time.sleep(LOOK_SECONDS)
    raise NotStarted(part=child.name, log=child.log)


def ignore_further_signals() -> None:
    """We are stopping already, and it takes seconds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
