from django.db import migrations, models

from fenqi.records.schema import belongs_to


class Migration(migrations.Migration):
    dependencies = [("records", "0017_refunds_instead_of_exchanges")]

    operations = [
        migrations.AddField("reservehold", "asked_channel", models.CharField(blank=True, default="", max_length=32)),
        migrations.AlterField("reservehold", "asked_channel", models.CharField(blank=True, max_length=32)),
        migrations.AddField("reservehold", "card_id", models.UUIDField(null=True)),
        migrations.AddConstraint(
            "reservehold",
            models.CheckConstraint(
                condition=models.Q(("card_id", None), ("kind", "frozen"), _connector="OR"),
                name="reserve_hold_card_is_frozen",
            ),
        ),
        migrations.AddIndex(
            "reservehold",
            models.Index(
                condition=models.Q(("card_id__isnull", False)),
                fields=["customer_id", "card_id"],
                name="reserve_hold_by_card",
            ),
        ),
        belongs_to("reserve_hold", "card_id", "bound_card"),
    ]
