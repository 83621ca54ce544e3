"""All about one order, or one customer, as an archive that openssl checks without us."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from fenqi.config.signer import new_signer
from fenqi.domain.errors import NotFound
from fenqi.interfaces.portal.file_pages import pages_of
from fenqi.records.kinds import SPREAD_TABLES
from fenqi.records.models import CaseEvidence, FileKind, FileState, MadeFile
from fenqi.usecases import rate_limits
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.support.conversation import answer, open_thread, say
from fenqi.usecases.vouchers import made_files
from fenqi.usecases.vouchers.holdings import undeclared
from fenqi.usecases.vouchers.made_files import FileGone, ask_for_file, make_file, open_file, remove_expired
from fenqi.usecases.vouchers.signing import SignerMissing
from malls import bought
from media_files import photo as a_photo
from returned import Case, Returning, a_return, delivered
from staff_members import agent

pytestmark = pytest.mark.django_db(transaction=True)

SIGNER = new_signer()
OPENSSL = shutil.which("openssl")


@pytest.fixture(autouse=True)
def _signer(settings: object) -> Iterator[None]:
    settings.FENQI_RECORDS_SIGNER = SIGNER  # type: ignore[attr-defined]  # pytest-django's settings
    rate_limits.forget()
    yield
    rate_limits.forget()


def reader(customer_id: UUID) -> str:
    return f"customer:{customer_id}"


def made(customer_id: UUID, order_id: UUID | None, *, asked_by: str = "", now: datetime | None = None) -> Path:
    now = now or datetime.now(UTC)
    kind = FileKind.DISPUTE if order_id else FileKind.EXPORT
    who = asked_by or reader(customer_id)
    file_id = ask_for_file(customer_id, kind, order_id=order_id, asked_by=who, language="en", now=now)
    assert make_file(customer_id, file_id, pages=pages_of, now=now) is FileState.READY
    view, path = open_file(customer_id, file_id, asked_by=who, now=now)
    assert (view.size, view.sha256) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())
    return path


def disputed() -> tuple[Returning, Case]:
    """A return with a photo, and words about it."""
    order = delivered(phone="17000000911")
    photo = store_evidence(order.customer_id, order.order_id, content=a_photo(), uploaded_by="customer", now=order.now)
    case = order.apply(a_return((1, 1)), evidence_ids=[photo.evidence_id])
    thread = open_thread(case.customer_id, case_id=case.case_id, language="zh-hans", now=order.now)
    say(case.customer_id, thread, "屏幕有划痕。", request_key="k", now=order.now)
    answer(agent(), case.customer_id, thread, "我们已经收到照片。", request_key="a", now=order.now)
    return order, case


@pytest.mark.requirement("R079", "R081", "R179")
def test_a_dispute_file_has_everything_and_openssl_confirms_it(tmp_path: Path) -> None:
    order, case = disputed()
    with zipfile.ZipFile(made(order.customer_id, order.order_id)) as archive:
        archive.extractall(tmp_path)
        names = archive.namelist()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for file in manifest["files"]:
        assert sha256((tmp_path / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    signed = {"manifest.json", "manifest.json.p7s", "certificate.pem", "how-to-check.txt"}
    assert {file["path"] for file in manifest["files"]} | signed == set(names)
    photo = CaseEvidence.objects.get(customer_id=order.customer_id)
    assert f"evidence/{photo.id}.jpg" in names
    for name in (
        "orders",
        "plan",
        "installment",
        "journal_entry",
        "aftersales_case_step",
        "refund_quote",
    ):
        assert json.loads((tmp_path / f"data/{name}.json").read_text())
    talk = json.loads((tmp_path / "data/conversations.json").read_text())
    assert [one["by"] for one in talk[0]["messages"]] == ["customer", "us"]
    assert json.loads((tmp_path / "data/policies.json").read_text())[0]["code"] == case.row.policy_code
    for proof in json.loads((tmp_path / "data/entries-with-proofs.json").read_text()):
        assert sha256(proof["text"].encode()).hexdigest() == proof["hash"]
    assert "订单" in (tmp_path / "index.zh.html").read_text()
    assert "all records" in (tmp_path / "index.en.html").read_text()
    assert _confirmed(tmp_path)
    (tmp_path / "manifest.json").write_text((tmp_path / "manifest.json").read_text().replace("orders", "0rders", 1))
    assert not _confirmed(tmp_path)


def _confirmed(folder: Path) -> bool:
    """By the command of docs/how-to/prove-a-payment.md."""
    assert OPENSSL is not None
    command = (
        "cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json "
        "-CAfile certificate.pem -purpose any -no_check_time -out /dev/null"
    )
    return subprocess.run([OPENSSL, *command.split()], cwd=folder, check=False, capture_output=True).returncode == 0


@pytest.mark.requirement("R179")
def test_the_same_state_gives_the_same_bytes_and_staff_get_more() -> None:
    order, _case = disputed()
    later = order.now + timedelta(hours=1)
    one = made(order.customer_id, order.order_id).read_bytes()
    again = made(order.customer_id, order.order_id, now=datetime.now(UTC) + timedelta(hours=2)).read_bytes()
    assert one == again
    by_staff = made(order.customer_id, order.order_id, asked_by=agent().actor, now=later)
    with zipfile.ZipFile(by_staff) as archive:
        assert "data/audit_record.json" in archive.namelist()
        assert agent().actor in archive.read("data/support_message.json").decode()
    mine = b"".join(zipfile.ZipFile(path).read(name) for path, name in _files_of(order.customer_id))
    assert agent().actor.encode() not in mine
    assert b"17000000911" not in mine


def _files_of(customer_id: UUID) -> Iterator[tuple[Path, str]]:
    row = MadeFile.objects.filter(customer_id=customer_id, asked_by=reader(customer_id)).latest("asked_at")
    path = made_files.path_of(customer_id, row.id)
    with zipfile.ZipFile(path) as archive:
        yield from ((path, name) for name in archive.namelist() if name.startswith(("data/", "index")))


@pytest.mark.requirement("R179")
def test_a_copy_of_all_data_has_the_name_and_the_phone_in_the_clear() -> None:
    order, _case = disputed()
    with zipfile.ZipFile(made(order.customer_id, None)) as archive:
        profile = json.loads(archive.read("data/me.json"))
        assert profile["phone"] == "17000000911"
        assert json.loads(archive.read("data/orders.json"))[0]["id"] == str(order.order_id)
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert "gAAAA" not in everything, "nothing that is encrypted goes out as it is stored"


def test_every_table_of_a_customer_is_declared_told_or_not() -> None:
    assert list(undeclared()) == [], "say in usecases/vouchers/holdings.py whether the customer gets its rows"
    assert "plan" in SPREAD_TABLES


def test_a_file_is_its_readers_alone_and_goes_after_a_week() -> None:
    plan, stranger, now = bought(), bought(), datetime.now(UTC)
    file_id = ask_for_file(
        plan.customer_id,
        FileKind.DISPUTE,
        order_id=plan.order_id,
        asked_by=reader(plan.customer_id),
        language="zh",
        now=now,
    )
    with pytest.raises(FileGone):
        open_file(plan.customer_id, file_id, asked_by=reader(plan.customer_id), now=now)
    make_file(plan.customer_id, file_id, pages=pages_of, now=now)
    for customer_id, who in ((stranger.customer_id, reader(stranger.customer_id)), (plan.customer_id, agent().actor)):
        with pytest.raises(NotFound):
            open_file(customer_id, file_id, asked_by=who, now=now)
    with pytest.raises(NotFound):
        ask_for_file(
            stranger.customer_id, FileKind.DISPUTE, order_id=plan.order_id, asked_by="x", language="zh", now=now
        )
    _view, path = open_file(plan.customer_id, file_id, asked_by=reader(plan.customer_id), now=now)
    assert path.stat().st_mode & 0o077 == 0
    assert remove_expired(now=now + timedelta(days=8)) == 1
    assert not path.exists()
    with pytest.raises(FileGone):
        open_file(plan.customer_id, file_id, asked_by=reader(plan.customer_id), now=now)


def test_without_a_key_nothing_is_promised() -> None:
    plan = bought()
    settings.FENQI_RECORDS_SIGNER = "nonsense"
    with pytest.raises(SignerMissing):
        made(plan.customer_id, plan.order_id)
    assert not MadeFile.objects.filter(customer_id=plan.customer_id).exists()
