"""Evidence is taken in whole or not at all, read by its owner only, and removed in time (R036-R038, P1211)."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

import media_files
from fenqi.domain.aftersales.evidence_rules import (
    EvidenceDamaged,
    EvidenceEmpty,
    EvidenceLimits,
    EvidenceNotAccepted,
    EvidenceRefused,
    EvidenceTooDetailed,
    EvidenceTooLarge,
    EvidenceUnavailable,
    Kept,
    MediaKind,
    TooMuchEvidence,
)
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import evidence_files
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, AuditRecord, CaseEvidence
from fenqi.usecases import rate_limits
from fenqi.usecases.aftersales import evidence, evidence_removal, examination
from fenqi.usecases.aftersales.evidence import (
    EvidenceView,
    discard,
    read_evidence,
    room_for,
    store_evidence,
    waiting_evidence,
)
from malls import Bought, bought

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.FENQI_EVIDENCE_FOLDER = tmp_path / "evidence"
    return tmp_path / "evidence"


@pytest.fixture
def bill(db: None, folder: Path) -> Bought:
    return bought()


def owner(bill: Bought) -> str:
    return f"customer:{bill.customer_id}"


def sent(
    bill: Bought, content: bytes, *, now: datetime = NOW, limits: EvidenceLimits | None = None, by: str = ""
) -> EvidenceView:
    more = {"limits": limits} if limits else {}
    return store_evidence(
        bill.customer_id, bill.order_id, content=content, uploaded_by=by or owner(bill), now=now, **more
    )


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def a_case(bill: Bought, *, closed_at: datetime | None = None) -> UUID:
    case = AftersalesCase.objects.create(
        customer_id=bill.customer_id,
        id=new_id(),
        case_no=f"S-{new_id().hex[-6:]}",
        order_id=bill.order_id,
        plan_id=bill.plan_id,
        kind="return",
        reason="faulty",
        via="portal",
        applied_by=f"customer:{bill.customer_id}",
        state="completed" if closed_at else "submitted",
        policy_code="return.default",
        policy_version=1,
        currency="CNY",
        review_due_at=NOW,
        promise_by=NOW.date(),
        created_at=NOW,
        updated_at=NOW,
        closed_at=closed_at,
    )
    return case.id


@pytest.mark.requirement("R036")
def test_a_photo_is_kept_and_read_back(bill: Bought, folder: Path) -> None:
    content = media_files.photo()
    taken = sent(bill, content)

    row = CaseEvidence.objects.get(customer_id=bill.customer_id, id=taken.evidence_id)
    assert (row.kind, row.media_type, row.width, row.height, row.case_id) == ("photo", "image/jpeg", 120, 80, None)
    stored = read_evidence(bill.customer_id, taken.evidence_id)
    assert stored.size == row.size == stored.path.stat().st_size
    assert stored.path.read_bytes()[:3] == b"\xff\xd8\xff"
    assert bytes(row.sha256) != bytes(row.stored_sha256)
    assert read_evidence(bill.customer_id, taken.evidence_id, thumbnail=True).media_type == "image/jpeg"
    assert str(bill.customer_id) in str(stored.path)
    assert len(files_in(folder)) == 2


@pytest.mark.requirement("R037")
def test_a_video_is_kept_with_the_first_frame_as_its_thumbnail(bill: Bought, tmp_path: Path) -> None:
    taken = sent(bill, media_files.video(tmp_path, sound=True))
    assert (taken.kind, taken.media_type, taken.seconds) == (MediaKind.VIDEO, "video/mp4", 2)
    assert read_evidence(bill.customer_id, taken.evidence_id).name.endswith(".mp4")
    assert read_evidence(bill.customer_id, taken.evidence_id, thumbnail=True).media_type == "image/jpeg"


def test_folder_and_files_are_for_this_process_only(bill: Bought, folder: Path) -> None:
    taken = sent(bill, media_files.photo())
    path = read_evidence(bill.customer_id, taken.evidence_id).path
    for above in (path.parent, path.parent.parent, folder / evidence_files.INCOMING):
        assert above.stat().st_mode & 0o077 == 0


HOSTILE: dict[str, tuple[bytes, type[EvidenceRefused], str]] = {
    "an executable that is called .mp4": (media_files.EXECUTABLE, EvidenceNotAccepted, "MP4"),
    "an executable behind the mark of an MP4": (
        b"\0\0\0\x20ftypisom" + media_files.EXECUTABLE,
        EvidenceDamaged,
        "damaged",
    ),
    "a drawing with a script": (media_files.SVG, EvidenceNotAccepted, "JPEG"),
    "a page": (media_files.PAGE, EvidenceNotAccepted, "JPEG"),
    "a torn photo": (media_files.photo(size=(400, 400))[:900], EvidenceDamaged, "incomplete"),
    "a bomb": (media_files.bomb(), EvidenceTooDetailed, "megapixels"),
    "nothing": (b"", EvidenceEmpty, "empty"),
}


@pytest.mark.parametrize(("content", "refusal", "word"), HOSTILE.values(), ids=HOSTILE)
def test_of_a_hostile_file_nothing_is_kept(
    content: bytes, refusal: type[EvidenceRefused], word: str, bill: Bought, folder: Path
) -> None:
    with pytest.raises(refusal) as told:
        sent(bill, content)
    assert word in told.value.text("en")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told.value.text("zh-hans"))
    assert files_in(folder) == []
    assert not CaseEvidence.objects.filter(customer_id=bill.customer_id).exists()


def test_a_file_is_read_no_further_than_it_may_go(bill: Bought, folder: Path) -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1, /) -> bytes:
            self.asked += 1
            return media_files.photo() if self.asked == 1 else b"\0" * size

    endless = Endless()
    with pytest.raises(EvidenceTooLarge) as refusal:
        store_evidence(bill.customer_id, bill.order_id, content=endless, uploaded_by="customer:x", now=NOW)
    assert "20 MB" in refusal.value.text("en")
    assert endless.asked < 25
    assert files_in(folder) == []


def test_a_program_that_dies_over_a_file_refuses_it(bill: Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenqi.usecases.aftersales.examination.LONGEST_SECONDS", 0.001)
    with pytest.raises(EvidenceNotAccepted):
        sent(bill, media_files.photo())


def test_who_finds_all_turns_taken_is_told_at_once(bill: Bought) -> None:
    for _ in range(examination.AT_A_TIME):
        assert examination._free.acquire(timeout=5)
    asked_at = time.monotonic()
    try:
        with pytest.raises(EvidenceUnavailable):
            sent(bill, media_files.photo())
    finally:
        for _ in range(examination.AT_A_TIME):
            examination._free.release()
    assert time.monotonic() - asked_at < 5
    assert sent(bill, media_files.photo()).kind is MediaKind.PHOTO


@pytest.mark.requirement("R038")
def test_as_many_are_taken_as_the_policy_says_and_the_same_file_counts_once(bill: Bought, tmp_path: Path) -> None:
    room = room_for(bill.customer_id, bill.order_id, uploaded_by=owner(bill))
    assert (room.photos_left, room.videos_left) == (6, 1)
    first = sent(bill, media_files.photo())
    assert sent(bill, media_files.photo()).evidence_id == first.evidence_id
    for side in range(100, 105):
        sent(bill, media_files.photo(size=(side, side)))
    assert room_for(bill.customer_id, bill.order_id, uploaded_by=owner(bill)).photos_left == 0
    with pytest.raises(TooMuchEvidence) as refusal:
        sent(bill, media_files.photo(size=(99, 99)))
    assert "6" in refusal.value.text("zh")
    sent(bill, media_files.video(tmp_path))
    with pytest.raises(TooMuchEvidence):
        sent(bill, media_files.video(tmp_path, seconds=1))

    discard(bill.customer_id, first.evidence_id, uploaded_by=owner(bill))
    assert sent(bill, media_files.photo(size=(99, 99))).kind is MediaKind.PHOTO


def test_the_same_file_that_was_sent_twice_at_once_is_kept_once(
    bill: Bought, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button was pressed twice: the second file is whole while the first is still looked at."""
    others: list[EvidenceView] = []
    examine = "fenqi.usecases.aftersales.evidence.examine"

    def meanwhile(came: Path, made: Path, limits: EvidenceLimits) -> Kept:
        monkeypatch.setattr(examine, examination.examine)
        others.append(sent(bill, media_files.photo()))
        return examination.examine(came, made, limits)

    monkeypatch.setattr(examine, meanwhile)
    mine = sent(bill, media_files.photo())
    assert [mine.evidence_id] == [one.evidence_id for one in others]
    assert CaseEvidence.objects.filter(customer_id=bill.customer_id).count() == 1
    assert len(files_in(folder)) == 2


def test_what_an_agent_uploads_is_neither_the_customers_nor_counted_with_it(bill: Bought) -> None:
    agent, colleague = f"staff:{new_id()}", f"staff:{new_id()}"
    mine, theirs = sent(bill, media_files.photo()), sent(bill, media_files.photo(), by=agent)
    assert mine.evidence_id != theirs.evidence_id
    for who, not_theirs in ((owner(bill), theirs), (agent, mine), (colleague, mine), (colleague, theirs)):
        with pytest.raises(NotFound):
            discard(bill.customer_id, not_theirs.evidence_id, uploaded_by=who)
    for who, has in ((owner(bill), [mine]), (agent, [theirs]), (colleague, [])):
        waiting = waiting_evidence(bill.customer_id, bill.order_id, uploaded_by=who)
        assert [one.evidence_id for one in waiting] == [one.evidence_id for one in has]
        assert room_for(bill.customer_id, bill.order_id, uploaded_by=who).photos == len(has)
    for side in range(100, 105):
        sent(bill, media_files.photo(size=(side, side)), by=agent)
    with pytest.raises(TooMuchEvidence):
        sent(bill, media_files.photo(size=(99, 99)), by=agent)
    assert sent(bill, media_files.photo(size=(99, 99))).uploaded_by == owner(bill)


def test_anothers_order_and_anothers_evidence_are_not_known(bill: Bought) -> None:
    other = bought()
    taken = sent(bill, media_files.photo())
    with pytest.raises(NotFound):
        store_evidence(other.customer_id, bill.order_id, content=b"x", uploaded_by="customer:x", now=NOW)
    with pytest.raises(NotFound):
        read_evidence(other.customer_id, taken.evidence_id)
    with pytest.raises(NotFound):
        discard(other.customer_id, taken.evidence_id, uploaded_by=owner(bill))


def test_what_was_handed_in_cannot_be_taken_back(bill: Bought) -> None:
    taken = sent(bill, media_files.photo())
    CaseEvidence.objects.filter(customer_id=bill.customer_id, id=taken.evidence_id).update(case_id=a_case(bill))
    with pytest.raises(NotFound):
        discard(bill.customer_id, taken.evidence_id, uploaded_by=owner(bill))


@pytest.mark.parametrize("thumbnail", [False, True])
def test_a_file_that_was_changed_or_lost_is_not_handed_out(bill: Bought, *, thumbnail: bool) -> None:
    taken = sent(bill, media_files.photo())
    path = read_evidence(bill.customer_id, taken.evidence_id, thumbnail=thumbnail).path
    path.write_bytes(path.read_bytes() + b"<script>")
    with pytest.raises(EvidenceUnavailable):
        read_evidence(bill.customer_id, taken.evidence_id, thumbnail=thumbnail)
    path.unlink()
    with pytest.raises(EvidenceUnavailable):
        read_evidence(bill.customer_id, taken.evidence_id, thumbnail=thumbnail)


def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    bill: Bought, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_work: evidence_files.Work) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence_files, "place", full)
    with pytest.raises(EvidenceUnavailable):
        sent(bill, media_files.photo())
    assert files_in(folder) == []
    assert not CaseEvidence.objects.filter(customer_id=bill.customer_id).exists()


def test_what_cannot_be_recorded_is_not_kept(bill: Bought, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are in their place by then: they go again."""
    placed = evidence_files.place

    def and_then_the_server_goes(work: evidence_files.Work) -> None:
        placed(work)
        raise ConnectionError

    monkeypatch.setattr(evidence_files, "place", and_then_the_server_goes)
    with pytest.raises(FenqiError):
        sent(bill, media_files.photo())
    assert files_in(folder) == []


# Removal -------------------------------------------------------------------------------------------------------------


def test_what_was_never_handed_in_goes_after_a_day(bill: Bought, folder: Path) -> None:
    waiting = sent(bill, media_files.photo())
    handed_in = sent(bill, media_files.photo(size=(50, 50)))
    CaseEvidence.objects.filter(customer_id=bill.customer_id, id=handed_in.evidence_id).update(case_id=a_case(bill))

    assert evidence_removal.remove_waiting(now=NOW + timedelta(hours=23)) == 0
    assert evidence_removal.remove_waiting(now=NOW + timedelta(hours=25)) == 1
    assert evidence_removal.remove_waiting(now=NOW + timedelta(hours=25)) == 0

    with pytest.raises(NotFound):
        read_evidence(bill.customer_id, waiting.evidence_id)
    assert read_evidence(bill.customer_id, handed_in.evidence_id).size
    assert len(files_in(folder)) == 2


def test_evidence_goes_three_years_after_its_case_was_closed(bill: Bought, folder: Path) -> None:
    closed_at = datetime(2027, 1, 10, 4, tzinfo=UTC)
    of_closed, of_open = sent(bill, media_files.photo()), sent(bill, media_files.photo(size=(50, 50)))
    for taken, case_id in ((of_closed, a_case(bill, closed_at=closed_at)), (of_open, a_case(bill))):
        CaseEvidence.objects.filter(customer_id=bill.customer_id, id=taken.evidence_id).update(case_id=case_id)

    assert evidence_removal.remove_expired(now=datetime(2030, 1, 10, 3, tzinfo=UTC)) == 0
    assert evidence_removal.remove_expired(now=datetime(2030, 1, 10, 5, tzinfo=UTC)) == 1

    with pytest.raises(NotFound):
        read_evidence(bill.customer_id, of_closed.evidence_id)
    assert read_evidence(bill.customer_id, of_open.evidence_id).size
    kept = AuditRecord.objects.get(customer_id=bill.customer_id, action="evidence_removed")
    assert kept.subject == f"evidence:{of_closed.evidence_id}"


def test_what_a_killed_upload_left_is_put_right(bill: Bought, folder: Path) -> None:
    taken = sent(bill, media_files.photo())
    for customer_id, evidence_id in ((bill.customer_id, new_id()), (bill.customer_id, taken.evidence_id)):
        work = folder / evidence_files.INCOMING / f"{customer_id}.{evidence_id}"
        (work / "made").mkdir(parents=True)
        (work / "came").write_bytes(b"half a film")
        (evidence_files.folder_of(customer_id, evidence_id)).mkdir(parents=True, exist_ok=True)

    assert evidence_removal.put_right(seconds=3600) == 0
    assert evidence_removal.put_right(seconds=-1) == 2

    assert read_evidence(bill.customer_id, taken.evidence_id).size
    assert len(files_in(folder)) == 2


def test_what_lies_there_and_is_not_ours_or_gone_by_now_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = folder / evidence_files.INCOMING
    for name in ("lost+found", f"{new_id()}", f"{new_id()}.{new_id()}"):
        (incoming / name).mkdir(parents=True)
    assert len(list(evidence_files.left_behind(seconds=-1))) == 1

    listed = list(incoming.iterdir())
    monkeypatch.setattr(Path, "iterdir", lambda _folder: iter(listed))
    for one in listed:
        one.rmdir()
    assert list(evidence_files.left_behind(seconds=-1)) == []


def test_the_folder_is_outside_of_what_is_served() -> None:
    assert not Path(django_settings.FENQI_EVIDENCE_FOLDER).is_relative_to(django_settings.STATIC_ROOT)
    assert evidence.CHUNK < django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE
