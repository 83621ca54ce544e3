"""What does not reconcile, over all channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fenqi.usecases.reconciliation.clearing import days_overdue
from fenqi.usecases.reconciliation.findings import FindingView, open_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Open findings, the oldest first; `standing_minor` is what stands on suspense; bills that should be here."""

    findings: Sequence[FindingView]
    missing_bills: Sequence[tuple[str, date]]

    @property
    def standing_minor(self) -> int:
        return sum(abs(finding.standing_minor) for finding in self.findings)

    @property
    def oldest(self) -> date | None:
        return self.findings[0].day if self.findings else None


def differences(channels: Sequence[str], *, now: datetime) -> Differences:
    found = [finding for channel in channels for finding in open_findings(channel)]
    missing = [(channel, day) for channel in channels for day in days_overdue(channel, now=now)]
    return Differences(
        findings=sorted(found, key=lambda finding: (finding.day, finding.channel)),
        missing_bills=sorted(missing, key=lambda one: one[1]),
    )
