"""Logs are JSON lines in which nobody can be recognised."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from fenqi.config.logs import MASK, logging_settings, scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "call +86 13812345678 now",
        "手机13812345678。",
        "110101199003074578",
        "11010119900307457X",
        "a.b@c.cn",
    ],
)
def test_what_looks_like_a_person_is_masked_inside_any_text(text: str) -> None:
    assert MASK in scrubbed(text)
    assert not any(secret in scrubbed(text) for secret in ("138123", "199003", "a.b@"))


@pytest.mark.parametrize(
    "text", ["2026112213812345678901234567", "amount 4299.00", "01a2054f-f5e2-76d3-82b4-0bbe81af7854"]
)
def test_our_own_numbers_stay_readable(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize("name", ["phone", "buyer_name", "Authorization", "card_no", "api_key", "sms_code", "cookie"])
def test_values_under_a_private_name_are_masked_at_any_depth(name: str) -> None:
    assert scrubbed({"order": [{name: "x"}]}) == {"order": [{name: MASK}]}


@pytest.mark.requirement("R185")
@given(prefix=st.text("abc ，", max_size=5), digits=st.text("0123456789", min_size=9, max_size=9))
def test_no_phone_number_passes(prefix: str, digits: str) -> None:
    number = f"13{digits}"
    assert number not in scrubbed(f"{prefix}{number}{prefix}")


def test_both_kinds_of_loggers_write_scrubbed_json(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    settings = logging_settings(level="INFO")
    settings["handlers"]["stderr"]["stream"] = written
    settings["root"] = {}
    settings["loggers"] = {"fenqi.told": {"handlers": ["stderr"], "level": "INFO", "propagate": False}}
    logging.config.dictConfig(settings)
    logging.getLogger("fenqi.told").info("paid by %s", "13812345678")
    structlog.get_logger("fenqi.told").warning("refused", phone="13812345678", 原因="余额不足")
    try:
        int("phone 13812345678")
    except ValueError:
        logging.getLogger("fenqi.told").exception("failed")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert lines[0]["event"] == f"paid by {MASK}"
    assert (lines[1]["phone"], lines[1]["原因"]) == (MASK, "余额不足")
    assert "ValueError" in lines[2]["exception"]
    assert "138123" not in written.getvalue()
