"""What every spread table shares: it belongs to one customer and is addressed by (customer_id, id)."""

from django.db import models

from fenqi.records.identifiers import new_id


class SpreadModel(models.Model):
    """A row on its customer's shard. Foreign keys over both columns are written by the migrations (scale rule 4)."""

    pk = models.CompositePrimaryKey("customer_id", "id")
    customer_id = models.UUIDField(editable=False)
    id = models.UUIDField(default=new_id, editable=False)

    class Meta:
        abstract = True


def not_negative(*names: str, table: str) -> list[models.BaseConstraint]:
    """The database refuses an amount below zero in any of the columns."""
    return [
        models.CheckConstraint(name=f"{table}_{name}_not_negative", condition=models.Q(**{f"{name}__gte": 0}))
        for name in names
    ]
