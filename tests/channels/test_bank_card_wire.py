"""How the gateway's messages are written, signed, vouched for and sealed; and that no card gets out of them."""

import base64
import hashlib
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.sealing import sealed
from fenqi.channels.bank_card.signing import Signers, sign, signed_text
from fenqi.channels.interface import CardDetails, ChannelRefuses
from fenqi.domain.money import Money

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
NAME = "银行卡清算"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


ROOT_KEY, MIDDLE_KEY, LEAF_KEY = new_key(), new_key(), new_key()


def issued(
    common: str, key: RSAPrivateKey, *, by: str, under: RSAPrivateKey, is_ca: bool, days: int = 30
) -> x509.Certificate:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(under, SHA256())
    )


ROOT = issued("root", ROOT_KEY, by="root", under=ROOT_KEY, is_ca=True)
MIDDLE = issued("middle", MIDDLE_KEY, by="root", under=ROOT_KEY, is_ca=True)
LEAF = issued(f"041@83@{NAME}@01", LEAF_KEY, by="middle", under=MIDDLE_KEY, is_ca=False)


def message(leaf: x509.Certificate = LEAF, key: RSAPrivateKey = LEAF_KEY) -> dict[str, str]:
    pem = leaf.public_bytes(Encoding.PEM).decode()
    fields = {"respCode": "00", "signMethod": "01", "signPubKeyCert": pem, "empty": ""}
    return {**fields, "signature": sign(fields, key)}


def believed(fields: dict[str, str], *, at: datetime = NOW) -> bool:
    return Signers([ROOT, MIDDLE], name=NAME).signed(fields, at=at)


def test_what_is_signed_is_the_hex_of_a_hash_of_sorted_filled_pairs() -> None:
    fields = {"b": "2", "a": "中 & =", "c": "", "signature": "x"}
    assert signed_text(fields) == "a=中 & =&b=2"
    digest = hashlib.sha256("a=中 & =&b=2".encode()).hexdigest()
    LEAF_KEY.public_key().verify(
        base64.b64decode(sign(fields, LEAF_KEY)), digest.encode(), padding.PKCS1v15(), SHA256()
    )


def test_a_signature_is_believed_by_its_chain_its_name_and_its_time() -> None:
    assert believed(message())
    assert not believed(message(), at=NOW + timedelta(days=31))
    assert not Signers([ROOT], name=NAME).signed(message(), at=NOW)  # the one between is missing
    assert not Signers([ROOT, MIDDLE], name="别家").signed(message(), at=NOW)


def test_whoever_has_another_root_another_name_or_a_ca_less_chain_is_not_believed() -> None:
    stranger = new_key()
    own_root = issued(f"041@83@{NAME}@01", stranger, by=f"041@83@{NAME}@01", under=stranger, is_ca=False)
    pretended = issued(f"041@83@{NAME}@01", stranger, by="middle", under=stranger, is_ca=False)
    other_customer = issued("041@83@别家公司@01", stranger, by="middle", under=MIDDLE_KEY, is_ca=False)
    by_a_leaf = issued(NAME, stranger, by=f"041@83@{NAME}@01", under=LEAF_KEY, is_ca=False)
    for certificate in (own_root, pretended, other_customer, by_a_leaf):
        assert not believed(message(certificate, stranger))
    assert not believed(message(LEAF, stranger))


@pytest.mark.parametrize(
    "change",
    [
        {"respCode": "64"},
        {"more": "1"},
        {"empty": "1"},
        {"signature": ""},
        {"signature": "!"},
        {"signMethod": "11"},
        {"signPubKeyCert": ""},
        {"signPubKeyCert": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
    ],
)
def test_any_change_to_a_message_is_seen(change: dict[str, str]) -> None:
    assert not believed({**message(), **change})


def test_pairs_are_read_as_they_are_written_with_braces_around_inner_ones() -> None:
    text = "a=1&tokenPayData={token=62&trId=7}&cert=-----BEGIN\nA+/=\n-----END&empty=&b=x=y"
    assert wire.read_pairs(text) == {
        "a": "1",
        "tokenPayData": "{token=62&trId=7}",
        "cert": "-----BEGIN\nA+/=\n-----END",
        "empty": "",
        "b": "x=y",
    }
    assert wire.read_braced("{token=62&trId=7}") == {"token": "62", "trId": "7"}


@pytest.mark.parametrize("text", ["a", "=1", "a=1&&b=2", "a=1&a=2", "<html>", "a=1&b"])
def test_what_is_no_pairs_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not pairs"):
        wire.read_pairs(text)


@pytest.mark.parametrize("text", ["", "token=1", "{token}", "{a=1&a=2}"])
def test_what_is_no_braced_value_is_empty(text: str) -> None:
    assert wire.read_braced(text) == {}


@given(st.dictionaries(st.from_regex(r"[A-Za-z]{1,10}", fullmatch=True), st.from_regex(r"[^&{}\n]*", fullmatch=True)))
def test_pairs_come_back_as_they_went(fields: dict[str, str]) -> None:
    assert wire.read_pairs("&".join(f"{name}={value}" for name, value in fields.items())) == fields


@given(st.integers(0, 10**12 - 1))
def test_amounts_are_whole_fen(minor: int) -> None:
    assert wire.money(wire.fen(Money(minor, "CNY"))) == Money(minor, "CNY")


@pytest.mark.parametrize("text", ["", "1.0", "-1", "1e3", "１", "1" * 13, " 1"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert wire.money(text) is None


def test_times_are_beijings_and_a_time_without_a_year_is_the_nearest() -> None:
    assert wire.beijing(NOW) == "20261123090203"
    assert wire.instant("20261123090203") == NOW
    assert wire.instant("20261323090203") is None
    assert wire.instant("2026112309020３") is None
    new_year = datetime(2026, 12, 31, 16, 0, 5, tzinfo=UTC)  # 00:00:05 of the first of January in Beijing
    assert wire.instant_near("1231235958", new_year) == new_year - timedelta(seconds=7)
    assert wire.instant_near("0101000009", new_year - timedelta(seconds=10)) == new_year + timedelta(seconds=4)
    assert wire.instant_near("9999999999", NOW) is None


def opened(text: str) -> str:
    return LEAF_KEY.decrypt(base64.b64decode(text), padding.PKCS1v15()).decode()


def test_a_card_goes_out_sealed_and_only_its_reader_opens_it() -> None:
    card = CardDetails(
        number="6225881234567898", holder="张三", phone="13800138000", expiry="0928", security_code="123"
    )
    fields = sealed(card, code="654321", under=LEAF)
    assert opened(fields["accNo"]) == card.number
    assert fields["encryptCertId"] == str(LEAF.serial_number)
    info = wire.read_braced(base64.b64decode(fields["customerInfo"]).decode())
    assert (info["customerNm"], info["smsCode"]) == ("张三", "654321")
    assert opened(info["encryptedInfo"]) == "phoneNo=13800138000&expired=2809&cvn2=123"
    for secret in (card.number, card.phone, "0928", "2809"):
        assert secret not in str(fields) + str(info)


def shown_by(act: Callable[[], object]) -> str:
    try:
        value = act()
    except ChannelRefuses as refused:
        return "\n".join((*traceback.format_exception(refused), refused.text("zh"), repr(refused.details)))
    return f"{value!r} {value}"


@given(
    st.from_regex(r"[0-9]{12,20}", fullmatch=True),
    st.text(st.characters(categories=["L", "N", "P"]), min_size=2, max_size=8),
    st.from_regex(r"1[0-9]{9,11}", fullmatch=True),
)
def test_neither_details_nor_what_becomes_of_them_show_the_card(number: str, holder: str, phone: str) -> None:
    card = CardDetails(number=number, holder=f"《{holder}》", phone=phone, security_code="987")
    for shown in (shown_by(lambda: card), shown_by(lambda: sealed(card, under=LEAF))):
        assert number not in shown
        assert f"《{holder}》" not in shown
        assert phone not in shown
