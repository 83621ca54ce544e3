"""`fenqi demo`: the sample mall, or with `--year` a whole simulated year in an empty house."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack

import click

from fenqi.config import environment, place
from fenqi.config.processes import Child, dying_with, stop
from fenqi.interfaces.commands import run
from fenqi.interfaces.commands.counterparties import introduce, start_sandbox
from fenqi.interfaces.commands.demo_mall import RETURN_ADDRESS

YEAR_DAYS = 365
HASTE = "-c synchronous_commit=off"
"""A server that loses power loses the last moments of a simulation, and never half of anything."""


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when there is nothing to do.")
@click.option("--year", is_flag=True, help="Simulate a year of the mall instead, in an empty house. Takes minutes.")
@click.option("--customers", type=click.IntRange(1, 20_000), default=300, show_default=True, help="Of the year.")
@click.option("--days", type=click.IntRange(2, 730), default=YEAR_DAYS, show_default=True, help="Of the year.")
@click.option("--seed", type=int, default=417, show_default=True, help="The same seed gives the same decisions.")
@click.option("--port", envvar="FENQI_WEB_PORT", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--sandbox-port", envvar="FENQI_SANDBOX_PORT", type=click.IntRange(1, 65535), default=8100, show_default=True
)
@click.pass_context
def demo(
    ctx: click.Context,
    *,
    quiet: bool,
    year: bool,
    customers: int,
    days: int,
    seed: int,
    port: int,
    sandbox_port: int,
) -> None:
    """Load the sample mall: a dozen invented customers and some forty orders in every state. Once.

    With --year: hundreds of customers, and a year in which they repay, fail, return and complain; it ends today.
    Stopped, the same command goes on where it was.
    """
    if year:
        ctx.exit(simulate(customers=customers, days=days, seed=seed, port=port, sandbox_port=sandbox_port))
    with place.ready():
        from fenqi.interfaces.commands.demo import demo as sample  # noqa: PLC0415 - needs Django set up

        ctx.invoke(sample, quiet=quiet)


def simulate(*, customers: int, days: int, seed: int, port: int, sandbox_port: int) -> int:
    """Start what `fenqi run` starts, but for web server and worker, and live the year beside it; its exit code.

    Raises AlreadyRunning, NotStarted.
    """
    with ExitStack() as stack:
        port, sandbox_port = run.free_from(port), run.free_from(sandbox_port)
        web, sandbox = f"http://{run.HOST}:{port}", f"http://{run.HOST}:{sandbox_port}"
        stack.enter_context(run.alone(web))
        stack.enter_context(place.database())
        children: list[Child] = []
        stack.callback(stop, children)
        place.load_keys(create=True)
        logs = environment.data_folder() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        children.append(start_sandbox(port=sandbox_port, logs=logs))
        run.wait_for(f"{sandbox}/healthz", children[0])
        os.environ.update(introduce(sandbox, web=web))
        os.environ.setdefault("FENQI_TLS", "no")
        os.environ.setdefault("FENQI_RETURN_ADDRESS", RETURN_ADDRESS)
        run.prepare(log=logs / "prepare.log", sample=False)
        words = {"--customers": customers, "--days": days, "--seed": seed, "--port": port}
        command = run.fenqi("live-year", *(word for name, value in words.items() for word in (name, str(value))))
        environ = {**os.environ, "PGOPTIONS": HASTE, "FENQI_LOG_LEVEL": "ERROR"}
        return wait_for(living(command, environ))


def living(command: list[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """In a session of its own, so that it hears of Ctrl-C from us, once; told the same when we are gone."""
    return subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dying_with(os.getpid(), signal.SIGINT),  # noqa: PLW1509 - we have one thread
    )


def wait_for(child: "subprocess.Popen[bytes]") -> int:
    """Its exit code. Interrupted, it is interrupted, and keeps what it has done."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell that started us in the background ignores them
        signal.signal(number, signal.default_int_handler)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
