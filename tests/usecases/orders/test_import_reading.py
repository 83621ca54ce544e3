"""Reading files of unknown origin: whatever is in them, every row comes out once, in bounded memory, or is refused."""

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.errors import InvalidInput
from fenqi.usecases.orders.importing.files import order_file
from fenqi.usecases.orders.importing.json_text import json_object
from fenqi.usecases.orders.importing.mapping import Unit, parse_mapping
from fenqi.usecases.orders.importing.refusals import FileDamaged, FileRefused, MappingRefused
from fenqi.usecases.orders.importing.rejects import Reject, RejectsFile
from fenqi.usecases.orders.importing.rows import minor
from fenqi.usecases.orders.importing.source import MOST_LINE_BYTES, Line, Record, csv_records, lines_of
from fenqi.usecases.orders.importing.told import instant

SHANGHAI = ZoneInfo("Asia/Shanghai")


def lines(text: str) -> list[Line]:
    return [Line(number, line) for number, line in enumerate(io.StringIO(text, newline="\n"), 1)]


def records(text: str, width: int | None = None) -> list[Record]:
    return list(csv_records(iter(lines(text)), delimiter=",", width=width))


cells = st.text(alphabet=st.sampled_from("ab ,\"\n'=订"), max_size=8)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=12))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    assert [record.cells for record in records(text.getvalue())] == rows


@given(st.text(alphabet=st.sampled_from('ab,"\n'), max_size=60))
def test_hostile_text_never_swallows_a_line_silently(text: str) -> None:
    """A line that begins no record is inside the record before it: none is skipped."""
    found = records(text)
    assert [record.line for record in found] == sorted({record.line for record in found})
    plain = {line.number for line in lines(text) if line.text.strip() and '"' not in line.text}
    inside = {line for line in plain if line not in {record.line for record in found}}
    for line in inside:
        before = max(record for record in found if record.line < line)
        assert before.fault is None
        assert any("\n" in cell for cell in before.cells)


def test_a_quotation_mark_never_closed_costs_its_own_line_only() -> None:
    text = 'a,1\nb,"2\n' + "".join(f"c{n},{n}\n" for n in range(200))
    found = records(text, width=2)
    assert len(found) == 202
    assert [record.fault.code for record in found if record.fault] == ["quote_not_closed"]
    assert found[1].cells[0] == "b"


def test_rows_with_other_columns_are_faulty_but_still_name_their_order() -> None:
    found = records("a,1\nb\nc,3,4\n", width=2)
    assert [record.fault.code if record.fault else "" for record in found] == ["", "wrong_columns", "wrong_columns"]
    assert [record.cells[0] for record in found] == ["a", "b", "c"]


def test_a_line_without_end_is_read_past_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,1\n" + b"x" * (3 * MOST_LINE_BYTES) + b"\nb,2\n")
    assert [(line.number, line.fault.code if line.fault else line.text) for line in lines_of(path)] == [
        (1, "a,1\n"),
        (2, "line_too_long"),
        (3, "b,2\n"),
    ]


def test_bytes_that_are_no_text_make_one_faulty_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes("\ufeff订单,1\n".encode() + b"\xff\xfe,2\n" + b"c,3\n")
    found = list(lines_of(path))
    assert found[0].text == "订单,1\n"
    assert [line.fault.code if line.fault else "" for line in found] == ["", "bad_encoding", ""]


def test_a_bomb_is_refused_long_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(300):
            file.write(b"\x00" * 1024 * 1024)
    with pytest.raises(FileRefused, match="unpacks"):
        list(lines_of(path))


def test_a_file_cut_short_says_where(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(b"".join(b"%d,x\n" % n for n in range(100_000)))[:-2000])
    with pytest.raises(FileDamaged) as refusal:
        list(lines_of(path))
    assert int(str(refusal.value.details["line"])) > 0


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_decimal_amounts_are_exact(amount: Decimal) -> None:
    assert minor(f"{amount:f}", Unit.DECIMAL, 2, "price") == amount * 100


@pytest.mark.parametrize(
    "text", ["", "1e5", "NaN", "Infinity", "1,000", "0.001", "٣", "12.", "1_000", "=1+1", "9" * 40]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        minor(text, Unit.DECIMAL, 2, "price")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01", "9999-12-31T23:59:59-14:00", "2026-02-30", "2026-01-01T25:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        instant(text, "placed_at", SHANGHAI)


def test_a_time_without_offset_is_local() -> None:
    assert instant("2017-05-01 10:00:00", "placed_at", ZoneInfo("America/Sao_Paulo")).isoformat() == (
        "2017-05-01T13:00:00+00:00"
    )
    assert instant("2026-05-01T10:00:00+08:00", "placed_at", ZoneInfo("UTC")).hour == 2


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        json_object(text, "row")


LEAST_MAPPING = {
    "order": {
        "order_no": "no",
        "customer_ref": "who",
        "currency": {"value": "CNY"},
        "status": "state",
        "placed_at": "when",
    }
}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"order": {"order_no": "no"}}, "order.customer_ref"),
        ({"ordr": {}}, "ordr"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"encoding": "rot13"}, "encoding"),
        ({"delimiter": "||"}, "delimiter"),
        ({"amounts": "float"}, "amounts"),
        ({"status_words": {"ok": "fine"}}, "status_words.ok"),
        ({"payments": {"column": "p", "fields": ["method"]}}, "payments.fields"),
        ({"plan": {"method": "card", "terms": {}}}, "plan"),
        ({"line": {"sku": {"first_of": []}}}, "line.sku"),
    ],
)
def test_a_mapping_that_says_nothing_clear_is_refused_and_says_where(change: dict[str, object], where: str) -> None:
    with pytest.raises(MappingRefused) as refusal:
        parse_mapping({**LEAST_MAPPING, **change})
    assert refusal.value.where == where


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("no,who\n1,2\n")
    with pytest.raises(FileRefused, match="state, when"):
        order_file(path, mapping=parse_mapping(LEAST_MAPPING), zone=SHANGHAI)


@pytest.mark.parametrize("text", ["", "\n\n", "a,a\n1,2\n"])
def test_a_file_without_a_clear_header_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    with pytest.raises(FileRefused):
        order_file(path, mapping=None, zone=SHANGHAI)


def test_the_rejects_are_harmless_in_a_spreadsheet(tmp_path: Path) -> None:
    file = RejectsFile(tmp_path / "rejects.csv")
    file.add([Reject(2, '=HYPERLINK("http://x")', "invalid_input", "a\nb\x00", "甲")])
    file.close()
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as text:
        (row,) = csv.DictReader(text)
    assert row["order_no"].startswith("'=")
    assert row["reason"] == "a?b?"


def fail_after_adding(file: RejectsFile) -> None:
    with file.all_or_nothing():
        file.add([Reject(7, "o", "c", "r", "由")])
        raise ZeroDivisionError


def test_rejects_beyond_the_checkpoint_are_written_again(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    before = RejectsFile(path)
    before.add([Reject(line, "o", "c", "r", "由") for line in (2, 5, 9)])
    before.close()
    after = RejectsFile(path)
    after.keep_up_to(5)
    with pytest.raises(ZeroDivisionError):
        fail_after_adding(after)
    after.add([Reject(9, "o", "c", "r", "由")])
    after.close()
    with path.open(encoding="utf-8", newline="") as text:
        assert [row["line"] for row in csv.DictReader(text)] == ["2", "5", "9"]
