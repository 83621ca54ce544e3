"""The numbers of the policy version that a case is judged by, whatever was published since."""

from typing import Any

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.policies import (
    DEFAULT_RETURN_POLICY,
    PriceProtectionPolicy,
    ReturnPolicy,
    Subject,
    parse_policy,
)
from fenqi.records.models import AftersalesCase, AftersalesPolicy

Policy = ReturnPolicy | PriceProtectionPolicy


def policy_of(case: AftersalesCase) -> Policy:
    """The version that was in force when it was applied for."""
    return policy_version(case.policy_code, case.policy_version)


def policy_version(code: str, version: int) -> Policy:
    """The default where that version is not on record."""
    versions = AftersalesPolicy.objects.filter(code=code, version=version)
    found: tuple[str, Any] | None = versions.values_list("subject", "body").first()
    return DEFAULT_RETURN_POLICY if found is None else parse_policy(Subject(found[0]), found[1])


def terms(case: AftersalesCase) -> deadlines.Terms:
    """The clocks of the case."""
    return terms_of(policy_of(case))


def terms_of(policy: Policy) -> deadlines.Terms:
    """The clocks that a policy sets; the law's own run for a price difference, too."""
    law = policy if isinstance(policy, ReturnPolicy) else DEFAULT_RETURN_POLICY
    return deadlines.Terms(
        review_hours=policy.review_hours,
        usual_working_days=policy.usual_working_days,
        promise_working_days=policy.promise_working_days,
        refund_after_received_days=law.refund_after_received_days,
        hard_limit_days=law.hard_limit_days,
        goods_due_days=law.goods_due_days,
    )


def two_people_above_minor(case: AftersalesCase) -> int:
    """Above this value two people approve."""
    policy = policy_of(case)
    law = policy if isinstance(policy, ReturnPolicy) else DEFAULT_RETURN_POLICY
    return law.two_people_above_minor
