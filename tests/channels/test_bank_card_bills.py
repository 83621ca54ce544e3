"""The daily file of the bank cards' gateway: fetched by the protocol, read by widths, refused when it is not whole."""

import base64
import io
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.bank_card.bills import ZM_WIDTHS, ZME_WIDTHS, BankCardBills, _inflated
from fenqi.channels.bank_card.wire import BEIJING
from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillNotReady, BillRefused, BillSource
from fenqi.channels.interface import ChargeRef, RefundRequest
from fenqi.channels.transport import NoAnswer
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from sandbox_town import Sandbox, until

DAY = date(2026, 11, 22)
MER_ID = "898000000000001"


@pytest.fixture(autouse=True)
def _all_is_as_it_was(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock")


@pytest.fixture
def bills(bank_card_config: BankCardConfig) -> BankCardBills:
    return BankCardBills(replace(bank_card_config, answer_seconds=5.0))


@pytest.fixture
def today(sandbox: Sandbox) -> date:
    """The day of what the tests do, which is over in the town."""
    sandbox.tell("clock", offset_seconds=86_400)
    return datetime.now(BEIJING).date()


def line(widths: tuple[int, ...], /, **values: str) -> str:
    return " ".join(values.get(f"f{place}", "").ljust(width) for place, width in enumerate(widths))


def payment(number: str = "pay0000001", **changes: str) -> str:
    values = {
        "f0": "S22",
        "f4": "1122235959",
        "f6": "000000038404",
        "f9": "202611222359590000001",
        "f11": number,
        "f15": "D000000000192",
        "f16": "C000000038212",
        "f19": "01",
        "f27": MER_ID,
    }
    return line(ZM_WIDTHS, **{**values, **changes})


def refund(number: str = "refund0001", original: str = "pay0000001", **changes: str) -> str:
    values = {"f0": "S30", "f15": "C000000000001", "f16": "D000000000099", "f6": "000000000100", "f19": "04"}
    return payment(number, **{**values, "f40": original, **changes})


def packed(
    folder: Path, text: bytes, *, day: date = DAY, mer_id: str = MER_ID, adjustments: bytes = b"", kind: str = "ZM"
) -> Path:
    path = folder / "bill.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN{day:%y%m%d}88{kind}_{mer_id}", text)
        archive.writestr(f"INN{day:%y%m%d}88ZME_{mer_id}", adjustments)
    return path


def read(bills: BankCardBills, path: Path, day: date = DAY) -> pl.DataFrame:
    return pl.concat(list(bills.read_bill(path, day=day)))


def test_a_day_of_payments_and_refunds_is_read_in_our_words(
    *,
    bank_card: BankCardChannel,
    bills: BankCardBills,
    debited: ChargeRef,
    today: date,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    assert isinstance(bills, BillSource)
    asked = bank_card.query(debited)
    now = datetime.now(UTC).replace(microsecond=0)
    giving = RefundRequest(
        charge=debited,
        out_request_no=secrets.token_hex(8),
        amount=Money(100_00, "CNY"),
        reason="退货",
        notify_url="",
        submitted_at=now,
    )
    bank_card.refund(giving)
    until(lambda: bank_card.query_refund(giving).outcome is Outcome.SUCCEEDED)
    first = bills.fetch_bill(today, folder=tmp_path)
    assert first
    paid = read(bills, first, today).filter(pl.col("number") == debited.out_trade_no).row(0, named=True)
    assert paid == {
        "kind": "payment",
        "number": debited.out_trade_no,
        "channel_no": debited.trade_no,
        "original_no": "",
        "amount_minor": 384_04,
        "fee_minor": 1_92,
        "at": asked.paid_at,
        "state": "succeeded",
    }
    # The town is a day ahead: the refund is in the file of the day after, which is not made yet.
    with pytest.raises(BillNotReady):
        bills.fetch_bill(today + timedelta(days=1), folder=tmp_path)
    sandbox.tell("clock", offset_seconds=2 * 86_400)
    second = bills.fetch_bill(today + timedelta(days=1), folder=tmp_path)
    assert second
    given_back = read(bills, second, today + timedelta(days=1))
    found = given_back.filter(pl.col("number") == giving.out_request_no).row(0, named=True)
    assert (found["kind"], found["original_no"]) == ("refund", debited.out_trade_no)
    assert (found["amount_minor"], found["fee_minor"]) == (100_00, -50)


def test_fees_and_originals_have_the_signs_and_names_they_should(bills: BankCardBills, tmp_path: Path) -> None:
    text = f"{payment()}\r\n{refund()}\r\n{refund('void000001', f19='31')}\n".encode()
    frame = read(bills, packed(tmp_path, text))
    assert dict(frame.schema) == dict(BILL_COLUMNS)
    assert frame["kind"].to_list() == ["payment", "refund", "refund"]
    assert frame["fee_minor"].to_list() == [192, -1, -1]
    assert frame["original_no"].to_list() == ["", "pay0000001", "pay0000001"]
    assert frame["at"].to_list()[0] == datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)


def test_a_line_of_last_years_december_belongs_to_last_year(bills: BankCardBills, tmp_path: Path) -> None:
    day = date(2027, 1, 1)
    path = packed(tmp_path, f"{payment(f4='1231230001')}\n".encode(), day=day)
    assert read(bills, path, day)["at"].to_list() == [datetime(2026, 12, 31, 15, 0, 1, tzinfo=UTC)]


def test_chinese_names_in_gbk_and_a_mark_at_the_beginning_move_no_field(bills: BankCardBills, tmp_path: Path) -> None:
    plain, at = refund().encode(), sum(ZM_WIDTHS[:30]) + 30  # the sub-merchant's name
    name = "木棉商城".encode("gbk")
    spoilt = plain[:at] + name + plain[at + len(name) :]
    frame = read(bills, packed(tmp_path, b"\xef\xbb\xbf" + spoilt + b"\r\n"))
    assert frame["original_no"].to_list() == ["pay0000001"]


def test_adjustments_are_handed_on_as_charges_of_their_own(bills: BankCardBills, tmp_path: Path) -> None:
    one = line(ZME_WIDTHS, f0="E74", f3="123456", f4="1122120000", f6="000000001000", f16=MER_ID)
    frame = read(bills, packed(tmp_path, f"{payment()}\n".encode(), adjustments=f"{one}\n".encode()))
    assert frame.row(1, named=True) == {
        "kind": "fee",
        "number": "",
        "channel_no": "1122120000123456",
        "original_no": "",
        "amount_minor": 10_00,
        "fee_minor": 0,
        "at": datetime(2026, 11, 22, 4, 0, tzinfo=UTC),
        "state": "succeeded",
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        payment()[:-1] + "\n",
        payment() + "x\n",
        payment() + "\n" + payment()[:300],
        payment(),
        payment() + "\n\n",
        payment(f6="00000003840x") + "\n",
        payment(f6="000000000000") + "\n",
        payment(f15="X000000000192") + "\n",
        payment(f4="1332235959") + "\n",
        payment(f19="02") + "\n",
        payment(f27="898000000000002") + "\n",
        payment()[:45] + "x" + payment()[46:] + "\n",
    ],
)
def test_a_file_that_is_not_whole_or_not_ours_is_refused(bills: BankCardBills, tmp_path: Path, spoilt: str) -> None:
    with pytest.raises(BillRefused):
        read(bills, packed(tmp_path, spoilt.encode()))


def test_a_file_of_another_day_or_merchant_or_none_is_refused(bills: BankCardBills, tmp_path: Path) -> None:
    good = f"{payment()}\n".encode()
    for path in (
        packed(tmp_path, good, day=DAY - timedelta(days=1)),
        packed(tmp_path, good, mer_id="898000000000002"),
        packed(tmp_path, good, kind="ZX"),
    ):
        with pytest.raises(BillRefused):
            read(bills, path)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_file_with_any_other_byte_is_refused_or_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int
) -> None:
    """The ZIP's checksum covers its members; what it does not cover says nothing of them."""
    folder = tmp_path_factory.mktemp("bill")
    path = packed(folder, f"{payment()}\n{refund()}\n".encode())
    whole = bytearray(path.read_bytes())
    reader = BankCardBills.__new__(BankCardBills)
    reader._config = type("Config", (), {"mer_id": MER_ID})()
    before = read(reader, path)
    whole[at % len(whole)] ^= change
    path.write_bytes(whole)
    try:
        after = read(reader, path)
    except BillRefused:
        return
    assert after.equals(before)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("creating", BillNotReady),
        ("torn", BillRefused),
        ("other_day", BillRefused),
        ("wrong_signature", NoAnswer),
        ("reset", NoAnswer),
    ],
)
def test_a_file_that_is_not_there_or_not_whole_is_not_taken(
    *,
    bills: BankCardBills,
    debited: ChargeRef,
    today: date,
    tmp_path: Path,
    sandbox: Sandbox,
    kind: str,
    refusal: type[Exception],
) -> None:
    sandbox.order("bill", kind, channel="bank_card")
    with pytest.raises(refusal):
        read(bills, bills.fetch_bill(today, folder=tmp_path) or tmp_path, today)


def test_an_empty_day_has_no_file(
    bills: BankCardBills, debited: ChargeRef, today: date, tmp_path: Path, sandbox: Sandbox
) -> None:
    assert bills.fetch_bill(today - timedelta(days=40), folder=tmp_path) is None
    sandbox.order("bill", "empty", channel="bank_card")
    assert bills.fetch_bill(today, folder=tmp_path) is None


@pytest.mark.parametrize(
    ("kind", "more"), [("missing_row", -1), ("extra_row", 1), ("doubled_row", 1), ("wrong_amount", 0), ("bom", 0)]
)
def test_a_file_that_is_whole_but_wrong_is_read_as_it_is(
    *,
    bills: BankCardBills,
    debited: ChargeRef,
    today: date,
    tmp_path: Path,
    sandbox: Sandbox,
    kind: str,
    more: int,
) -> None:
    path = bills.fetch_bill(today, folder=tmp_path)
    assert path
    right = read(bills, path, today)
    sandbox.order("bill", kind, channel="bank_card")
    path = bills.fetch_bill(today, folder=tmp_path)
    if path is None:  # the row that is missing was the only one
        assert (kind, right.height) == ("missing_row", 1)
        return
    wrong = read(bills, path, today)
    assert wrong.height == right.height + more
    assert (wrong["amount_minor"].sum() != right["amount_minor"].sum()) is (kind != "bom")


@pytest.mark.parametrize("content", ["", "!", "AAAA", base64.b64encode(zlib.compress(b"x" * 100)[:-3]).decode()])
def test_a_transfer_that_is_torn_is_refused(content: str) -> None:
    with pytest.raises(BillRefused):
        _inflated(content, DAY)


def test_frames_are_of_some_thousand_lines_each(
    bills: BankCardBills, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenqi.channels.bank_card.bills.BLOCK_BYTES", 10_000)
    text = "".join(f"{payment(f'pay{number:07}')}\n" for number in range(100)).encode()
    frames = list(bills.read_bill(packed(tmp_path, text), day=DAY))
    assert len(frames) > 5
    assert pl.concat(frames)["number"].to_list() == [f"pay{number:07}" for number in range(100)]


def test_a_zip_is_needed(bills: BankCardBills, tmp_path: Path) -> None:
    path = tmp_path / "bill.zip"
    path.write_bytes(io.BytesIO(b"PK no zip").read())
    with pytest.raises(BillRefused):
        read(bills, path)
