"""The rules that hold for goods, for the mall's product page: returns and price protection (R019, R164)."""

from dataclasses import replace
from typing import Annotated, Any

from ninja import Query, Router

from fenqi.domain.aftersales.eligibility import LineFacts, exclusion_of
from fenqi.domain.aftersales.policies import ReturnPolicy, Subject
from fenqi.domain.aftersales.resolution import Goods
from fenqi.domain.aftersales.rules import RULES
from fenqi.domain.errors import InvalidInput
from fenqi.interfaces.api import policy_documents as documents
from fenqi.interfaces.api.fields import PRINTABLE, Day, WordAsked
from fenqi.interfaces.api.operations import operation
from fenqi.records.models import SalesChannel
from fenqi.usecases import clock
from fenqi.usecases.aftersales.policies import PublishedPolicy, policies_for
from fenqi.usecases.api_clients import Scope

router = Router()

MOST_TAGS = 20


@operation(router, "GET", "/policies", scope=Scope.POLICIES_READ, answers={200: documents.PoliciesOfGoods}, refuses=())
def get_policies(
    sku: WordAsked = "",
    category: WordAsked = "",
    sales_channel: Annotated[SalesChannel, Query()] = SalesChannel.OFFICIAL,
    tags: Annotated[str, Query(max_length=400, pattern=PRINTABLE, description="With commas between")] = "",
    on: Annotated[Day | None, Query(description="The day of the order; left out: today")] = None,
) -> Any:
    """Read the rules that hold for goods ordered on a day.

    The policy of the product goes before that of its category, of the sales channel, and of all goods. Show the
    sentences on the product's page; what was ordered keeps the version of its day. With `tags` it also says whether the
    goods are excluded from returns without a reason.
    """
    placed_on = on or clock.business_date(clock.now())
    goods = Goods(sku=sku, category=category, sales_channel=sales_channel.value, placed_on=placed_on)
    returns, prices = (policies_for(subject, [goods])[0] for subject in Subject)
    return documents.PoliciesOfGoods(
        sku=sku,
        category=category,
        sales_channel=sales_channel.value,
        on=placed_on,
        returns=_policy(returns),
        price_protection=_policy(prices),
        exclusion=_exclusion(_tags(tags), returns.of_return, name=sku),
    )


def _policy(found: PublishedPolicy) -> documents.Policy:
    return documents.Policy(
        subject=found.subject.value,
        code=found.code,
        version=found.version,
        valid_from=found.valid_from,
        valid_until=found.ruled_until,
        sentences_zh=list(found.summary("zh-hans")),
        sentences_en=list(found.summary("en")),
        rules=found.rules.to_mapping(),
    )


def _tags(listed: str) -> frozenset[str]:
    tags = frozenset(tag for tag in listed.split(",") if tag)
    if len(tags) > MOST_TAGS:
        raise InvalidInput(where="tags", problem=f"at most {MOST_TAGS}", problem_zh=f"最多 {MOST_TAGS} 个")
    return tags


def _exclusion(tags: frozenset[str], policy: ReturnPolicy, *, name: str) -> documents.Exclusion | None:
    """By law, or with the buyer's confirmation, which the product's page cannot have yet."""
    goods = LineFacts(line_no=1, name=name, tags=tags)
    by_law = exclusion_of(goods, policy)
    rule = by_law or exclusion_of(replace(goods, confirmed_at=clock.now()), policy)
    if rule is None:
        return None
    said = RULES[rule]
    return documents.Exclusion(
        rule=rule.value,
        zh=said.zh.format(item=name),
        en=said.en.format(item=name),
        needs_confirmation=by_law is None,
    )
