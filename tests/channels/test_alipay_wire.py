"""The bytes: signatures that another library accepts, and answers that are believed only as they were signed."""

import json
from collections.abc import Callable

import pytest
from alipay import AliPay  # an independent implementation of the same protocol
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.alipay.answers import read_answer
from fenqi.channels.alipay.rsa2 import sign, signed_text, verifies
from fenqi.channels.keys import read_private_key, read_public_key
from fenqi.channels.transport import NoAnswer

METHOD = "alipay.trade.query"
FIELDS = {"code": "10000", "trade_status": "TRADE_SUCCESS", "note": 'a } in a "text" and a \\/ slash'}


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def library(key: RSAPrivateKey) -> AliPay:
    return AliPay(appid="1", app_private_key_string=private_pem(key), alipay_public_key_string=public_pem(key))


def private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def body_of(raw: str, key: RSAPrivateKey) -> bytes:
    return f'{{ "sign" : "{sign(raw, key)}",\n "alipay_trade_query_response": {raw} }}'.encode()


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), min_size=1, max_size=6))
def test_the_other_library_accepts_our_signature(
    library: AliPay, key: RSAPrivateKey, parameters: dict[str, str]
) -> None:
    parameters.pop("sign_type", None)
    assert library.verify(dict(parameters), sign(signed_text(parameters), key))


def test_we_accept_the_signature_of_the_other_library(library: AliPay, key: RSAPrivateKey) -> None:
    text = signed_text({"b": "2", "a": "分期"})
    assert text == "a=分期&b=2"
    assert verifies(text, library._sign(text), key.public_key())
    assert not verifies(text + " ", library._sign(text), key.public_key())
    assert not verifies(text, "not base64", key.public_key())


@pytest.mark.parametrize(
    "write", [str, lambda pem: pem.replace("\n", "\\n"), lambda pem: "".join(pem.split("\n")[1:-2])]
)
def test_keys_are_read_as_pem_escaped_or_bare(key: RSAPrivateKey, write: Callable[[str], str]) -> None:
    assert read_private_key(write(private_pem(key))).private_numbers() == key.private_numbers()
    assert read_public_key(write(public_pem(key))) == key.public_key()


@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"])
def test_an_unreadable_key_is_refused_without_being_quoted(text: str) -> None:
    for read in (read_private_key, read_public_key):
        with pytest.raises(ValueError, match="key") as refusal:
            read(text)
        assert "secret" not in str(refusal.value)
        assert "c2VjcmV0" not in str(refusal.value)


def test_short_keys_are_refused() -> None:
    weak = generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ValueError, match="2048"):
        read_private_key(private_pem(weak))
    with pytest.raises(ValueError, match="2048"):
        read_public_key(public_pem(weak))


def test_an_answer_is_verified_over_its_raw_text_braces_in_strings_included(key: RSAPrivateKey) -> None:
    raw = json.dumps(FIELDS).replace("/", "\\/")
    answer = read_answer(body_of(raw, key), method=METHOD, key=key.public_key())
    assert answer.worked
    assert answer.text("trade_status") == "TRADE_SUCCESS"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_json_inside_an_answer_keeps_its_signature(key: RSAPrivateKey, inner: object) -> None:
    raw = json.dumps({"code": "10000", "inner": inner}, ensure_ascii=False)
    assert read_answer(body_of(raw, key), method=METHOD, key=key.public_key()).fields["inner"] == inner


def test_an_error_may_be_unsigned_a_success_may_not(key: RSAPrivateKey) -> None:
    error = b'{"alipay_trade_query_response":{"code":"40002","sub_code":"isv.invalid-signature"}}'
    assert read_answer(error, method=METHOD, key=key.public_key()).codes == ("isv.invalid-signature", "40002")
    unknown_method = b'{"error_response":{"code":"40002","sub_code":"isv.invalid-method"}}'
    assert not read_answer(unknown_method, method=METHOD, key=key.public_key()).worked
    with pytest.raises(NoAnswer, match="unsigned"):
        read_answer(b'{"alipay_trade_query_response":{"code":"10000"}}', method=METHOD, key=key.public_key())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"<html>",
        b"\xff\xfe",
        b'{"alipay_trade_query_response":',
        b'{"alipay_trade_query_response":{}}',
        b'{"alipay_trade_query_response":{"code":10000}}',
        b'{"alipay_trade_query_response":[]}',
        b'{"alipay_trade_refund_response":{"code":"40004"}}',
        b'{"alipay_trade_query_response":{"code":"40004"},"alipay_trade_query_response":{"code":"40002"}}',
        b'{"alipay_trade_query_response":' + b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_no_answer(key: RSAPrivateKey, body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(body, method=METHOD, key=key.public_key())


@given(st.binary(max_size=60))
def test_noise_is_no_answer(key: RSAPrivateKey, body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(body, method=METHOD, key=key.public_key())


def test_an_answer_changed_on_its_way_is_no_answer(key: RSAPrivateKey) -> None:
    body = body_of(json.dumps({"code": "10000", "total_amount": "88.80"}), key)
    with pytest.raises(NoAnswer, match="bad_signature"):
        read_answer(body.replace(b"88.80", b"08.80"), method=METHOD, key=key.public_key())
