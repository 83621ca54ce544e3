"""For whom a closing or an entry is: its fields on a form, and told in a line."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.entries import Group
from fenqi.records.models import SalesChannel
from fenqi.usecases.partners.providers import MALL, list_providers


class GroupForm(forms.Form):
    """Nothing chosen is everybody."""

    languages = forms.MultipleChoiceField(choices=[("zh-hans", ""), ("en", "")], required=False)
    sales_channels = forms.MultipleChoiceField(choices=SalesChannel.choices, required=False)
    provider = forms.MultipleChoiceField(required=False)
    share_from = forms.IntegerField(min_value=0, max_value=99, required=False)
    share_to = forms.IntegerField(min_value=1, max_value=100, required=False)
    customers = forms.CharField(max_length=80_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider = self.fields["provider"]
        assert isinstance(provider, forms.MultipleChoiceField)
        provider.choices = provider_choices()


def provider_choices() -> list[tuple[str, str]]:
    language = get_language() or "zh-hans"
    return [(MALL, _("The mall itself")), *((one.code, one.name(language)) for one in list_providers())]


def group_of(said: Mapping[str, Any]) -> Group:
    return Group(
        languages=frozenset(said["languages"]),
        sales_channels=frozenset(said["sales_channels"]),
        providers=frozenset(said["provider"]),
        customers=frozenset(said["customers"].replace(",", " ").split()),
        share_from=said["share_from"] or 0,
        share_to=said["share_to"] if said["share_to"] is not None else 100,
    )


def group_text(group: Group) -> str:
    """Whom it is for, in a line."""
    languages = {"zh-hans": _("in Chinese"), "en": _("in English")}
    channels = {
        SalesChannel.OFFICIAL.value: _("orders sold by the mall"),
        SalesChannel.PARTNER.value: _("orders sold by a partner"),
    }
    providers = dict(provider_choices()) if group.providers else {}
    parts = [
        *(languages[one] for one in sorted(group.languages)),
        *(channels[one] for one in sorted(group.sales_channels)),
        *(providers.get(one, one) for one in sorted(group.providers)),
        *([_("%(count)s listed customers") % {"count": len(group.customers)}] if group.customers else []),
        *([f"{group.share_from}–{group.share_to} %"] if (group.share_from, group.share_to) != (0, 100) else []),
    ]
    return " · ".join(parts) or _("Everybody")
