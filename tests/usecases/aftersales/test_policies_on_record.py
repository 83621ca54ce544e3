"""Policies on record: versions that never change, rule from a day on, and are resolved for what was bought on a day."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fenqi.domain.aftersales.eligibility import NotBought, NotEligible, TooManyPieces, Wish, WishedLine
from fenqi.domain.aftersales.policies import (
    DEFAULT_PRICE_PROTECTION_POLICY,
    DEFAULT_RETURN_POLICY,
    PolicyBelowLaw,
    Subject,
)
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.aftersales.rules import NextStep, RuleId
from fenqi.domain.aftersales.sentences import summary
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.records.identifiers import HOUSE_ID, new_id
from fenqi.records.models import AftersalesCase, AftersalesPolicy, AuditRecord, CaseLine, OrderLine, Role
from fenqi.usecases.aftersales.eligibility import check_wish, return_options
from fenqi.usecases.aftersales.policies import (
    LastPolicy,
    PolicyDraft,
    PolicyFromThePast,
    PolicyStanding,
    PublishedMeanwhile,
    PublishedPolicy,
    all_versions,
    policy_for,
    publish,
    standing_of,
    version_of,
    withdraw,
)
from fenqi.usecases.aftersales.preview import preview
from fenqi.usecases.orders.importing.native import native_order
from fenqi.usecases.orders.importing.prepare import prepare
from fenqi.usecases.orders.inputs import LineInput, OrderInput, PaymentInput
from fenqi.usecases.orders.register import OrderConflict, register_order
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import MAY, NotPermitted, Staff
from malls import SHANGHAI, a_customer, noon

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 1)
NOW = noon(TODAY)


def staff(role: Role = Role.FINANCE) -> Staff:
    return Staff(account_id=new_id(), username=role.value, role=role.value, permissions=MAY[role])


def draft(*, subject: Subject = Subject.RETURN, valid_from: date = TODAY, **more: Any) -> PolicyDraft:
    narrowed = {name: more.pop(name) for name in ("sku", "category", "sales_channel", "valid_until") if name in more}
    return PolicyDraft(subject=subject, valid_from=valid_from, body=more, **narrowed)


def ruling(placed_on: date = TODAY, *, sku: str = "X2", category: str = "phone", channel: str = "OFFICIAL") -> str:
    found = policy_for(subject=Subject.RETURN, sku=sku, category=category, sales_channel=channel, placed_on=placed_on)
    return f"{found.code}:{found.version}"


class TestTheDefaults:
    @pytest.mark.requirement("R021", "R085")
    def test_they_are_on_record_as_first_versions_and_say_what_the_domain_says(self) -> None:
        found = {f"{one.code}:{one.version}": one for one in all_versions()}
        assert set(found) == {
            "return.default:1",
            "return.channel.PARTNER:1",
            "price_protection.default:1",
            "price_protection.channel.PARTNER:1",
        }
        for code, rules in (
            ("return.default:1", DEFAULT_RETURN_POLICY),
            ("price_protection.default:1", DEFAULT_PRICE_PROTECTION_POLICY),
        ):
            assert found[code].rules == rules
            assert (found[code].summary_zh, found[code].summary_en) == (summary(rules).zh, summary(rules).en)

    @pytest.mark.requirement("R027", "R028")
    def test_a_partners_platform_has_its_own_procedure(self) -> None:
        found = policy_for(subject=Subject.RETURN, sku="X2", category="phone", sales_channel="PARTNER", placed_on=TODAY)
        assert found.of_return.hands_over
        assert "平台" in found.of_return.procedure_zh


class TestPublishing:
    @pytest.mark.requirement("R024", "R164")
    def test_a_new_version_rules_from_its_day_on_and_the_old_one_what_was_ordered_before(self) -> None:
        published = publish(staff(), draft(window_days=15, valid_from=TODAY + timedelta(days=3)), now=NOW)
        assert (published.code, published.version) == ("return.default", 2)
        assert "15 天内可以无理由" in published.summary_zh
        assert ruling(TODAY + timedelta(days=2)) == "return.default:1"
        assert ruling(TODAY + timedelta(days=3)) == "return.default:2"
        (act,) = AuditRecord.objects.filter(customer_id=HOUSE_ID, action="policy_published")
        assert act.subject == "policy:return.default:2"

    @pytest.mark.requirement("R023")
    def test_narrower_policies_go_before(self) -> None:
        publish(staff(), draft(sales_channel="OFFICIAL", window_days=8), now=NOW)
        assert ruling() == "return.channel.OFFICIAL:1"
        publish(staff(), draft(category="phone", window_days=15), now=NOW)
        assert ruling() == "return.category.phone:1"
        publish(staff(), draft(sku="X2", window_days=30), now=NOW)
        assert ruling() == "return.product.X2:1"
        assert ruling(sku="other") == "return.category.phone:1"
        assert ruling(channel="PARTNER") == "return.channel.PARTNER:1"

    @pytest.mark.requirement("R164")
    def test_a_published_version_never_changes(self) -> None:
        kept = AftersalesPolicy.objects.get(code="return.default")
        every: tuple[dict[str, Any], ...] = (
            {"body": {}},
            {"valid_from": date(2020, 1, 1)},
            {"withdrawn_at": NOW, "summary_zh": "x"},
        )
        for changes in every:
            with pytest.raises(DatabaseError), transaction.atomic():
                AftersalesPolicy.objects.filter(id=kept.id).update(**changes)
        with pytest.raises(DatabaseError), transaction.atomic():
            kept.delete()

    def test_a_version_that_is_taken_back_rules_nothing_that_is_ordered_later(self) -> None:
        publish(staff(), draft(window_days=15), now=NOW)
        later = NOW + timedelta(days=2)
        withdraw(staff(), "return.default", 2, now=later)
        withdraw(staff(), "return.default", 2, now=later + timedelta(days=9))
        assert ruling(TODAY) == "return.default:2"
        assert ruling(TODAY + timedelta(days=3)) == "return.default:1"
        assert AuditRecord.objects.filter(customer_id=HOUSE_ID, action="policy_withdrawn").count() == 1

    def test_the_last_version_for_all_goods_cannot_be_taken_back(self) -> None:
        with pytest.raises(LastPolicy):
            withdraw(staff(), "return.default", 1, now=NOW)
        publish(staff(), draft(valid_from=TODAY + timedelta(days=30)), now=NOW)
        with pytest.raises(LastPolicy):
            withdraw(staff(), "return.default", 1, now=NOW)  # nothing would rule the month between
        publish(staff(), draft(), now=NOW)
        withdraw(staff(), "return.default", 1, now=NOW)
        assert ruling(TODAY + timedelta(days=1)) == "return.default:3"
        with pytest.raises(NotFound):
            withdraw(staff(), "return.default", 9, now=NOW)

    @pytest.mark.parametrize(
        ("entered", "refusal"),
        [
            ({"valid_from": TODAY - timedelta(days=1)}, PolicyFromThePast),
            ({"window_days": 3}, PolicyBelowLaw),
            ({"excluded_by_law": ["flash_sale"]}, PolicyBelowLaw),
            ({"sku": "X2", "category": "phone"}, InvalidInput),
            ({"sku": "x" * 65}, InvalidInput),
            ({"category": " phone"}, InvalidInput),
            ({"sales_channel": "MOON"}, InvalidInput),
            ({"category": "phone", "valid_until": TODAY - timedelta(days=1)}, InvalidInput),
            ({"valid_until": TODAY + timedelta(days=9)}, InvalidInput),
        ],
    )
    def test_what_may_not_be_published(self, entered: dict[str, Any], refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            publish(staff(), draft(**entered), now=NOW)
        assert AftersalesPolicy.objects.count() == 4

    def test_agents_may_look_and_not_publish(self) -> None:
        for act in (
            lambda: publish(staff(Role.AGENT), draft(), now=NOW),
            lambda: withdraw(staff(Role.AGENT), "return.default", 1, now=NOW),
            lambda: preview(staff(Role.AGENT), draft(), now=NOW),
        ):
            with pytest.raises(NotPermitted):
                act()

    def test_of_two_who_publish_at_the_same_moment_one_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fenqi.usecases.aftersales.policies._latest_version", lambda _code: 0)
        with pytest.raises(PublishedMeanwhile):
            publish(staff(), draft(), now=NOW)

    def test_where_a_version_stands(self) -> None:
        publish(staff(), draft(category="toy", window_days=9, valid_until=TODAY + timedelta(days=5)), now=NOW)
        publish(staff(), draft(window_days=15, valid_from=TODAY + timedelta(days=3)), now=NOW)

        def standing(code: str, version: int, days: int) -> PolicyStanding:
            one = version_of(code, version)
            return standing_of(one, all_versions(), today=TODAY + timedelta(days=days))

        assert standing("return.default", 2, 0) is PolicyStanding.AHEAD
        assert standing("return.default", 1, 0) is PolicyStanding.RULES
        assert standing("return.default", 1, 3) is PolicyStanding.REPLACED
        assert standing("return.category.toy", 1, 6) is PolicyStanding.OVER
        withdraw(staff(), "return.default", 2, now=NOW)
        assert standing("return.default", 2, 0) is PolicyStanding.WITHDRAWN
        with pytest.raises(NotFound):
            version_of("return.default", 7)


LINES = (
    LineInput(sku="X2", name="青屿 X2 手机", category="phone", unit_price_minor=300_000, quantity=2),
    LineInput(sku="C1", name="刻字外壳", category="case", unit_price_minor=9_900, tags=("custom",)),
    LineInput(sku="E1", name="入耳式耳机", category="audio", unit_price_minor=59_900, tags=("sealed", "flash_sale")),
)


def a_purchase(*lines: LineInput, received: str = "2026-05-28", **more: Any) -> tuple[UUID, UUID]:
    """An order that was delivered: (customer, order)."""
    ref = f"c-{new_id()}"
    a_customer(ref)
    bought = lines or LINES
    order = OrderInput(
        order_no=f"o-{ref}",
        customer_ref=ref,
        currency="CNY",
        placed_at=noon("2026-05-25"),
        status=more.pop("status", "delivered"),
        delivered_at=noon(received) if received else None,
        lines=bought,
        payments=(PaymentInput(method="alipay", amount_minor=sum(x.quantity * x.unit_price_minor for x in bought)),),
        **more,
    )
    taken = register_order(order, now=noon("2026-05-25"))
    return taken.customer_id, taken.order_id


def a_case(
    customer_id: UUID, order_id: UUID, *, kind: str = "return", state: str = "in_review", pieces: int = 1, **more: Any
) -> UUID:
    case = AftersalesCase.objects.create(
        customer_id=customer_id,
        case_no=f"AS-{new_id().hex[-20:]}",
        order_id=order_id,
        kind=kind,
        reason=more.get("reason", "no_reason"),
        via="portal",
        applied_by="customer",
        state=state,
        policy_code="return.default",
        policy_version=1,
        currency="CNY",
        review_due_at=NOW,
        promise_by=TODAY,
        created_at=more.get("at", NOW),
        updated_at=NOW,
    )
    CaseLine.objects.create(
        customer_id=customer_id, case_id=case.id, order_id=order_id, line_no=more.get("line_no", 1), pieces=pieces
    )
    return case.id


def wish(line_no: int = 1, pieces: int = 1, **more: Any) -> Wish:
    return Wish(
        kind=more.get("kind", WishKind.RETURN),
        reason=more.get("reason", Reason.NO_REASON),
        lines=(WishedLine(line_no=line_no, pieces=pieces),),
    )


class TestOptions:
    @pytest.mark.requirement("R020", "R023", "R026")
    def test_each_line_says_until_when_or_why_not_and_what_then(self) -> None:
        found = return_options(*a_purchase(), now=NOW)
        phone, shell, ears = found.lines
        assert (phone.left, phone.without_reason.allowed, phone.without_reason.last_on) == (2, True, date(2026, 6, 4))
        assert (shell.without_reason.rule, shell.without_reason.next_step) == (
            RuleId.MADE_TO_ORDER,
            NextStep.REPORT_FAULT,
        )
        assert Reason.NO_REASON not in shell.open[WishKind.RETURN]
        assert Reason.FAULTY in shell.open[WishKind.RETURN]
        assert ears.without_reason.allowed, "an exclusion that the buyer did not confirm is void"
        assert ears.price_difference.rule is RuleId.PRICE_KIND_EXCLUDED
        assert found.kinds() == tuple(WishKind)
        assert found.can_apply

    def test_the_buyers_confirmation_is_kept_with_the_line_and_excludes_it(self) -> None:
        confirmed = replace(
            LINES[2], no_return_confirmed_at=noon("2026-05-25"), no_return_text_version="opened-goods-2026-01"
        )
        customer_id, order_id = a_purchase(confirmed)
        line = OrderLine.objects.get(customer_id=customer_id)
        assert (line.no_return_confirmed_at, line.no_return_text_version) == (
            noon("2026-05-25"),
            "opened-goods-2026-01",
        )
        (ears,) = return_options(customer_id, order_id, now=NOW).lines
        assert ears.without_reason.rule is RuleId.CONFIRMED_SEALED

    @pytest.mark.parametrize(
        "said",
        [
            {"no_return_confirmed_at": noon("2026-05-25")},
            {"no_return_text_version": "v1"},
            {"no_return_confirmed_at": noon("2026-05-26"), "no_return_text_version": "v1"},
        ],
    )
    def test_a_confirmation_without_its_text_or_after_the_order_is_refused(self, said: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            a_purchase(replace(LINES[2], **said))

    def test_a_confirmation_told_later_is_a_conflict(self) -> None:
        a_customer("c-late")
        plain = OrderInput(
            order_no="o-late",
            customer_ref="c-late",
            currency="CNY",
            placed_at=noon("2026-05-25"),
            status="delivered",
            lines=(LINES[2],),
        )
        register_order(plain, now=NOW)
        assert register_order(plain, now=NOW).outcome == "unchanged"
        confirmed = replace(LINES[2], no_return_confirmed_at=noon("2026-05-25"), no_return_text_version="v1")
        with pytest.raises(OrderConflict):
            register_order(replace(plain, lines=(confirmed,)), now=NOW)

    def test_the_policy_of_the_day_of_the_order_decides_whatever_was_published_since(self) -> None:
        customer_id, order_id = a_purchase(LINES[0])
        publish(staff(), draft(category="phone", window_days=30), now=NOW)
        (phone,) = return_options(customer_id, order_id, now=NOW).lines
        assert (phone.policy.code, phone.policy.version) == ("return.default", 1)

    @pytest.mark.requirement("R027", "R028")
    def test_what_was_bought_on_a_partners_platform_is_handed_over(self) -> None:
        found = return_options(*a_purchase(sales_channel="PARTNER"), now=NOW)
        assert not found.can_apply
        assert found.handed_over is not None
        assert "该平台" in found.handed_over.procedure_zh
        assert "platform" in found.handed_over.procedure_en

    def test_an_order_delivered_on_a_day_nobody_told_counts_from_when_we_were_told(self) -> None:
        found = return_options(*a_purchase(received=""), now=noon("2026-05-26"))
        assert found.order.received_on == date(2026, 5, 25)
        on_the_way = return_options(*a_purchase(received="", status="shipped"), now=NOW)
        assert on_the_way.order.received_on is None
        assert on_the_way.kinds() == (WishKind.REFUND_ONLY, WishKind.PRICE_DIFFERENCE)

    def test_the_statements_do_not_grow_with_the_lines(self) -> None:
        many = tuple(replace(LINES[0], sku=f"S{n}") for n in range(40))
        counts = []
        for lines in (LINES[:1], many):
            customer_id, order_id = a_purchase(*lines)
            a_case(customer_id, order_id)
            with CaptureQueriesContext(connection) as asked:
                return_options(customer_id, order_id, now=NOW)
            counts.append(len(asked))
        assert counts == [6, 6]

    def test_another_customers_order_is_not_found(self) -> None:
        customer_id, order_id = a_purchase()
        with pytest.raises(NotFound):
            return_options(a_customer("somebody-else"), order_id, now=NOW)
        with pytest.raises(NotFound):
            check_wish(customer_id, new_id(), wish(), now=NOW)


class TestWishes:
    def test_what_is_in_a_case_cannot_be_asked_for_again(self) -> None:
        customer_id, order_id = a_purchase()
        case_id = a_case(customer_id, order_id, pieces=1)
        with pytest.raises(TooManyPieces):
            check_wish(customer_id, order_id, wish(pieces=2), now=NOW)
        assert check_wish(customer_id, order_id, wish(pieces=1), now=NOW).decision.allowed
        assert check_wish(customer_id, order_id, wish(pieces=2), now=NOW, besides=case_id).decision.allowed
        a_case(customer_id, order_id, pieces=1, state="completed")
        refused = check_wish(customer_id, order_id, wish(), now=NOW)
        assert refused.decision.rule is RuleId.NOTHING_LEFT
        with pytest.raises(NotEligible):
            refused.require()

    @pytest.mark.parametrize(
        ("kind", "state", "left"),
        [
            ("return", "rejected", 2),
            ("return", "withdrawn", 2),
            ("exchange", "completed", 2),
            ("exchange", "replacing", 1),
            ("refund_only", "refunding", 1),
            ("price_difference", "in_review", 2),
        ],
    )
    def test_which_cases_take_their_pieces(self, kind: str, state: str, left: int) -> None:
        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id, kind=kind, state=state)
        assert return_options(customer_id, order_id, now=NOW).lines[0].left == left

    @pytest.mark.requirement("R084", "R087")
    def test_a_price_difference_is_judged_by_price_protection(self) -> None:
        customer_id, order_id = a_purchase()
        asked = wish(kind=WishKind.PRICE_DIFFERENCE, reason=Reason.PRICE_FELL)
        found = check_wish(customer_id, order_id, asked, now=NOW)
        assert (found.decision.rule, found.policy.code) == (RuleId.PRICE_PROTECTED, "price_protection.default")
        used = check_wish(customer_id, order_id, asked, now=NOW, unused=False)
        assert used.decision.rule is RuleId.PRICE_NOT_UNUSED

    def test_of_two_policies_in_one_wish_the_kinder_one_handles_the_case(self) -> None:
        publish(
            staff(),
            draft(category="audio", promise_working_days=5, valid_from=date(2026, 5, 20)),
            now=noon("2026-05-20"),
        )
        customer_id, order_id = a_purchase()
        both = replace(wish(), lines=(WishedLine(line_no=1, pieces=1), WishedLine(line_no=3, pieces=1)))
        found = check_wish(customer_id, order_id, both, now=NOW)
        assert found.policy.code == "return.category.audio"
        assert {line_no: policy.code for line_no, policy in found.policies.items()} == {
            1: "return.default",
            3: "return.category.audio",
        }

    def test_a_line_that_was_not_bought(self) -> None:
        with pytest.raises(NotBought):
            check_wish(*a_purchase(), wish(line_no=9), now=NOW)


class TestPreview:
    @pytest.mark.requirement("R024")
    def test_cases_are_judged_once_more_by_the_draft(self) -> None:
        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id, at=noon("2026-06-17"))  # the twentieth day: refused by seven, allowed by thirty
        a_case(customer_id, order_id, at=NOW)
        a_case(customer_id, order_id, at=NOW, line_no=2)  # made to order
        a_case(customer_id, order_id, kind="price_difference", reason="price_fell")
        seen = preview(staff(), draft(window_days=30), now=NOW)
        assert (seen.cases.looked_at, seen.cases.concerned) == (3, 3)
        assert (seen.cases.allowed_before, seen.cases.allowed_after) == (1, 2)
        assert (seen.cases.newly_allowed, seen.cases.newly_refused) == (1, 0)
        (example,) = seen.cases.examples
        assert (example.before.rule, example.after.rule) == (RuleId.WINDOW_OVER, RuleId.NO_REASON_RETURN)
        assert [(one.name, one.before, one.after) for one in seen.changes] == [("window_days", 7, 30)]
        assert AftersalesPolicy.objects.count() == 4

    def test_only_what_the_draft_would_rule_is_counted(self) -> None:
        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id)
        seen = preview(staff(), draft(category="audio", window_days=30), now=NOW)
        assert (seen.cases.looked_at, seen.cases.concerned) == (1, 0)
        assert (seen.lines_looked_at, seen.lines) == (3, 1)
        assert seen.replaces is None

    def test_recent_orders_show_which_wishes_open_and_close_by_day(self) -> None:
        a_purchase()
        seen = preview(staff(), draft(window_days=15), now=NOW)
        no_reason = seen.wishes[0]
        assert (no_reason.kind, no_reason.reason) == (WishKind.RETURN, Reason.NO_REASON)
        by_day = {one.day: (one.before, one.after) for one in no_reason.days}
        assert by_day[3] == (2, 2)  # the shell is made to order
        assert by_day[15] == (0, 2)
        assert by_day[30] == (0, 0)

    @pytest.mark.requirement("R085", "R086")
    def test_price_protection_is_previewed_too(self) -> None:
        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id, kind="price_difference", reason="price_fell", at=noon("2026-06-05"))
        seen = preview(staff(), draft(subject=Subject.PRICE_PROTECTION, window_days=15), now=NOW)
        assert (seen.cases.concerned, seen.cases.newly_allowed) == (1, 1)
        assert {one.day: (one.before, one.after) for one in seen.wishes[0].days}[10] == (0, 1)

    def test_a_case_of_goods_that_came_later_is_judged_as_of_its_day(self) -> None:
        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id, kind="refund_only", reason="never_arrived", at=noon("2026-05-26"))
        seen = preview(staff(), draft(window_days=15), now=NOW)
        assert (seen.cases.allowed_before, seen.cases.allowed_after) == (1, 1)

    def test_the_statements_do_not_grow_with_the_cases(self) -> None:
        def asked() -> int:
            with CaptureQueriesContext(connection) as statements:
                preview(staff(), draft(window_days=15), now=NOW)
            return len(statements)

        customer_id, order_id = a_purchase()
        a_case(customer_id, order_id)
        few = asked()
        for _ in range(5):
            a_case(*a_purchase())
        assert asked() == few


def policy_findings() -> list[str]:
    return [finding.detail for finding in check_books() if finding.law == "cases_keep_their_policy"]


@pytest.mark.requirement("R024", "R164")
def test_a_case_judged_by_another_version_than_that_of_its_order_is_found() -> None:
    customer_id, order_id = a_purchase()
    case_id = a_case(customer_id, order_id)
    assert policy_findings() == []
    publish(staff(), draft(window_days=15), now=NOW)
    case = AftersalesCase.objects.filter(customer_id=customer_id, id=case_id)
    case.update(policy_version=2)
    assert policy_findings() == ["return.default 2 did not rule on 2026-05-25"]
    case.update(policy_version=7)
    assert policy_findings() == ["return.default 7 is not on record"]


def test_a_line_of_an_import_carries_the_confirmation() -> None:
    line = {"sku": "E1", "name": "入耳式耳机", "unit_price_minor": 59_900, "tags": ["sealed"]}
    confirmed = {"no_return_confirmed_at": "2026-05-25T11:59:00", "no_return_text_version": "v1"}
    document = {
        "order_no": "o-9",
        "customer_ref": "c-9",
        "currency": "CNY",
        "status": "delivered",
        "placed_at": "2026-05-25T12:00:00",
        "lines": [line | confirmed, line],
    }
    order = native_order(document, zone=SHANGHAI).order
    assert [one.no_return_text_version for one in order.lines] == ["v1", ""]
    assert order.lines[0].no_return_confirmed_at == noon("2026-05-25") - timedelta(minutes=1)
    kept, _plain = prepare(native_order(document, zone=SHANGHAI), lines=(1,), now=NOW).rows["order_line"]
    assert "v1" in kept


def test_a_published_policy_reads_the_same_in_both_languages() -> None:
    found: PublishedPolicy = version_of("return.default", 1)
    assert len(found.summary("zh-hans")) == len(found.summary("en")) == 8
