"""An archive that proves itself: a zip with the digest of each file in a manifest, and the manifest signed.

The same state gives the same bytes: names are in order, times are those of the state, and nothing says when or by whom
the archive was made.
"""

import json
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from fenqi.usecases.vouchers.signing import certificate_pem, signature_of

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.p7s"
CERTIFICATE: Final = "certificate.pem"
HOW_TO_CHECK: Final = "how-to-check.txt"
FORMAT: Final = "fenqi archive 1"
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_CHECKING = """\
核对方法 / How to check this archive
====================================

openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json \\
  -CAfile certificate.pem -purpose any -no_check_time -out /dev/null

该命令确认 manifest.json 由我们签名；其中列出每个文件的 SHA-256，可用任意程序核对。
请把 certificate.pem 与我们网站 /verify/certificate.pem 公布的证书比对。

The command shows that we signed manifest.json. It lists the SHA-256 of every file; compare them with any program
(for instance sha256sum). Compare certificate.pem with the one that we publish at /verify/certificate.pem.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of the archive: its content, or where it is on disk."""

    path: str
    content: bytes | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file as the manifest has it."""

    path: str
    size: int
    sha256: str


def listed(part: Part) -> Listed:
    if isinstance(part.content, bytes):
        return Listed(path=part.path, size=len(part.content), sha256=sha256(part.content).hexdigest())
    with part.content.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Listed(path=part.path, size=part.content.stat().st_size, sha256=digest)


def as_json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def write_archive(target: Path, parts: Iterable[Part], *, about: dict[str, Any], as_of: datetime) -> None:
    """Write the parts with their signed manifest. Raises SignerMissing, OSError."""
    ordered = sorted(parts, key=lambda part: part.path)
    files = [listed(part) for part in ordered]
    manifest = as_json(
        {
            "format": FORMAT,
            **about,
            "as_of": as_of.isoformat(),
            "files": [{"path": one.path, "size": one.size, "sha256": one.sha256} for one in files],
        }
    )
    ends = (
        Part(path=MANIFEST, content=manifest),
        Part(path=SIGNATURE, content=signature_of(manifest)),
        Part(path=CERTIFICATE, content=certificate_pem()),
        Part(path=HOW_TO_CHECK, content=_CHECKING.encode()),
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in (*ends, *ordered):
            _add(archive, part, as_of)


def _add(archive: zipfile.ZipFile, part: Part, as_of: datetime) -> None:
    """Photos and videos are packed already: they are only stored."""
    info = zipfile.ZipInfo(part.path, date_time=max(as_of, _EARLIEST).astimezone(UTC).timetuple()[:6])
    info.external_attr = 0o600 << 16
    if isinstance(part.content, bytes):
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, part.content)
        return
    info.file_size = part.content.stat().st_size
    with part.content.open("rb") as source, archive.open(info, "w") as place:
        shutil.copyfileobj(source, place)
