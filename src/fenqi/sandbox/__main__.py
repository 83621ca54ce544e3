"""`python -m fenqi.sandbox --port 8081 --state DIR`."""

import signal
from contextlib import suppress
from pathlib import Path

import click

from fenqi.sandbox.server import serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8081, show_default=True, help="0 takes a free port.")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keys and memory.")
@click.option(
    "--pace", type=click.FloatRange(min=1), default=240, show_default=True, help="Protocol seconds passing in one."
)
def main(port: int, state: Path, pace: float) -> None:
    """Run the sandbox: the counterparties, the SMS service, and the control page."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        serve(port=port, state=state, pace=pace)


main()
