"""Child processes that do not outlive their parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def dying_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What a child calls first: from then on the kernel sends it `number` when `parent` dies, whatever killed it.

    Linux only; elsewhere the child merely refuses to start when its parent is gone already. The kernel means the thread
    that started the child, so children are started by main threads.
    """
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def tie() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie
