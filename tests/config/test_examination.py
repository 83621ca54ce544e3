"""What `fenqi doctor` says of the folder of evidence."""

from pathlib import Path

from pytest_django import Settings

from fenqi.config import examination


def test_a_folder_that_can_be_made_is_good(settings: Settings, tmp_path: Path) -> None:
    settings.FENQI_EVIDENCE_FOLDER = tmp_path / "not" / "yet"
    assert examination.evidence().verdict == "good"


def test_a_folder_that_is_served_is_bad(settings: Settings) -> None:
    settings.FENQI_EVIDENCE_FOLDER = Path(settings.STATIC_ROOT) / "evidence"
    found = examination.evidence()
    assert found.verdict == "bad"
    assert "FENQI_EVIDENCE_FOLDER" in found.advice


def test_a_folder_that_cannot_be_written_is_bad(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.FENQI_EVIDENCE_FOLDER = tmp_path / "file" / "evidence"
    assert examination.evidence().verdict == "bad"
