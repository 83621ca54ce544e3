"""What is kept of a photo or video is what can be seen and heard of it; what is neither is not kept (P1211)."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import media_files
from fenqi.domain.aftersales.evidence_rules import (
    DEFAULT_LIMITS,
    EvidenceDamaged,
    EvidenceEmpty,
    EvidenceLimits,
    EvidenceNotAccepted,
    EvidenceRefused,
    EvidenceTooDetailed,
    Kept,
    MediaKind,
    VideoTooLong,
)
from fenqi.usecases.aftersales.media import keep


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


def taken(content: bytes, folder: Path, limits: EvidenceLimits = DEFAULT_LIMITS) -> Kept:
    came = folder.parent / "came"
    came.write_bytes(content)
    return keep(came, folder, limits)


def kept_bytes(folder: Path) -> bytes:
    return (folder / "kept").read_bytes()


@pytest.mark.requirement("R036")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg_without_place_camera_or_words(form: str, made: Path) -> None:
    sent = media_files.photo(form=form)
    assert b"at home" in sent

    kept = taken(sent, made)

    assert kept == Kept(kind=MediaKind.PHOTO, media_type="image/jpeg", width=120, height=80)
    with Image.open(made / "kept") as image:
        assert image.format == "JPEG"
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        red, green, blue = image.resize((1, 1)).tobytes()
        assert red > 240
        assert max(green, blue) < 15
    for trace in (media_files.CAMERA.encode(), b"at home", b"Exif"):
        assert trace not in kept_bytes(made)


def test_a_photo_held_upright_is_turned_before_the_note_of_it_goes(made: Path) -> None:
    kept = taken(media_files.photo(size=(120, 80), turned=True), made)
    assert (kept.width, kept.height) == (80, 120)
    with Image.open(made / "thumbnail") as thumbnail:
        assert thumbnail.height > thumbnail.width


def test_what_is_see_through_is_seen_on_white(made: Path) -> None:
    path = made.parent / "through.png"
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(path)
    taken(path.read_bytes(), made)
    with Image.open(made / "kept") as image:
        assert image.getpixel((20, 20)) == (255, 255, 255)


def test_a_large_photo_is_kept_smaller_and_its_thumbnail_smaller_still(made: Path) -> None:
    kept = taken(media_files.photo(size=(6000, 3000)), made)
    assert (kept.width, kept.height) == (4096, 2048)
    with Image.open(made / "thumbnail") as thumbnail:
        assert thumbnail.size == (320, 160)


@pytest.mark.requirement("R037")
@pytest.mark.parametrize(("form", "media_type"), [("mp4", "video/mp4"), ("webm", "video/webm")])
def test_a_video_keeps_picture_and_sound_and_nothing_else(form: str, media_type: str, made: Path) -> None:
    sent = media_files.video(made.parent, form=form, sound=True)
    assert media_files.PLACE.encode() in sent

    kept = taken(sent, made)

    assert kept == Kept(kind=MediaKind.VIDEO, media_type=media_type, width=64, height=48, seconds=2)
    for trace in (media_files.PLACE.encode(), media_files.CAMERA.encode()):
        assert trace not in kept_bytes(made)
    with av.open(str(made / "kept")) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert not {"location", "make", "creation_time"} & set(film.metadata)
        assert sum(1 for _ in film.decode(video=0)) == 20


def test_a_video_held_upright_stays_so(made: Path) -> None:
    kept = taken(media_files.turned(media_files.video(made.parent)), made)
    assert (kept.width, kept.height) == (48, 64)
    with av.open(str(made / "kept")) as film:
        assert next(film.decode(video=0)).rotation == -90
    with Image.open(made / "thumbnail") as thumbnail:
        assert thumbnail.size == (48, 64)


EDITS = {
    "as encoders begin, behind their first frames": ((2000, 2048),),
    "the sound began first": ((100, -1), (1900, 2048)),
    "cut at the beginning, between key frames": ((1500, 2048 + 5120),),
    "cut at the end": ((1000, 2048),),
}


@pytest.mark.requirement("R037")
@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_what_telephones_say_about_where_a_video_begins_is_taken(
    edits: tuple[tuple[int, int], ...], made: Path
) -> None:
    kept = taken(media_files.edited(media_files.video(made.parent, sound=True), *edits), made)
    assert kept.seconds == 2
    with av.open(str(made / "kept")) as film:
        assert 15 <= sum(1 for _ in film.decode(video=0)) <= 20


def test_what_is_neither_picture_nor_sound_of_a_video_is_left_out(made: Path) -> None:
    path = made.parent / "with-words.mp4"
    plain = made.parent / "plain.mp4"
    plain.write_bytes(media_files.video(made.parent))
    with av.open(str(plain)) as source, av.open(str(path), "w", format="mp4") as more:
        picture = more.add_stream_from_template(source.streams.video[0])
        again = more.add_stream_from_template(source.streams.video[0])
        for packet in list(source.demux(video=0)):
            if packet.size:
                for stream in (picture, again):
                    packet.stream = stream
                    more.mux(packet)
    taken(path.read_bytes(), made)
    with av.open(str(made / "kept")) as film:
        assert len(film.streams) == 1


HOSTILE = {
    "an executable": media_files.EXECUTABLE,
    "an executable for Windows": media_files.WINDOWS_EXECUTABLE,
    "a drawing with a script": media_files.SVG,
    "a page": media_files.PAGE,
    "a playlist that names a file of ours": media_files.PLAYLIST,
    "a document": media_files.PDF,
    "words": b"hello",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_photo_or_video_is_not_accepted(content: bytes, made: Path) -> None:
    with pytest.raises(EvidenceNotAccepted):
        taken(content, made)


@pytest.mark.parametrize(
    "opening", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3"]
)
def test_an_executable_behind_the_first_bytes_of_a_photo_or_video_is_found_out(opening: bytes, made: Path) -> None:
    with pytest.raises(EvidenceRefused):
        taken(opening + media_files.EXECUTABLE * 20, made)


@pytest.mark.parametrize("behind", [media_files.PAGE, b"PK\x03\x04" + media_files.SVG])
def test_of_a_file_that_is_two_things_only_the_picture_is_kept(behind: bytes, made: Path) -> None:
    for content in (media_files.photo(), media_files.photo(form="PNG"), media_files.video(made.parent)):
        taken(content + behind, made)
        assert b"<script" not in kept_bytes(made)


def test_a_video_whose_codec_we_do_not_know_is_not_accepted(made: Path) -> None:
    with pytest.raises(EvidenceNotAccepted):
        taken(media_files.video(made.parent, codec="mpeg4"), made)


def test_nothing_is_told_apart_from_something(made: Path) -> None:
    with pytest.raises(EvidenceEmpty):
        taken(b"", made)


@pytest.mark.parametrize("part", [0.05, 0.5, 0.99])
def test_a_torn_photo_is_damaged(part: float, made: Path) -> None:
    whole = media_files.photo(size=(600, 400))
    with pytest.raises(EvidenceDamaged):
        taken(whole[: int(len(whole) * part)], made)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_torn_video_is_damaged_also_when_its_index_is_whole(part: float, made: Path) -> None:
    whole = media_files.video(made.parent, seconds=8, size=(320, 240))
    with pytest.raises(EvidenceDamaged):
        taken(whole[: int(len(whole) * part)], made)
    taken(whole, made)
    index_first = kept_bytes(made)
    with pytest.raises(EvidenceDamaged):
        taken(index_first[: int(len(index_first) * part)], made)


def test_a_bomb_is_refused_before_it_is_unfolded(made: Path) -> None:
    with pytest.raises(EvidenceTooDetailed) as refusal:
        taken(media_files.bomb(), made)
    assert "65 megapixels" in refusal.value.text("en")


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (EvidenceLimits(video_seconds=0), VideoTooLong),
        (EvidenceLimits(video_frames=5), VideoTooLong),
        (EvidenceLimits(video_pixels=64 * 47), EvidenceTooDetailed),
    ],
)
def test_limits_of_videos_hold(limits: EvidenceLimits, refusal: type[EvidenceRefused], made: Path) -> None:
    with pytest.raises(refusal):
        taken(media_files.video(made.parent), made, limits)


def test_a_video_whose_index_names_the_same_bytes_again_and_again_is_damaged(made: Path) -> None:
    sent = media_files.told_again(media_files.video(made.parent), times=200)
    with av.open(io.BytesIO(sent), "r") as film:
        assert sum(packet.size for packet in film.demux(video=0)) > 2 * len(sent)

    with pytest.raises(EvidenceDamaged):
        taken(sent, made)


def test_an_index_that_names_few_bytes_again_is_kept(made: Path) -> None:
    sent = media_files.told_again(media_files.video(made.parent), times=2)
    assert taken(sent, made).kind is MediaKind.VIDEO


def test_sound_may_last_no_longer_than_the_picture_may(made: Path) -> None:
    sent = media_files.humming(made.parent, seconds=3)
    taken(sent, made, EvidenceLimits(video_seconds=3))
    with pytest.raises(VideoTooLong):
        taken(sent, made, EvidenceLimits(video_seconds=1))


def test_a_codec_that_there_is_not_is_refused(made: Path) -> None:
    sent = media_files.video(made.parent, seconds=1, form="webm")
    assert sent.count(b"V_VP") == 1
    with pytest.raises(EvidenceRefused):
        taken(sent.replace(b"V_VP", b"\0_VP"), made)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library's, about what was spoilt
@settings(max_examples=30)
@given(data=st.data())
def test_a_spoilt_file_is_kept_or_refused_and_nothing_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("spoilt")
    whole = bytearray(_WHOLE[data.draw(st.sampled_from(sorted(_WHOLE)))](folder))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[at] = data.draw(st.integers(0, 255))
    try:
        taken(bytes(whole), folder)
    except EvidenceRefused:
        return
    assert kept_bytes(folder)


_WHOLE: Mapping[str, Callable[[Path], bytes]] = {
    "jpeg": lambda _folder: media_files.photo(),
    "png": lambda _folder: media_files.photo(form="PNG"),
    "webp": lambda _folder: media_files.photo(form="WEBP"),
    "mp4": lambda folder: media_files.video(folder.parent, seconds=1),
    "webm": lambda folder: media_files.video(folder.parent, seconds=1, form="webm"),
}


def test_the_program_has_neither_our_surroundings_nor_more_memory_than_it_may(made: Path) -> None:
    came = made.parent / "came"
    came.write_bytes(media_files.photo())
    command = [sys.executable, "-I", "-m", "fenqi.usecases.aftersales.media", str(came), str(made), "{}"]
    done = subprocess.run(command, env={}, capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout)["kept"]["media_type"] == "image/jpeg"

    greedy = "import fenqi.usecases.aftersales.media as m; m.confine(m.EvidenceLimits()); bytearray(m.MEMORY_BYTES)"
    failed = subprocess.run([sys.executable, "-I", "-c", greedy], env={}, capture_output=True, check=False, timeout=60)
    assert b"MemoryError" in failed.stderr


def test_the_program_writes_no_more_than_a_video_may_have_and_refuses_what_would(made: Path) -> None:
    came = made.parent / "came"
    came.write_bytes(media_files.video(made.parent))
    arguments = [str(came), str(made), json.dumps({"video_bytes": 1000})]
    small = f"import fenqi.usecases.aftersales.media as m; m.INDEX_BYTES = 0; m.main(iter({arguments!r}))"
    done = subprocess.run([sys.executable, "-I", "-c", small], env={}, capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == {"refused": "EvidenceDamaged", "details": {}}
    assert (made / "kept").stat().st_size <= 1000
