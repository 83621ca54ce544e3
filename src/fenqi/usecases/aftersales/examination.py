"""Have a stranger's file looked at by a process of its own (`media`): with no environment, bounded in memory and time.

It runs as the same user and could read what that user can. What it is kept from is our memory and the settings in it.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

import structlog

from fenqi.domain.aftersales import evidence_rules
from fenqi.domain.aftersales.evidence_rules import (
    EvidenceLimits,
    EvidenceNotAccepted,
    EvidenceRefused,
    EvidenceUnavailable,
    Kept,
    MediaKind,
)

AT_A_TIME: Final = 2
"""In each server process: one examination may take gigabytes and a processor."""
WAIT_SECONDS: Final = 1
"""For a turn: who waits holds a thread that others ask pages of."""

LONGEST_SECONDS: Final = 60

_log = structlog.get_logger(__name__)
_free = BoundedSemaphore(AT_A_TIME)


def examine(came: Path, made: Path, limits: EvidenceLimits) -> Kept:
    """What is kept of the file, written into the folder `made`. Raises EvidenceRefused, EvidenceUnavailable."""
    if not _free.acquire(timeout=WAIT_SECONDS):
        raise EvidenceUnavailable
    try:
        answer = _answer(came, made, limits)
    finally:
        _free.release()
    if "kept" in answer:
        return Kept(**{**answer["kept"], "kind": MediaKind(answer["kept"]["kind"])})
    refusal: type[EvidenceRefused] = getattr(evidence_rules, answer["refused"])
    raise refusal(**answer["details"])


def _answer(came: Path, made: Path, limits: EvidenceLimits) -> Mapping[str, Any]:
    """A process that died or would not end is an answer, too: what it read is not accepted."""
    command = [
        *(sys.executable, "-I", "-m", "fenqi.usecases.aftersales.media"),
        *(str(came), str(made), json.dumps(asdict(limits))),
    ]
    try:
        done = subprocess.run(command, env={}, capture_output=True, timeout=LONGEST_SECONDS, check=True)
        answer: Mapping[str, Any] = json.loads(done.stdout)
    except subprocess.SubprocessError as fault:
        _log.warning(
            "evidence_examination_died", fault=type(fault).__name__, returned=getattr(fault, "returncode", None)
        )
        raise EvidenceNotAccepted from None
    return answer
