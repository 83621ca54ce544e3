"""`fenqi migrate-plans`: a dry run tells both sides' balances and keeps nothing; a draft waits for a second person."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fenqi.interfaces.commands.migrate_plans import migrate_plans
from fenqi.records.models import PlanMigration
from fenqi.usecases.partners.providers import edit_provider
from lenders import PARTNER_CODE, PLATFORM
from malls import bought
from moving import sheet
from staff_members import finance
from town import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R146")]


def test_one_wrong_fen_is_told_and_nothing_is_kept(town: Town, tmp_path: Path) -> None:
    edit_provider(finance("maker"), PLATFORM, now=datetime.now(UTC))
    plans = bought(), bought()
    file = tmp_path / "plans.csv"
    file.write_bytes(sheet(plans, wrong_fen=-1))
    told = CliRunner().invoke(migrate_plans, [str(file), "--to", PARTNER_CODE, "--dry-run", "--json"])
    said = json.loads(told.stdout)
    assert (told.exit_code, said["counts"], said["kept"]) == (1, {"ready": 1, "differs": 1}, False)
    (differing,) = said["differing"]
    assert differing["problems"][0] == {"reason": "file_differs", "ours": 120_000, "theirs": 119_999}
    assert not PlanMigration.objects.exists()
    file.write_bytes(sheet(plans))
    told = CliRunner().invoke(migrate_plans, [str(file), "--to", PARTNER_CODE])
    assert (told.exit_code, PlanMigration.objects.get().state) == (0, "rehearsed")
    assert "Kept" in told.output
