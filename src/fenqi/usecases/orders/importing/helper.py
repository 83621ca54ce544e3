"""Processes beside ours that prepare the next batches while we write one: Python computes on one core only.

This module imports nothing of Django before such a process has set it up.
"""

import gc
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fenqi.usecases.orders.importing.batch import Batch
    from fenqi.usecases.orders.importing.preparing import Work

HELPERS = 2  # preparing takes twice as long as handing over to the database
GOODBYE_SECONDS = 10


class HelperDied(RuntimeError):
    """A helper ended without a word: out of memory, or killed. What was written before is kept."""


def prepared_elsewhere(work: "Work") -> Iterator["Batch"]:
    """The same batches as `prepared_batches(work)` gives, made in turn by the helpers.

    Raises what `prepared_batches` raises, and HelperDied.
    """
    with ExitStack() as helpers:
        lines = [helpers.enter_context(_helper(work, turn)) for turn in range(HELPERS)]
        for line in cycle(lines):
            batch = _next(line)
            if batch is None:
                return
            yield batch


@contextmanager
def _helper(work: "Work", turn: int) -> Iterator[Connection]:
    """The line to a helper that is already at work; it is gone after the block."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    helper = context.Process(target=_help, args=(theirs,), daemon=True, name=f"import-helper-{turn}")
    helper.start()
    theirs.close()
    try:
        ours.send((work, turn))
        yield ours
    finally:
        ours.close()
        helper.join(GOODBYE_SECONDS)
        helper.kill()


def _next(line: Connection) -> Any:
    """A batch, or None after the last."""
    try:
        answer = line.recv()
    except (EOFError, ConnectionResetError) as error:
        raise HelperDied from error
    if isinstance(answer, tuple):  # a refusal in its parts: made from keywords, it cannot travel whole
        kind, where, details = answer
        raise kind(where=where, **details)
    return answer


def _help(theirs: Connection) -> None:
    """The life of a helper. It ends when the importer is done or gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the importer's to answer
    gc.set_threshold(100_000, 20, 50)  # batches are many small objects without cycles
    import django  # noqa: PLC0415

    django.setup()
    from fenqi.domain.errors import FenqiError  # noqa: PLC0415
    from fenqi.usecases.orders.importing.preparing import prepared_batches  # noqa: PLC0415

    with suppress(BrokenPipeError, ConnectionResetError, EOFError):
        try:
            work, turn = theirs.recv()
            for batch in prepared_batches(work, turn=turn, turns=HELPERS):
                theirs.send(batch)
        except FenqiError as refusal:
            theirs.send((type(refusal), refusal.where, refusal.details))
        else:
            theirs.send(None)
