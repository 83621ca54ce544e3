"""Texts for customers: versions that never change, two people, and guides that both languages tell alike."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.help.markup import BlockKind
from fenqi.records.models import PublishedText, TextKind
from fenqi.usecases.help import publishing
from fenqi.usecases.help.texts import (
    GUIDES,
    SHIPPED,
    announcement,
    announcement_history,
    announcements,
    guide,
    guide_history,
    guide_version,
    guides,
    on_the_banner,
    search_guides,
)
from fenqi.usecases.staff.permissions import NotPermitted
from staff_members import agent, finance

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def a_draft(**more: object) -> publishing.TextDraft:
    said = {
        "kind": TextKind.ANNOUNCEMENT,
        "code": "entry-moves",
        "title_zh": "入口调整",
        "title_en": "The entry moves",
        "text_zh": "从 12 月起到[我的账单](bills)还。",
        "text_en": "From December on, repay in [My bills](bills).",
        "valid_from": TODAY,
        "banner_until": TODAY + timedelta(days=7),
        **more,
    }
    return publishing.TextDraft(**said)  # type: ignore[arg-type]


@pytest.mark.requirement("R162", "R164")
def test_one_writes_another_publishes_and_then_it_stays() -> None:
    writer, second = agent(), finance("gao")
    text_id = publishing.write(writer, a_draft(), now=NOW)
    assert announcements() == ()
    with pytest.raises(NotPermitted):
        publishing.publish(writer, text_id, now=NOW)
    publishing.publish(second, text_id, now=NOW)
    assert [one.code for one in announcements()] == ["entry-moves"]
    with pytest.raises(publishing.AlreadyOut):
        publishing.drop(writer, text_id, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PublishedText.objects.filter(id=text_id).update(title_zh="另一个")
    with pytest.raises(IntegrityError), transaction.atomic():
        PublishedText.objects.filter(id=text_id).delete()


def test_who_wrote_it_does_not_publish_it_with_whatever_role() -> None:
    writer = finance("gao")
    text_id = publishing.write(writer, a_draft(), now=NOW)
    with pytest.raises(publishing.SecondPersonNeeded):
        publishing.publish(writer, text_id, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PublishedText.objects.filter(id=text_id).update(published_by=writer.actor, published_at=NOW)


@pytest.mark.requirement("R162", "R164")
def test_a_new_version_takes_over_and_the_old_address_stays() -> None:
    for text in ("First", "Second"):
        text_id = publishing.write(agent(), a_draft(text_en=text), now=NOW)
        publishing.publish(finance("gao"), text_id, now=NOW)
    (one,) = announcements()
    assert (one.version, one.text_en) == (2, "Second")
    assert announcement("entry-moves", 1).text_en == "First"
    assert [past.version for past in announcement_history("entry-moves")] == [2, 1]
    banner = on_the_banner(today=TODAY)
    assert banner
    assert banner.version == 2
    assert on_the_banner(today=TODAY, read=frozenset({"entry-moves.2"})) is None
    assert on_the_banner(today=TODAY + timedelta(days=8)) is None
    publishing.withdraw(finance("gao"), text_id, now=NOW)
    assert announcement("entry-moves", 2).withdrawn_at == NOW


@pytest.mark.requirement("R164")
def test_an_announcement_names_the_rule_it_tells_of() -> None:
    publishing.write(agent(), a_draft(policy_code="price_protection.default", policy_version=1), now=NOW)
    with pytest.raises(NotFound):
        publishing.write(agent(), a_draft(policy_code="price_protection.default", policy_version=99), now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "../x"}, {"title_zh": ""}, {"title_en": "x" * 121}, {"text_zh": "x" * 20_001},
        {"text_en": "[x](nowhere)"}, {"text_zh": "{{next_bills}}"}, {"kind": TextKind.GUIDE}, {"text_en": "a\x00b"},
    ],
)  # fmt: skip
def test_what_cannot_stand_is_not_kept(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        publishing.write(agent(), a_draft(**wrong), now=NOW)
    assert not PublishedText.objects.exists()


def test_nothing_holds_from_before_today() -> None:
    with pytest.raises(publishing.TextFromThePast):
        publishing.write(agent(), a_draft(valid_from=TODAY - timedelta(days=1)), now=NOW)
    text_id = publishing.write(agent(), a_draft(), now=NOW)
    with pytest.raises(publishing.TextFromThePast):
        publishing.publish(finance("gao"), text_id, now=NOW + timedelta(days=2))


@pytest.mark.requirement("R163")
def test_a_mall_writes_its_own_version_of_a_guide() -> None:
    shipped = guide("repaying", today=TODAY)
    text_id = publishing.write(agent(), a_draft(kind=TextKind.GUIDE, code="repaying"), now=NOW)
    publishing.publish(finance("gao"), text_id, now=NOW)
    assert guide("repaying", today=TODAY).version == shipped.version + 1
    assert guide_version("repaying", shipped.version).title_zh == shipped.title_zh
    assert len(guide_history("repaying")) == 2
    assert [one.code for one in guides(today=TODAY)] == list(GUIDES)
    publishing.withdraw(finance("gao"), text_id, now=NOW)
    assert guide("repaying", today=TODAY).version == shipped.version


@pytest.mark.requirement("R163")
@pytest.mark.parametrize("code", GUIDES)
def test_a_guide_says_the_same_in_both_languages(code: str) -> None:
    one = guide(code, today=TODAY)
    zh, en = one.blocks("zh"), one.blocks("en")
    assert [block.kind for block in zh] == [block.kind for block in en]
    assert [[span.page for span in block.spans if span.page] for block in zh if block.kind is BlockKind.STEP] == [
        [span.page for span in block.spans if span.page] for block in en if block.kind is BlockKind.STEP
    ]
    assert {file.name.split(".")[0] for file in Path(SHIPPED).glob("*.md")} == set(GUIDES)


@pytest.mark.requirement("R154", "R163")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("退款", "refund-procedure"), ("refund", "refund-procedure"), ("备用金", "refund-and-reserve"),
        ("差价", "price-difference"), ("price", "price-difference"), ("没还成", "repaying"),
        ("验证码", "signing-in"), ("入口", "entries"), ("where to repay", "entries"), ("自动扣款", "auto-debit"),
        ("逾期", "late"), ("骗子", "is-it-really-us"),
    ],
)  # fmt: skip
def test_the_shipped_guides_are_found(query: str, code: str) -> None:
    assert search_guides(query, today=TODAY)[0].code == code
